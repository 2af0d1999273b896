"""The chart on a real API server: installed, upgraded, rolled back and removed. Ends with how many cases there were."""
import base64, contextlib, copy, gzip, json, os, pathlib, shutil, socket, ssl, subprocess, sys, tempfile, time
import urllib.error, urllib.request
import yaml
from chart import CHART, HELM, MATRIX, NAMED, ROOT, pods, s3, template, workload
from run import cases_of, report, skip

SERVER = ROOT / "target/tools/bin/apiserver"
# Of these the API server knows nothing by itself; their form is not looked at here.
DEFINITIONS = {
    "httproutes": ("gateway.networking.k8s.io", "HTTPRoute"), "certificates": ("cert-manager.io", "Certificate"),
    "servicemonitors": ("monitoring.coreos.com", "ServiceMonitor"), "prometheusrules": ("monitoring.coreos.com", "PrometheusRule"),
}
ROOT_KEY = "waxseal-root-key"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    """A real API server without nodes and controllers."""

    def __init__(self, folder):
        self.url = f"https://127.0.0.1:{free_port()}"
        arguments = [SERVER, folder, self.url.rpartition(":")[2], str(free_port())]
        self.log = open(f"{folder}/log", "w")
        self.process = subprocess.Popen(arguments, stdout=self.log, stderr=self.log)
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    def ready(self, seconds=120):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            assert self.process.poll() is None, "the API server ended: " + pathlib.Path(self.log.name).read_text()[-2000:]
            time.sleep(0.2)
        raise AssertionError("the API server was not ready in time")

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Authorization": "Bearer admin", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text.startswith(b"{") else text.decode()

    def make(self, path, body):
        status, answer = self.ask("POST", path + "?fieldValidation=Strict", body)
        assert status == 201, answer
        return answer

    def namespace(self, name):
        labels = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}
        self.make("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        return name

    def secret(self, namespace, name):
        status, secret = self.ask("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        return secret if status == 200 else None

    def helm(self, *arguments, values=None, files=(), token="admin"):
        environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), "KUBECONFIG": os.devnull, "HELM_KUBEAPISERVER": self.url}
        environment |= {"HELM_KUBETOKEN": token, "HELM_KUBEINSECURE_SKIP_TLS_VERIFY": "true"}
        command = [HELM, *map(str, arguments), *(f"--values={file}" for file in files)]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as written:
            yaml.safe_dump(values or {}, written)
            written.flush()
            if values is not None:
                command.append(f"--values={written.name}")
            done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def done(self, *arguments, **more):
        status, said = self.helm(*arguments, **more)
        assert status == 0, said
        return said

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def prepare(cluster):
    for plural, (group, kind) in DEFINITIONS.items():
        names = {"plural": plural, "kind": kind}
        version = {"name": "v1", "served": True, "storage": True}
        version["schema"] = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [version]}
        # A group of the project's own needs the word of those who look after it.
        about = {"name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "https://example.org/test"}}
        cluster.make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {"metadata": about, "spec": spec})
    cluster.make("/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": "storage"}, "value": 1000})
    time.sleep(1)


def release(cluster, namespace, revision):
    """What helm remembers of a revision."""
    secret = cluster.secret(namespace, f"sh.helm.release.v1.waxseal.v{revision}")
    return json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))


def root_key(cluster, namespace):
    secret = cluster.secret(namespace, ROOT_KEY)
    return secret and (secret["metadata"]["uid"], secret["data"])


def case_every_file_of_values_is_installed_and_its_pods_are_taken_as_restricted(cluster):
    for file in MATRIX:
        name = cluster.namespace(f"values-{file.stem}")
        cluster.done("install", "waxseal", CHART, "-n", name, files=[file])
        objects = template(files=[file])
        one = workload(objects)
        path = f"/apis/apps/v1/namespaces/{name}/{one['kind'].lower()}s"
        assert len(cluster.ask("GET", path)[1]["items"]) == 1, file.name
        for index, pod in enumerate(pods(objects)):
            spec = copy.deepcopy(pod)
            # The claim of a StatefulSet is given to its pods by a controller.
            if any(mount["name"] == "store" for mount in spec["containers"][0]["volumeMounts"]):
                if not any(volume["name"] == "store" for volume in spec["volumes"]):
                    spec["volumes"].append({"name": "store", "persistentVolumeClaim": {"claimName": "store"}})
            cluster.make(f"/api/v1/namespaces/{name}/pods", {"metadata": {"name": f"pod-{index}"}, "spec": spec})


