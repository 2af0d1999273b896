"""What may not change from one version of the chart to the next, or the upgrade is refused by Kubernetes."""
import pathlib, shutil, tempfile
from chart import CHART, MATRIX, of, template

# What Kubernetes lets nobody change. All of a StatefulSet's but these.
CHANGEABLE = ("replicas", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy", "minReadySeconds", "ordinals",
              "revisionHistoryLimit")


def fixed(objects):
    found = {}
    for one in objects:
        spec, name = one.get("spec", {}), (one["kind"], one["metadata"]["name"])
        found[name] = None
        if one["kind"] == "Deployment":
            found[name] = spec["selector"]
        elif one["kind"] == "StatefulSet":
            found[name] = {key: value for key, value in spec.items() if key not in CHANGEABLE}
        elif one["kind"] == "Service":
            found[name] = spec.get("clusterIP")
    return found


def case_another_version_of_chart_and_program_changes_nothing_that_is_fixed():
    with tempfile.TemporaryDirectory() as folder:
        later = pathlib.Path(shutil.copytree(CHART, f"{folder}/waxseal"))
        about = (later / "Chart.yaml").read_text()
        assert about.count("ersion: 0.1.0") == 2, "the version moved: this case replaces it"
        (later / "Chart.yaml").write_text(about.replace("ersion: 0.1.0", "ersion: 0.9.0"))
        for file in MATRIX:
            assert fixed(of(file)) == fixed(template(files=[file], chart=later)), file.name


def case_selectors_are_what_the_first_version_had():
    first = {"app.kubernetes.io/name": "waxseal", "app.kubernetes.io/instance": "release", "app.kubernetes.io/component": "gateway"}
    for file in MATRIX:
        if file.stem == "scheduling":
            continue
        for one in of(file):
            if one["kind"] in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
                assert one["spec"]["selector"] == {"matchLabels": first}, file.name
            if one["kind"] == "Service":
                assert one["spec"]["selector"] == first, file.name


def case_labels_of_everybody_never_reach_what_is_fixed():
    for file in MATRIX:
        plain = fixed(template(files=[file]))
        assert plain == fixed(template({"commonLabels": {"team": "storage"}, "podLabels": {"tier": "data"}}, files=[file])), file.name
