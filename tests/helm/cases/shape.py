"""What Kubernetes and helm say of the chart's form."""
import functools, json
import kubernetes_validate
from kubernetes_validate import utils
from chart import CHART, MATRIX, NAMED, NEWEST, helm, of

# What the API server itself does not know.
CUSTOM = ("HTTPRoute", "Certificate", "ServiceMonitor", "PrometheusRule")
# Those that the validator has schemas of, from the chart's oldest on.
VERSIONS = [utils.major_minor(version) for version in utils.all_versions()]
VERSIONS = VERSIONS[VERSIONS.index("1.28"):]

# It reads a megabyte of schemas for every object otherwise.
utils.schema_contents = functools.cache(utils.schema_contents)


def case_helm_lint_finds_nothing_with_any_values():
    for file in MATRIX:
        status, out, said = helm("lint", "--strict", "--kube-version", NEWEST, files=[file])
        assert status == 0 and "WARNING" not in out + said, f"{file.name}: {out}{said}"


def case_every_file_of_values_is_taken_strictly_by_every_kubernetes_from_1_28_on():
    assert VERSIONS[-1] == NEWEST and len(MATRIX) >= 12
    # The chart asks for one difference of versions alone, so that what lies between is rendered alike.
    for version in VERSIONS:
        seen = "1.29" if version in ("1.28", "1.29") else NEWEST
        done = []
        for file in MATRIX:
            for one in of(file, seen):
                if one["kind"] in CUSTOM or one in done:
                    continue
                done.append(one)
                try:
                    kubernetes_validate.validate(one, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    raise AssertionError(f"{file.name}, Kubernetes {version}, {one['kind']}: {error}") from error


def case_what_is_rendered_differs_only_where_kubernetes_1_30_begins():
    for file in MATRIX:
        assert of(file, "1.28") == of(file, "1.29") and of(file, "1.30") == of(file, NEWEST), file.name
        assert of(file, "1.29") != of(file, "1.30"), f"{file.name}: is the hook before a stop there?"


def case_an_older_kubernetes_is_refused():
    status, _, said = helm("template", "--kube-version", "1.27", values=NAMED)
    assert status and "1.28" in said, said


def case_rendered_twice_it_is_the_same():
    for file in MATRIX:
        first, second = (helm("template", "--kube-version", NEWEST, files=[file]) for _ in range(2))
        assert first == second, file.name


def case_the_schema_leaves_no_object_open_but_those_of_kubernetes():
    schema = json.loads((CHART / "values.schema.json").read_text())
    opened = []

    def walk(node, path):
        if isinstance(node, dict):
            closed = node.get("additionalProperties") is False or isinstance(node.get("additionalProperties"), dict)
            if node.get("type") == "object" and not closed:
                opened.append(path)
            for key, below in node.items():
                walk(below, f"{path}/{key}".replace("/properties", "").replace("/items", "[]"))

    walk(schema, "")
    expected = ["/affinity", "/definitions/asKubernetes[]", "/extraEnv[]", "/extraVolumeMounts[]", "/extraVolumes[]", "/global",
                "/httpRoute/parentRefs[]", "/topologySpreadConstraints[]"]
    assert sorted(opened) == expected, opened