def case_a_pod_that_is_not_restricted_would_have_been_refused(cluster):
    name = cluster.namespace("refuses")
    spec = next(pods(template(NAMED)))
    spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    spec["containers"][0]["volumeMounts"].pop()
    status, said = cluster.ask("POST", f"/api/v1/namespaces/{name}/pods", {"metadata": {"name": "pod"}, "spec": spec})
    assert status == 403 and "restricted" in said["message"], said


def case_the_root_key_outlives_upgrade_rollback_uninstall_and_a_second_installation(cluster):
    name = cluster.namespace("life")
    cluster.done("install", "waxseal", CHART, "-n", name)
    key, people = root_key(cluster, name), cluster.secret(name, "waxseal-administrator")
    assert key and people
    cluster.done("upgrade", "waxseal", CHART, "-n", name, values={"config": {"etag": "opaque"}})
    cluster.done("upgrade", "waxseal", CHART, "-n", name, values=s3())
    cluster.done("rollback", "waxseal", 1, "-n", name)
    assert root_key(cluster, name) == key and cluster.secret(name, "waxseal-administrator") == people
    cluster.done("uninstall", "waxseal", "-n", name)
    assert root_key(cluster, name) == key and cluster.secret(name, "waxseal-administrator") == people
    left = cluster.ask("GET", f"/apis/apps/v1/namespaces/{name}/statefulsets")[1]["items"]
    assert left == [], "uninstalling removes the rest"
    cluster.done("install", "waxseal", CHART, "-n", name)
    cluster.done("upgrade", "waxseal", CHART, "-n", name, "--install")
    assert root_key(cluster, name) == key and cluster.secret(name, "waxseal-administrator") == people


def case_an_installation_that_fails_leaves_the_root_key_for_the_next(cluster):
    name = cluster.namespace("fails")
    # No controller makes the pods that are waited for.
    status, said = cluster.helm("install", "waxseal", CHART, "-n", name, "--atomic", "--timeout", "2s")
    assert status and "uninstalled" in said, said
    key = root_key(cluster, name)
    assert key
    cluster.done("install", "waxseal", CHART, "-n", name)
    assert root_key(cluster, name) == key


def case_nobody_changes_the_root_key_by_mistake(cluster):
    name = cluster.namespace("immutable")
    cluster.done("install", "waxseal", CHART, "-n", name)
    change = {"data": {"root.key": base64.b64encode(b"another").decode()}}
    path = f"/api/v1/namespaces/{name}/secrets/{ROOT_KEY}"
    status, said = cluster.ask("PATCH", path, change, "application/merge-patch+json")
    assert status == 422 and "immutable" in said["message"], said


def case_helm_remembers_the_made_root_key_in_the_first_revision_and_in_rollbacks_to_it_alone(cluster):
    name = cluster.namespace("remembers")
    cluster.done("install", "waxseal", CHART, "-n", name)
    cluster.done("upgrade", "waxseal", CHART, "-n", name)
    key = cluster.secret(name, ROOT_KEY)["data"]["root.key"]
    assert key in json.dumps(release(cluster, name, 1)["hooks"]) and key not in release(cluster, name, 1)["manifest"]
    assert key not in json.dumps({**release(cluster, name, 2), "chart": None})
    cluster.done("rollback", "waxseal", 1, "-n", name)
    cluster.done("upgrade", "waxseal", CHART, "-n", name)
    assert [key in json.dumps(release(cluster, name, revision).get("hooks")) for revision in (3, 4)] == [True, False]


def case_an_upgrade_without_the_root_key_is_refused_and_changes_nothing(cluster):
    name = cluster.namespace("lost")
    cluster.done("install", "waxseal", CHART, "-n", name)
    assert cluster.ask("DELETE", f"/api/v1/namespaces/{name}/secrets/{ROOT_KEY}")[0] == 200
    before = cluster.ask("GET", f"/apis/apps/v1/namespaces/{name}/statefulsets/waxseal")[1]
    status, said = cluster.helm("upgrade", "waxseal", CHART, "-n", name, values={"config": {"etag": "opaque"}})
    assert status and f"the Secret {ROOT_KEY} is gone" in said, said
    assert cluster.ask("GET", f"/apis/apps/v1/namespaces/{name}/statefulsets/waxseal")[1] == before
    assert root_key(cluster, name) is None and cluster.secret(name, "sh.helm.release.v1.waxseal.v2") is None


def case_values_that_cannot_work_change_nothing(cluster):
    name = cluster.namespace("nothing")
    for values in ({"replicas": 3}, {"rootKey": {"value": "x"}}, s3(s3={"bucket": ""}), {"ingress": {"enabled": True}}):
        status, said = cluster.helm("install", "waxseal", CHART, "-n", name, values=values)
        assert status and "INSTALLATION FAILED" in said, said
    cluster.done("install", "waxseal", CHART, "-n", name, "--dry-run=server")
    assert cluster.ask("GET", f"/api/v1/namespaces/{name}/secrets")[1]["items"] == []
    assert cluster.ask("GET", f"/api/v1/namespaces/{name}/configmaps")[1]["items"] == []


def case_a_secret_that_holds_no_root_key_is_refused(cluster):
    name = cluster.namespace("noroot")
    cluster.make(f"/api/v1/namespaces/{name}/secrets", {"metadata": {"name": "root"}, "stringData": {"root.key": "hush"}})
    status, said = cluster.helm("install", "waxseal", CHART, "-n", name, values=NAMED)
    assert status and "what the Secret root has under root.key is no root key" in said and "hush" not in said, said


def case_a_later_version_of_the_chart_is_taken_in_place(cluster):
    with tempfile.TemporaryDirectory() as folder:
        later = pathlib.Path(shutil.copytree(CHART, f"{folder}/waxseal"))
        about = (later / "Chart.yaml").read_text().replace("ersion: 0.1.0", "ersion: 0.9.0")
        (later / "Chart.yaml").write_text(about)
        for kind, values in (("statefulsets", {}), ("deployments", s3())):
            name = cluster.namespace(f"later-{kind}")
            cluster.done("install", "waxseal", CHART, "-n", name, values=values)
            cluster.done("upgrade", "waxseal", later, "-n", name, values={**values, "commonLabels": {"team": "storage"}})
            now = cluster.ask("GET", f"/apis/apps/v1/namespaces/{name}/{kind}/waxseal")[1]
            assert now["spec"]["template"]["spec"]["containers"][0]["image"] == "waxseal:0.9.0"
            cluster.done("rollback", "waxseal", 1, "-n", name)


def case_who_may_do_everything_in_a_namespace_and_nothing_else_can_install(cluster):
    name = cluster.namespace("tenant")
    for part in ("admin", "edit", "view"):
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": f"system:aggregate-to-{part}"}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "tenant"}
        body = {"metadata": {"name": part}, "roleRef": role, "subjects": [subject]}
        cluster.make(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}/rolebindings", body)
    cluster.done("install", "waxseal", CHART, "-n", name, token="tenant")
    cluster.done("upgrade", "waxseal", CHART, "-n", name, token="tenant")
    cluster.done("uninstall", "waxseal", "-n", name, token="tenant")
    assert cluster.helm("install", "waxseal", CHART, "-n", "default", token="tenant")[0], "and nowhere else"


def main():
    for program, what in ((pathlib.Path(HELM), "helm"), (SERVER, "the API server")):
        if not program.exists():
            skip("kubernetes", f"Go is missing, which builds {what}: install it with  apt-get install golang")
            print("kubernetes: 0 passed, 0 failed, 1 skipped")
            return 0
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(folder)
        try:
            cluster.ready()
            prepare(cluster)
            return report("kubernetes", cases_of(sys.modules[__name__]), cluster)
        finally:
            cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
