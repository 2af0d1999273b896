"""The program's settings: all of them can be said, and come out in TOML as they went in."""
import json, re, tomllib
import yaml
from chart import CHART, MATRIX, NAMED, ROOT, configuration, container, of, s3, template

# What the chart says itself, by other values.
OWN = {
    "data", "root_key", "listen", "admin_listen", "domains", "tls.certificate", "tls.key", "kms_key.id", "kms_key.root_key",
    "user.name", "user.id", "user.display_name", "user.email", "user.access_key", "user.secret_env",
    "backend.kind", "backend.endpoint", "backend.region", "backend.bucket", "backend.prefix", "backend.own_buckets",
    "backend.path_style",
    "backend.credentials", "backend.ca_file", "backend.max_connections", "backend.danger_allow_http",
}
# What comes by the environment instead.
NEVER = {"backend.access_key_id", "backend.secret_access_key_file", "backend.secret_access_key_env", "user.secret_file"}


def documented():
    """Every key that the program's own example documents, with its default if it has one there."""
    section, keys = "", {}
    for line in (ROOT / "config/waxseal.toml").read_text().splitlines():
        commented, line = line.startswith("#"), line.removeprefix("# ").removeprefix("# ")
        if found := re.fullmatch(r"\[+([a-z_]+)\]+", line):
            section = found[1] + "."
        elif found := re.fullmatch(r"([a-z_]+) = (.+)", line):
            keys[section + found[1]] = None if commented else tomllib.loads(line)[found[1]]
    return keys


def leaves(node, path=""):
    if not isinstance(node, dict):
        return {path: node}
    return {key: value for name in node for key, value in leaves(node[name], f"{path}.{name}".lstrip(".")).items()}


def case_every_setting_of_the_program_is_a_value_or_the_charts_own():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    known = documented()
    assert len(known) >= 45, known
    assert set(leaves(values["config"])) | OWN | NEVER == set(known), set(leaves(values["config"])) | OWN | NEVER ^ set(known)


def case_the_defaults_of_settings_are_the_programs():
    values = leaves(yaml.safe_load((CHART / "values.yaml").read_text())["config"])
    for key, default in documented().items():
        if key in values and default is not None and key != "log_format":
            assert values[key] == default, f"{key}: {values[key]}, and {default} in the program"
    assert values["log_format"] == "json"


def case_what_is_rendered_is_toml_that_says_what_the_values_say():
    for file in MATRIX:
        found = tomllib.loads(configuration(of(file)))
        values = yaml.safe_load(file.read_text())
        for key, value in leaves(values.get("config", {})).items():
            assert leaves(found)[key] == value and type(leaves(found)[key]) is type(value), f"{file.name}: {key}"
        for index, user in enumerate(values.get("users", [])):
            said = found["user"][index]
            assert (said["name"], said.get("display_name")) == (user["name"], user.get("displayName"))
            assert said["secret_env"] in [variable["name"] for variable in container(of(file))["env"]]


def case_texts_of_every_kind_survive_toml():
    for text in ['"', "\\", "'''", "#", "a = 1\n[x]\ny = 2", "é ü 漢字 🦭", "<>&", "\u2028", "\x01", "]]", "{{ .Values }}"]:
        user = {"name": text, "id": "a", "accessKey": "AAA", "existingSecret": "s", "displayName": text}
        found = tomllib.loads(configuration(template({**NAMED, "users": [user]})))
        assert found["user"][0]["name"] == found["user"][0]["display_name"] == text, json.dumps(text)


def case_large_numbers_stay_whole():
    found = tomllib.loads(configuration(template({**NAMED, "config": {"limits": {"connections": 12345678}}})))
    assert found["limits"]["connections"] == 12345678


def case_the_backend_is_said_as_the_program_reads_it():
    found = tomllib.loads(configuration(template({**NAMED, **s3(s3={"endpoint": "https://s3.example.org"})})))["backend"]
    assert found == {
        "kind": "s3", "endpoint": "https://s3.example.org", "region": "us-east-1", "bucket": "sealed", "prefix": "waxseal",
        "path_style": True, "max_connections": 256, "danger_allow_http": False, "credentials": "keys",
    }
    assert "endpoint" not in tomllib.loads(configuration(template({**NAMED, **s3()})))["backend"], "the program knows AWS's"


def case_every_file_that_the_configuration_names_is_mounted():
    for file in MATRIX:
        found = leaves(tomllib.loads(configuration(of(file))))
        texts = re.findall(r'"/etc/waxseal/([^"]+)"', configuration(of(file)))
        sources = next(one for one in of(file) if one["kind"] in ("Deployment", "StatefulSet"))["spec"]["template"]["spec"]["volumes"][0]
        assert sources["name"] == "waxseal" and found["root_key"] == "/etc/waxseal/root.key"
        paths = [item["path"] for source in sources["projected"]["sources"] for item in next(iter(source.values())).get("items", [])]
        assert sorted(paths) == sorted(texts), f"{file.name}: {paths} {texts}"
