"""What helm says after an installation: lines that work."""
import base64, pathlib, shutil, subprocess, tempfile
from api import cluster
from chart import CHART, NAMED, s3, template, the

PROGRAMS = {
    "kubectl": """case "$*" in
        *port-forward*) echo "$*" >> "$SAID" ;;
        *"get secret"*) echo "$*" >> "$SAID"; echo -n secret-of-"${*: -1}" | base64 ;;
        esac""",
    "aws": """echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_DEFAULT_REGION $*" >> "$SAID" """,
}


def notes(values, secrets=None):
    """The notes, as what no chart has: an object."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(shutil.copytree(CHART, f"{folder}/waxseal"))
        (copy / "templates/notes.yaml").write_text(
            'kind: Notes\nmetadata: {name: notes}\ntext: {{ include (print .Template.BasePath "/NOTES.txt") . | toJson }}\n'
        )
        with cluster(secrets or {}) as url:
            return the(template(values, "--dry-run=server", "--kube-apiserver", url, chart=copy), "Notes")["text"]


def followed(text, programs=PROGRAMS):
    """What the programs are told by the lines that are meant for a shell."""
    with tempfile.TemporaryDirectory() as folder:
        for name, script in programs.items():
            program = pathlib.Path(folder, name)
            program.write_text(f"#!/bin/bash\n{script}\n")
            program.chmod(0o755)
        lines = "\n".join(line for line in text.splitlines() if line.startswith("  "))
        environment = {"PATH": f"{folder}:/usr/bin:/bin", "SAID": f"{folder}/said"}
        subprocess.run(["bash", "-euo", "pipefail", "-c", lines + "\nwait"], check=True, env=environment, cwd=folder)
        key = pathlib.Path(folder, "root.key")
        return pathlib.Path(folder, "said").read_text(), key.read_text() if key.exists() else None, key.exists() and key.stat().st_mode


def case_the_lines_for_aws_cli_have_credentials_region_and_endpoint():
    text = notes({"config": {"region": "eu-central-1"}})
    told, key, mode = followed(text)
    assert "service/release-waxseal 9000:9000" in told, told
    expected = "secret-of-jsonpath={.data.access-key-id} secret-of-jsonpath={.data.secret-access-key} eu-central-1"
    assert f"{expected} --endpoint-url http://127.0.0.1:9000 s3 mb s3://first-bucket" in told, told
    assert key == "secret-of-jsonpath={.data.root\\.key}" and mode & 0o077 == 0, (key, mode)


def case_the_lines_name_the_secrets_and_keys_that_were_given():
    values = {"administrator": {"existingSecret": "people", "accessKeyIdKey": "admin.id"}, "rootKey": {"existingSecret": "root"}}
    text = notes({**values, **s3(), "tls": {"enabled": True, "existingSecret": "c"}, "service": {"port": 443}})
    told, key, _ = followed(text.split("What the backend")[0])
    assert "get secret people -o jsonpath={.data.admin\\.id}" in told and "9000:443" in told, told
    assert "https://127.0.0.1:9000 --no-verify-ssl" in told and key is None, told


def case_a_secret_that_pods_wait_for_is_named():
    assert "Pods wait for the Secret root, which rootKey.existingSecret names" in notes(NAMED)
    there = {"root": {"root.key": f"waxseal-root-v1:{'0f' * 32}\n"}, "administrator": {"access-key-id": "a", "secret-access-key": "b"}}
    assert "Pods wait" not in notes(NAMED, there)
