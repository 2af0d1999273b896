"""As much of a Kubernetes API as `lookup` asks: Secrets of one namespace. And an S3 that refuses everybody."""
import base64, contextlib, http.server, json, threading


@contextlib.contextmanager
def serving(answer):
    """Serves what `answer` gives for a path, as a status and a body."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            status, kind, body = answer(self.path.split("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def cluster(secrets, namespace="default"):
    """A cluster that holds these Secrets: a dictionary of texts for each name."""
    about = {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret", "verbs": ["get", "list"]}

    def secret(name):
        data = {key: base64.b64encode(text.encode()).decode() for key, text in secrets[name].items()}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data}

    def answer(path):
        found, (_, within, name) = None, path.partition(f"/api/v1/namespaces/{namespace}/secrets")
        if path == "/api/v1":
            found = {"kind": "APIResourceList", "groupVersion": "v1", "resources": [about]}
        elif within and not name:
            found = {"apiVersion": "v1", "kind": "SecretList", "metadata": {}, "items": [secret(name) for name in secrets]}
        elif within and name.lstrip("/") in secrets:
            found = secret(name.lstrip("/"))
        missing = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
        return (200 if found else 404), "application/json", json.dumps(found or missing).encode()

    return serving(answer)


def refusing():
    """An S3 that takes nobody's key."""
    body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    return serving(lambda path: (403, "application/xml", body))
