"""A machine of its own within this one: what it mounts, writes and listens on is gone with it, and nothing here is changed."""
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
from cases import Skipped, skip

SOURCES = pathlib.Path(__file__).resolve().parents[2]


def enter(what, *programs):
    """Goes on in namespaces of its own for mounts and the network, or says why not and ends."""
    why = None
    if os.geteuid() != 0:
        why = "only root can install packages and start containers: run it as root"
    missing = [f"{program} is missing: install it with  apt-get install {package}"
               for program, package in programs if not shutil.which(program)]
    why = why or (missing[0] if missing else None)
    if not why and "WAXSEAL_TEST_ALONE" not in os.environ:
        tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, text=True)
        if tried.returncode == 0:
            os.environ["WAXSEAL_TEST_ALONE"] = "yes"
            os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", sys.executable, *sys.argv])
        why = f"namespaces cannot be made here: {tried.stderr.strip()}"
    if why:
        skip(what, "all", why)
        print(f"{what}: 0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    up_loopback()


def up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        # SIOCSIFFLAGS with IFF_UP and IFF_RUNNING.
        fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 0x41))


def mount(kind, target, *more):
    target.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", kind, *more, kind, target], capture_output=True, text=True)
    if made.returncode:
        raise Skipped(f"{kind} cannot be mounted here: {made.stderr.strip()}")


class Machine:
    """This machine's files under a layer of their own, in memory."""

    def __init__(self, folder):
        mount("tmpfs", folder)
        for name in ("upper", "work"):
            (folder / name).mkdir()
        self.root = folder / "root"
        mount("overlay", self.root, "-o", f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work")
        mount("tmpfs", self.root / "run")
        mount("proc", self.root / "proc")
        subprocess.run(["mount", "--rbind", "/dev", self.root / "dev"], check=True)

    def run(self, *command, fails=False):
        """What a command within says. A notice that no terminal is there is none of its own."""
        done = subprocess.run(["chroot", self.root, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                                                       "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
        assert (done.returncode != 0) == fails, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def path(self, path):
        return self.root / path.lstrip("/")


def aws(credentials, *arguments, home):
    """What aws-cli says of the server on port 9000."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "AWS_DEFAULT_REGION": "us-east-1", "LANG": "C.UTF-8", **credentials}
    python, tool = (SOURCES / ".venv/bin" / name for name in ("python3", "aws"))
    command = [python, tool, "--endpoint-url", "http://127.0.0.1:9000", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout
