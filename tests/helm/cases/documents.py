"""Documents are true: README, Chart.yaml, schema and alerts against what they speak of."""
import json, re, tomllib
import promql_parser
import yaml
from chart import CHART, MATRIX, ROOT, of, template, NAMED
from table import readme, rows, table

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def case_the_table_in_readme_is_that_of_values_yaml():
    assert readme(table()) == (CHART / "README.md").read_text(), "run  .venv/bin/python tests/helm/table.py"


def leaves(node, path=""):
    if not isinstance(node, dict) or not node:
        return {path}
    return {leaf for key in node for leaf in leaves(node[key], f"{path}.{key}".lstrip("."))}


def case_every_value_has_a_sentence_that_says_what_it_is_for():
    found = {path: comment for path, _, comment in rows((CHART / "values.yaml").read_text())}
    for leaf in leaves(VALUES):
        said = next((found[path] for path in found if leaf == path or leaf.startswith(path + ".") and path == "resources"), None)
        said = said if said is not None else found.get(leaf.rpartition(".")[0])
        assert said and said[-1] in ".", f"{leaf}: {said}"


def case_schema_and_values_have_the_same_keys():
    def keys(node, path=""):
        if "properties" not in node:
            return {path}
        return {key for name in node["properties"] for key in keys(node["properties"][name], f"{path}.{name}".lstrip("."))}

    schema = keys(json.loads((CHART / "values.schema.json").read_text()))
    # Maps whose keys are not the chart's, or have no defaults.
    maps = ("resources.requests", "resources.limits", "httpRoute.timeouts", "metrics.dashboard.labels")

    def whole(keys):
        return {next((one for one in maps if key.startswith(one)), key) for key in keys}

    assert whole(schema) - {"global"} == whole(leaves(VALUES)), whole(schema) ^ whole(leaves(VALUES))


def case_only_what_may_be_absent_can_be_taken_away():
    schema = json.loads((CHART / "values.schema.json").read_text())

    def walk(node, values, path):
        if isinstance(values, dict) and "properties" in node and path not in ("resources", "httpRoute.timeouts"):
            for key, below in node["properties"].items():
                name = f"{path}.{key}".lstrip(".")
                found = schema["definitions"][below["$ref"].rpartition("/")[2]] if "$ref" in below else below
                free = name == "global" or "null" in found.get("type", [])
                assert free or key in node["required"], f"{name} can be null, and templates need it"
                walk(below, values.get(key), name)

    walk(schema, VALUES, "")


def case_the_chart_is_for_the_programs_version():
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]


def case_readme_names_the_versions_that_are_tested():
    text = (CHART / "README.md").read_text()
    pinned = re.search(r"cmd/helm@v(\d+\.\d+)\.", (ROOT / "Makefile").read_text())[1]
    assert f"tested with {pinned}" in text
    assert "Kubernetes 1.28 or newer" in text and '">=1.28.0-0"' in (CHART / "Chart.yaml").read_text()


def case_values_that_readme_names_are_values():
    text = (CHART / "README.md").read_text()
    for name in re.findall(r"--set(?:-string)? ([\w.]+)", text) + re.findall(r"`((?:\w+\.)+\w+)`", text.split("<!--")[0]):
        if name.split(".")[0] in VALUES:
            node = VALUES
            for key in name.split("."):
                assert isinstance(node, dict) and key in node, f"{name} is no value"
                node = node[key]


def case_yaml_in_readme_is_taken_as_values():
    blocks = re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.S)
    assert len(blocks) >= 3
    for block in blocks:
        assert template({**NAMED, **yaml.safe_load(block)}), block


def alerts():
    file = next(file for file in MATRIX if file.stem == "monitoring")
    rule = next(one for one in of(file) if one["kind"] == "PrometheusRule")
    return rule["spec"]["groups"][0]["rules"], of(file)


def asked(expression):
    """The metrics that an expression asks for."""
    return set(re.findall(r"\b(waxseal_\w+|up)\b(?=\{)", expression))


def is_there(metric):
    """Whether the program has it, or Prometheus itself."""
    name = metric.removesuffix("_bucket")
    return metric == "up" or f'"{name}"' in (ROOT / "src/observe/metrics.rs").read_text()


def case_alerts_ask_only_for_metrics_that_the_program_has():
    rules, _ = alerts()
    assert len(rules) >= 4
    for rule in rules:
        promql_parser.parse(rule["expr"])
        assert asked(rule["expr"]) and all(map(is_there, asked(rule["expr"]))), rule
        assert set(rule["annotations"]) == {"summary", "description"} and rule["labels"]["severity"]


def case_the_dashboard_shows_every_metric_of_the_program_and_no_other():
    board = next(one for one in alerts()[1] if one["metadata"]["name"].endswith("-dashboard"))
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    shown, places = set(), set()
    for panel in (panels := json.loads(board["data"]["waxseal.json"])["panels"]):
        assert panel["title"] and panel["description"] and panel["targets"]
        at = panel["gridPos"]
        places |= {(at["x"] + across, at["y"]) for across in range(at["w"])}
        assert at["x"] + at["w"] <= 24
        for target in panel["targets"]:
            promql_parser.parse(target["expr"].replace("$__rate_interval", "5m"))
            assert all(map(is_there, asked(target["expr"]))), target
            shown |= {name.removesuffix("_bucket") for name in asked(target["expr"])}
    assert len(places) == sum(panel["gridPos"]["w"] for panel in panels), "panels lie over each other"
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert shown - {"up"} == set(re.findall(r'"(waxseal_\w+)"', (ROOT / "src/observe/metrics.rs").read_text()))


def case_prometheus_finds_the_pods_and_calls_them_as_the_alerts_do():
    rules, objects = alerts()
    monitor = next(one for one in objects if one["kind"] == "ServiceMonitor")["spec"]
    services = [one for one in objects if one["kind"] == "Service"
                and monitor["selector"]["matchLabels"].items() <= one["metadata"]["labels"].items()]
    assert [one["metadata"]["name"] for one in services] == ["release-waxseal-admin"]
    assert monitor["endpoints"][0]["port"] in [port["name"] for port in services[0]["spec"]["ports"]]
    for rule in rules:
        assert 'job="release-waxseal-admin"' in rule["expr"] and 'namespace="default"' in rule["expr"]
