"""The chart as the tests see it: rendered by helm into objects, or refused."""
import functools, os, pathlib, subprocess, tempfile
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/waxseal"
HELM = os.environ.get("WAXSEAL_HELM", str(ROOT / "target/tools/bin/helm"))
MATRIX = sorted((pathlib.Path(__file__).parent / "values").glob("*.yaml"))
NEWEST = "1.37"
# Where nobody is asked for Secrets, they must be named.
NAMED = {"rootKey": {"existingSecret": "root"}, "administrator": {"existingSecret": "administrator"}}


def helm(*arguments, chart=CHART, values=None, files=(), release="release"):
    """Runs a command of helm on the chart: its exit status, and what it printed."""
    command = [HELM, *arguments[:1], *([] if arguments[0] == "lint" else [release]), str(chart), *arguments[1:]]
    for file in files:
        command += ["--values", str(file)]
    # Nothing of whoever runs the tests counts, least of all a cluster.
    environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), "KUBECONFIG": os.devnull}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as written:
        yaml.safe_dump(values or {}, written)
        written.flush()
        command += ["--values", written.name]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout, done.stderr


def template(values=None, *more, kubernetes=NEWEST, **where):
    status, out, said = helm("template", "--kube-version", kubernetes, *more, values=values, **where)
    assert status == 0, said
    return [found for found in yaml.load_all(out, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if found]


@functools.cache
def of(file, kubernetes=NEWEST):
    """What comes of a file of values of the matrix."""
    return template(kubernetes=kubernetes, files=[file])


def refused(values, *more, **where):
    """What helm says of values that it must not take, above those that alone are missing."""
    status, out, said = helm("template", "--kube-version", NEWEST, *more, values={**NAMED, **values}, **where)
    assert status != 0, "it was taken"
    assert "kind:" not in out, "something was rendered"
    return said


def s3(**more):
    """Values before an S3 that lack nothing."""
    backend = {"bucket": "sealed", "credentials": {"existingSecret": "backend"}, **more.pop("s3", {})}
    return {"backend": {"kind": "s3", "s3": backend}, **more}


def the(objects, kind, name=None):
    found = [one for one in objects if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
    return found[0]


def workload(objects):
    return next(one for one in objects if one["kind"] in ("Deployment", "StatefulSet"))


def pods(objects):
    """The specification of every pod that would run, the test's too."""
    for one in objects:
        if one["kind"] in ("Deployment", "StatefulSet"):
            yield one["spec"]["template"]["spec"]
        elif one["kind"] == "Pod":
            yield one["spec"]


def container(objects):
    return workload(objects)["spec"]["template"]["spec"]["containers"][0]


def configuration(objects):
    return next(one for one in objects if one["kind"] == "ConfigMap")["data"]["waxseal.toml"]


class Skipped(Exception):
    """Why a case cannot run here."""
