"""The program takes what the chart renders."""
import contextlib, hashlib, os, pathlib, re, shutil, signal, socket, subprocess, sys, tempfile, time, tomllib, urllib.error, urllib.request
from api import refusing
from cases.documents import alerts
from cases.notes import PROGRAMS, followed, notes
from chart import MATRIX, ROOT, Skipped, configuration, container, of, workload

BINARY = pathlib.Path(os.environ.get("WAXSEAL_BINARY", ROOT / "target/debug/waxseal"))
ROOT_KEY = "waxseal-root-v1:{:064x}\n"
# What platforms put into the environment of pods.
PLATFORM = {
    "AWS_WEB_IDENTITY_TOKEN_FILE": "{folder}/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/waxseal",
    "AWS_ENDPOINT_URL_STS": "https://127.0.0.1:1",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{backend}", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{folder}/token",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{backend}",
}


def certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    import datetime

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    for name in ("tls.crt", "backend-ca.pem"):
        (folder / name).write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.key").write_bytes(private)


def placed(file, folder, backend):
    """The files and the environment of a pod, in a folder, before a backend of the tests."""
    certificate(folder)
    (folder / "token").write_text("token")
    for index, name in enumerate(("root.key", "kms-0.key", "kms-1.key")):
        (folder / name).write_text(ROOT_KEY.format(index + 1))
    for one in folder.iterdir():
        one.chmod(0o600)
    text = configuration(of(file)).replace("/etc/waxseal/", f"{folder}/").replace("/var/lib/waxseal/", f"{folder}/")
    text = re.sub(r'^endpoint = .*\n', "", text, flags=re.M)
    text = text.replace('[backend]\nkind = "s3"', f'[backend]\nkind = "s3"\nendpoint = "{backend}"')
    (folder / "waxseal.toml").write_text(text)
    environment = {"PATH": "/usr/bin:/bin"}
    if "credentials" in tomllib.loads(text)["backend"] and 'credentials = "keys"' not in text:
        environment |= {name: value.format(folder=folder, backend=backend) for name, value in PLATFORM.items()}
    for variable in container(of(file))["env"]:
        if "secretKeyRef" in variable.get("valueFrom", {}):
            is_id = variable["name"].endswith("_KEY_ID")
            environment[variable["name"]] = "TESTED" if is_id else hashlib.sha256(variable["name"].encode()).hexdigest()
    return environment


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


@contextlib.contextmanager
def serving(file, folder):
    """The program as a pod runs it, on ports of its own: where it speaks S3, where health and metrics are, and its environment."""
    environment, ports = placed(file, folder, ""), [free_port(), free_port()]
    text = (folder / "waxseal.toml").read_text()
    assert text.count('"0.0.0.0:900') == 2
    for inside, port in zip((9000, 9001), ports):
        text = text.replace(f'"0.0.0.0:{inside}"', f'"127.0.0.1:{port}"')
    (folder / "waxseal.toml").write_text(text)
    arguments = [word.replace("/etc/waxseal", str(folder)) for word in container(of(file))["args"]]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([BINARY, *arguments], stdout=log, stderr=log, env=environment)
        try:
            for _ in range(300):
                with contextlib.suppress(OSError):
                    get(f"http://127.0.0.1:{ports[1]}/healthz")
                    break
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            yield process, f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", environment
        finally:
            process.kill()
            process.wait()


def run(command, folder, environment):
    done = subprocess.run([BINARY, command, "--config", folder / "waxseal.toml"], capture_output=True, text=True, env=environment, timeout=60)
    return done.returncode, done.stdout + done.stderr


def need_binary():
    if not BINARY.exists():
        raise Skipped(f"there is no {BINARY.name} to ask: build it with  cargo build, or name it in WAXSEAL_BINARY")


def case_the_program_takes_every_configuration_that_is_rendered():
    need_binary()
    for file in MATRIX:
        with tempfile.TemporaryDirectory() as name, refusing() as backend:
            folder = pathlib.Path(name)
            environment = placed(file, folder, backend)
            if 'kind = "disk"' in (folder / "waxseal.toml").read_text():
                status, said = run("init", folder, environment)
                assert status == 0, f"{file.name}: init: {said}"
                status, said = run("check", folder, environment)
                assert status == 0, f"{file.name}: {said}"
            else:
                # Everything but a backend that takes its key.
                status, said = run("check", folder, environment)
                faults = [line for line in said.splitlines() if line.startswith("waxseal: ")]
                assert status and len(faults) == 1 and faults[0].startswith("waxseal: backend: "), f"{file.name}: {said}"


def case_the_program_answers_the_probes_has_the_metrics_of_alerts_and_stops_in_time():
    need_binary()
    file = next(file for file in MATRIX if file.stem == "disk")
    with tempfile.TemporaryDirectory() as name, serving(file, pathlib.Path(name)) as (process, s3, admin, _):
        one = container(of(file))
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert get(admin + one[probe]["httpGet"]["path"])[0] == 200, probe
        assert get(s3)[0] == 403
        status, metrics = get(admin + "/metrics")
        for rule in alerts()[0]:
            for metric in set(re.findall(r"waxseal_\w+(?=\{)", rule["expr"])):
                assert status == 200 and re.search(f"^{metric}[{{ ]", metrics, re.M), metric
        process.send_signal(signal.SIGTERM)
        assert process.wait(workload(of(file))["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]) == 0


def case_the_lines_of_the_notes_make_a_bucket():
    need_binary()
    file, aws = next(file for file in MATRIX if file.stem == "disk"), pathlib.Path(sys.executable).parent / "aws"
    if not aws.exists():
        raise Skipped("there is no aws-cli: install it with  .venv/bin/pip install -r tests/requirements.txt")
    with tempfile.TemporaryDirectory() as name, serving(file, pathlib.Path(name)) as (_, s3, _, environment):
        credentials = {"access-key-id": environment["WAXSEAL_ACCESS_KEY_ID"], "secret-access-key": environment["WAXSEAL_SECRET_ACCESS_KEY"]}
        answers = "".join(f"*{key}*) echo -n {value} | base64 ;;" for key, value in credentials.items())
        programs = {**PROGRAMS, "kubectl": f'case "$*" in {answers} esac', "aws": f'{aws} "$@" >> "$SAID"'}
        text = notes({}).replace("http://127.0.0.1:9000", s3)
        assert "make_bucket: first-bucket" in followed(text, programs)[0]


def case_the_program_takes_secrets_as_kubernetes_mounts_them():
    need_binary()
    if os.geteuid() != 0:
        raise Skipped("only root can mount files for another user: run the tests as root")
    file = next(file for file in MATRIX if file.stem == "tls")
    with tempfile.TemporaryDirectory() as name, refusing() as backend:
        folder = pathlib.Path(name)
        environment = placed(file, folder, backend)
        # As root's, readable by the pod's group, behind links: no Secret can be mounted for a pod's user alone.
        mounted = folder / "..data"
        mounted.mkdir()
        for one in [one for one in folder.iterdir() if one.is_file()]:
            one.rename(mounted / one.name)
            os.chown(mounted / one.name, 0, 65532)
            (mounted / one.name).chmod(0o440)
            one.symlink_to(f"..data/{one.name}")
        folder.chmod(0o755)
        program = shutil.copy(BINARY, folder / "program")
        command = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", program, "check", "--config", folder / "waxseal.toml"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        faults = [line for line in done.stderr.splitlines() if line.startswith("waxseal: ")]
        assert len(faults) == 1 and faults[0].startswith("waxseal: backend: "), done.stderr
