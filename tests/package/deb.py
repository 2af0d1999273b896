"""The Debian package, from its installation to its purge: `deb.py PACKAGE BINARY`."""
import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from alone import SOURCES, Machine, aws, enter
from cases import Skipped, report

PACKAGE, BINARY = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
UNIT = SOURCES / "config/systemd/waxseal.service"
KEY, ADMINISTRATOR, CONFIGURATION = "/etc/waxseal/root.key", "/etc/waxseal/administrator.env", "/etc/waxseal/waxseal.toml"
NEWER = "99.0.0"


class Home:
    """The machine, a folder outside of it, and what is remembered from case to case."""

    def __init__(self, folder):
        self.folder = folder
        self.machine = Machine(folder / "machine")
        self.unchanged = {}

    def install(self, package):
        target = self.machine.path("/run/package.deb")
        shutil.copy(package, target)
        return self.machine.run("dpkg", "--force-confdef", "--force-confold", "-i", "/run/package.deb")

    def newer(self):
        """The same package of a later version, with another configuration in it."""
        unpacked, package = self.folder / "newer", self.folder / "newer.deb"
        if not package.exists():
            subprocess.run(["dpkg-deb", "-R", PACKAGE, unpacked], check=True)
            control = unpacked / "DEBIAN/control"
            control.write_text(re.sub("(?m)^Version: .*", f"Version: {NEWER}", control.read_text()))
            with open(unpacked / CONFIGURATION.lstrip("/"), "a") as configuration:
                configuration.write("# Of the later version.\n")
            subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", unpacked, package], check=True,
                           stdout=subprocess.DEVNULL)
        return package

    def remember(self):
        """What has to outlive all that follows."""
        self.unchanged = {path: self.machine.path(path).read_bytes() for path in (KEY, ADMINISTRATOR)}

    def kept(self, *paths):
        for path in paths:
            assert self.machine.path(path).read_bytes() == self.unchanged[path], f"{path} is another"

    def credentials(self):
        """The administrator's, which the store keeps too."""
        file = self.machine.path(ADMINISTRATOR)
        lines = (file.read_bytes() if file.exists() else self.unchanged[ADMINISTRATOR]).decode().split()
        own = dict(line.split("=", 1) for line in lines)
        return {"AWS_ACCESS_KEY_ID": own["WAXSEAL_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY": own["WAXSEAL_SECRET_ACCESS_KEY"]}


class Service:
    """The program as the unit that was installed says: its user, credentials, environment and command."""

    def __init__(self, home):
        machine = home.machine
        text = machine.path("/lib/systemd/system/waxseal.service").read_text()
        said = {}
        for key, value in re.findall(r"(?m)^([A-Za-z]+)=(.*)$", text):
            said.setdefault(key, value)
        user, credentials = said["User"], "/run/credentials/waxseal.service"
        machine.run("install", "-d", "-m", "0700", "-o", user, "-g", user, credentials)
        name, source = said["LoadCredential"].split(":")
        machine.run("install", "-m", "0400", "-o", user, "-g", user, source, f"{credentials}/{name}")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CREDENTIALS_DIRECTORY": credentials}
        file = machine.path(said["EnvironmentFile"].lstrip("-"))
        environment |= dict(line.split("=", 1) for line in file.read_text().split()) if file.exists() else {}
        command = shlex.split(said["ExecStart"].replace("%d", credentials))
        without = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                   "--inh-caps=-all", "--"]
        self.log = home.folder / "service.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["chroot", machine.root, *without, *command], env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def __enter__(self):
        for _ in range(300):
            assert self.process.poll() is None, f"it ended:\n{self.log.read_text()}"
            try:
                with urllib.request.urlopen("http://127.0.0.1:9001/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"it is not ready after 30 s:\n{self.log.read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log.read_text()


def case_lintian_finds_no_error_and_no_warning(home):
    if not shutil.which("lintian"):
        raise Skipped("lintian is missing: install it with  apt-get install lintian")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", PACKAGE],
                          capture_output=True, text=True)
    print(done.stdout, end="")
    assert done.returncode == 0, done.stdout + done.stderr


def case_the_same_sources_make_the_same_package(home):
    again = home.folder / "again"
    again.mkdir()
    version = PACKAGE.name.split("_")[1]
    subprocess.run([SOURCES / "config/debian/build", BINARY, version, again], check=True, stdout=subprocess.DEVNULL)
    assert (again / PACKAGE.name).read_bytes() == PACKAGE.read_bytes()


def case_an_installation_makes_a_root_key_and_credentials_that_only_root_reads(home):
    said = home.install(PACKAGE)
    print("  " + "\n  ".join(line for line in said.splitlines() if line.startswith("waxseal:")))
    for path in (KEY, ADMINISTRATOR):
        about = home.machine.path(path).stat()
        assert (stat.S_IMODE(about.st_mode), about.st_uid, about.st_gid) == (0o600, 0, 0), path
        assert path in said, said
    secret = home.credentials()["AWS_SECRET_ACCESS_KEY"]
    assert len(secret) == 40 and secret not in said, "the secret is in what is printed"
    assert home.machine.path("/etc/systemd/system/multi-user.target.wants/waxseal.service").is_symlink(), "not enabled"
    home.remember()


def case_what_was_installed_is_where_shells_and_man_look(home):
    assert "waxseal 0" in home.machine.run("waxseal", "--version")
    if home.machine.path("/usr/bin/man").exists():
        assert "one file a command" not in home.machine.run("man", "--warnings", "-P", "cat", "waxseal-serve")
    assert "show new-root" in home.machine.run("bash", "-c", "source /usr/share/bash-completion/completions/waxseal; "
                                               "COMP_WORDS=(waxseal keyring ''); COMP_CWORD=2; _waxseal; echo ${COMPREPLY[@]}")


def case_systemd_accepts_the_unit_and_finds_it_little_exposed(home):
    if not home.machine.path("/usr/bin/systemd-analyze").exists():
        raise Skipped("systemd-analyze is missing: install it with  apt-get install systemd")
    unit = "/lib/systemd/system/waxseal.service"
    # What it says of other units is theirs.
    said = [line for line in home.machine.run("systemd-analyze", "verify", "--man=no", unit).splitlines() if "waxseal" in line]
    assert not said, said
    said = home.machine.run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
    exposure = float(re.search(r"exposure level for waxseal.service: ([0-9.]+)", said)[1])
    print(f"  exposure {exposure}")
    assert exposure <= 2.0, said


def case_the_service_serves_aws_cli_as_the_unit_runs_it(home):
    (home.folder / "file").write_bytes(os.urandom(9_000_000))
    with Service(home) as service:
        status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
        assert re.search(r"(?m)^CapEff:\t0+$", status) and re.search(r"(?m)^NoNewPrivs:\t1$", status), status
        assert not re.search(r"(?m)^Uid:\t0\t", status), status
        aws(home.credentials(), "s3", "mb", "s3://clinic", home=home.folder)
        aws(home.credentials(), "s3", "cp", "--quiet", home.folder / "file", "s3://clinic/file", home=home.folder)
        opened(home)
        assert "secret" not in service.log.read_text(), "it drew credentials, though there are some"


def opened(home):
    aws(home.credentials(), "s3", "cp", "--quiet", "s3://clinic/file", home.folder / "back", home=home.folder)
    assert (home.folder / "back").read_bytes() == (home.folder / "file").read_bytes()


def case_root_verifies_the_store_and_the_service_starts_again_after(home):
    home.machine.run("waxseal", "check", "--config", CONFIGURATION)
    assert "sound: 1 objects" in home.machine.run("waxseal", "verify", "--config", CONFIGURATION)
    with Service(home):
        opened(home)


def case_an_upgrade_takes_a_new_configuration_where_nobody_changed_it(home):
    home.install(home.newer())
    assert home.machine.path(CONFIGURATION).read_text().endswith("# Of the later version.\n")
    home.kept(KEY, ADMINISTRATOR)
    home.install(PACKAGE)


def case_an_upgrade_keeps_a_changed_configuration_the_key_and_what_is_stored(home):
    changed = home.machine.path(CONFIGURATION)
    changed.write_text(changed.read_text() + "# Of the administrator.\n")
    home.machine.run("systemctl", "--root=/", "disable", "waxseal.service")
    home.install(home.newer())
    assert NEWER in home.machine.run("dpkg-query", "-W", "waxseal")
    assert changed.read_text().endswith("# Of the administrator.\n")
    assert not home.machine.path("/etc/systemd/system/multi-user.target.wants/waxseal.service").exists(), "enabled again"
    home.kept(KEY, ADMINISTRATOR)
    with Service(home):
        opened(home)


def case_removing_keeps_key_credentials_configuration_and_data(home):
    home.machine.run("dpkg", "--remove", "waxseal")
    assert not home.machine.path("/usr/bin/waxseal").exists()
    assert home.machine.path("/var/lib/waxseal/store/format").exists()
    assert home.machine.path(CONFIGURATION).read_text().endswith("# Of the administrator.\n")
    home.kept(KEY, ADMINISTRATOR)
    home.install(home.newer())
    home.kept(KEY, ADMINISTRATOR)
    with Service(home):
        opened(home)


def case_purging_removes_configuration_and_says_where_key_and_data_are(home):
    said = home.machine.run("dpkg", "--purge", "waxseal")
    print("  " + "\n  ".join(line for line in said.splitlines() if line.startswith("waxseal:")))
    assert KEY in said and "/var/lib/waxseal: store" in said, said
    assert not home.machine.path(CONFIGURATION).exists() and not home.machine.path(ADMINISTRATOR).exists()
    assert home.machine.path("/var/lib/waxseal/store/format").exists()
    home.kept(KEY)


def case_what_was_purged_opens_after_another_installation(home):
    home.install(PACKAGE)
    home.kept(KEY)
    assert not home.machine.path(ADMINISTRATOR).exists(), "the store has an administrator of its own"
    with Service(home):
        opened(home)


def case_a_store_whose_root_key_is_elsewhere_is_given_no_other(home):
    home.machine.run("dpkg", "--purge", "waxseal")
    home.machine.path(KEY).unlink()
    said = home.install(PACKAGE)
    assert "put its root key into" in said and not home.machine.path(KEY).exists(), said


def main():
    enter("package", ("dpkg-deb", "dpkg"), ("adduser", "adduser"), ("setpriv", "util-linux"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="waxseal-package-"))
    try:
        home = Home(folder)
        return report("package", globals(), home)
    except Skipped as why:
        print(f"---- package::all stdout ----\nskipped: {why}\npackage: 0 passed, 0 failed, 1 skipped")
        return 0
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", folder / "machine"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
