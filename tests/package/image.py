"""The container image, as its makers promise it: `image.py ARCHIVE BINARY VERSION SBOM`."""
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from alone import SOURCES, aws, enter
from cases import Skipped, report

ARCHIVE, BINARY = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
VERSION, SBOM = sys.argv[3], pathlib.Path(sys.argv[4]).resolve()
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "WAXTESTACCESSKEY0001", "AWS_SECRET_ACCESS_KEY": "tests-only/Yk3vQ9zR7mW1xB5nC8dF2gH4"}


class Image:
    """What the archive holds, unpacked."""

    def __init__(self, folder):
        self.folder, self.root = folder, folder / "bundle/rootfs"
        with tarfile.open(ARCHIVE) as archive:
            blob = lambda about: archive.extractfile("blobs/" + about["digest"].replace(":", "/")).read()
            index = json.load(archive.extractfile("index.json"))
            self.manifest = json.loads(blob(index["manifests"][0]))
            self.configuration = json.loads(blob(self.manifest["config"]))
            for layer in self.manifest["layers"]:
                with tarfile.open(fileobj=io.BytesIO(blob(layer))) as files:
                    files.extractall(self.root)
        self.files = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]


class Container:
    """The image run by runc: its own user, no capability, nothing to write to but the volume and /tmp."""

    def __init__(self, image, *arguments):
        self.bundle, self.name, self.log = image.folder / "bundle", f"waxseal-{os.getpid()}", image.folder / "log"
        volume = image.folder / "volume"
        volume.mkdir(mode=0o700, exist_ok=True)
        os.chown(volume, 65532, 65532)
        (self.bundle / "config.json").unlink(missing_ok=True)
        subprocess.run(["runc", "spec", "--bundle", self.bundle], check=True)
        spec = json.loads((self.bundle / "config.json").read_text())
        own = image.configuration["config"]
        uid, gid = map(int, own["User"].split(":"))
        environment = own.get("Env", []) + [f"WAXSEAL_ACCESS_KEY_ID={CREDENTIALS['AWS_ACCESS_KEY_ID']}",
                                    f"WAXSEAL_SECRET_ACCESS_KEY={CREDENTIALS['AWS_SECRET_ACCESS_KEY']}"]
        spec["process"].update(terminal=False, user={"uid": uid, "gid": gid}, cwd=own["WorkingDir"], env=environment,
                               args=own["Entrypoint"] + list(arguments), noNewPrivileges=True,
                               capabilities={kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")})
        spec["process"].pop("rlimits", None)
        spec["root"]["readonly"] = True
        spec["mounts"] += [{"destination": "/var/lib/waxseal", "type": "bind", "source": str(volume), "options": ["rbind", "rw"]},
                           {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec"]}]
        spec["linux"]["namespaces"] = [one for one in spec["linux"]["namespaces"] if one["type"] != "network"]
        (self.bundle / "config.json").write_text(json.dumps(spec))
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["runc", "run", "--bundle", self.bundle, self.name], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def ready(self):
        for _ in range(300):
            said = self.log.read_text()
            # Of a program that it cannot find or start it says `exec:`, which is the image's fault.
            if self.process.poll() == 1 and "runc run failed" in said and "exec:" not in said:
                raise Skipped(f"runc cannot run here: {said.strip().splitlines()[-1]}")
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.log.read_text()}"
            try:
                with urllib.request.urlopen("http://127.0.0.1:9001/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"it is not ready after 30 s:\n{self.log.read_text()}")

    def stop(self):
        subprocess.run(["runc", "kill", self.name, "TERM"], check=True)
        assert self.process.wait(60) == 0, self.log.read_text()
        assert "stopped" in self.log.read_text()


def case_it_is_smaller_than_25_mib_and_holds_no_shell(image):
    size = sum(path.stat().st_size for path in image.files)
    print(f"  {size / 2**20:.1f} MiB, {ARCHIVE.stat().st_size / 2**20:.1f} MiB as an archive")
    assert size < 25 << 20
    programs = {path.name for path in image.files if path.stat().st_mode & 0o111 and ".so" not in path.name}
    assert programs == {"waxseal"}, programs


def case_no_file_is_another_users_or_has_a_right_that_it_does_not_need(image):
    for path in image.root.rglob("*"):
        about = path.lstat()
        owner = 65532 if path == image.root / "var/lib/waxseal" else 0
        assert (about.st_uid, about.st_gid) == (owner, owner), path
        assert not about.st_mode & (stat.S_ISUID | stat.S_ISGID), path
        assert path.is_symlink() or path == image.root / "tmp" or not about.st_mode & 0o022, path


def case_it_says_what_it_is_and_runs_as_nobody_of_the_system(image):
    own = image.configuration["config"]
    assert (own["User"], own["Entrypoint"], own["StopSignal"]) == ("65532:65532", ["/usr/bin/waxseal"], "SIGTERM"), own
    for said in (own["Labels"], image.manifest["annotations"]):
        for name in ("title", "description", "revision", "created"):
            assert said[f"org.opencontainers.image.{name}"], said
        assert (said["org.opencontainers.image.version"], said["org.opencontainers.image.licenses"]) == (VERSION, "Apache-2.0"), said
    assert "waxseal:x:65532:65532:" in (image.root / "etc/passwd").read_text()
    assert "BEGIN CERTIFICATE" in (image.root / "etc/ssl/certs/ca-certificates.crt").read_text()


def case_its_bill_of_materials_names_every_package_that_is_in_the_program(image):
    inside = (image.root / "usr/share/doc/waxseal/sbom.cdx.json").read_bytes()
    assert inside == SBOM.read_bytes()
    assert b"file://" not in inside, "it names where it was made"
    bill = json.loads(inside)
    assert bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["name"] == "waxseal"
    named = {(one["name"], one["version"]) for one in bill["components"]}
    locked = re.findall(r'\[\[package\]\]\nname = "(.*)"\nversion = "(.*)"', (SOURCES / "Cargo.lock").read_text())
    assert named <= set(locked) and len(named) > 150, sorted(named - set(locked))
    assert {"s3s", "aes-gcm", "redb", "ring"} <= {name for name, _ in named}


def case_the_same_sources_make_the_same_image(image):
    again = image.folder / "again.tar"
    subprocess.run([SOURCES / "config/image/build", BINARY, VERSION, SBOM, again], check=True, stdout=subprocess.DEVNULL)
    digest = lambda path: json.load(tarfile.open(path).extractfile("index.json"))["manifests"][0]["digest"]
    assert digest(again) == digest(ARCHIVE)


def case_it_serves_aws_cli_in_a_read_only_root_without_capabilities_and_ends_on_sigterm(image):
    serve = ("serve", "--init", "--data", "/var/lib/waxseal/store", "--root-key", "/var/lib/waxseal/root.key",
             "--listen", "0.0.0.0:9000", "--admin-listen", "0.0.0.0:9001")
    (image.folder / "file").write_bytes(os.urandom(9_000_000))
    for made in (False, True):
        container = Container(image, *serve)
        container.ready()
        state = json.loads(subprocess.run(["runc", "state", container.name], check=True, capture_output=True, text=True).stdout)
        status = pathlib.Path(f"/proc/{state['pid']}/status").read_text()
        assert re.search(r"(?m)^Uid:\t65532\t65532", status) and re.search(r"(?m)^CapBnd:\t0+$", status), status
        if not made:
            aws(CREDENTIALS, "s3", "mb", "s3://clinic", home=image.folder)
            aws(CREDENTIALS, "s3", "cp", "--quiet", image.folder / "file", "s3://clinic/file", home=image.folder)
        aws(CREDENTIALS, "s3", "cp", "--quiet", "s3://clinic/file", image.folder / "back", home=image.folder)
        assert (image.folder / "back").read_bytes() == (image.folder / "file").read_bytes()
        container.stop()


def main():
    enter("image", ("runc", "runc"), ("buildah", "buildah"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="waxseal-image-"))
    try:
        return report("image", globals(), Image(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
