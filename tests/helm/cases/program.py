"""The program takes what the chart renders."""
import hashlib, os, pathlib, re, subprocess, tempfile, tomllib
from api import refusing
from chart import MATRIX, ROOT, Skipped, configuration, container, of

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
