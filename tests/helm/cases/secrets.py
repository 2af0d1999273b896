"""Secrets that the chart makes, and what it does with those that are there."""
import base64, re, string
from api import cluster
from chart import NAMED, NEWEST, helm, s3, template, the

ROOT_KEY = re.compile(r"waxseal-root-v1:[0-9a-f]{64}\n")
ROOT = "release-waxseal-root-key"
ADMINISTRATOR = "release-waxseal-administrator"
KEPT = {ROOT: {"root.key": f"waxseal-root-v1:{'0f' * 32}\n"}, ADMINISTRATOR: {"access-key-id": "KEPT", "secret-access-key": "kept"}}


def asked(secrets, values=None, *more):
    """What is rendered where a cluster holds these Secrets."""
    with cluster(secrets) as url:
        return template(values, "--dry-run=server", "--kube-apiserver", url, *more)


def said(secrets, values=None, *more):
    with cluster(secrets) as url:
        status, _, said = helm("template", "--kube-version", NEWEST, "--dry-run=server", "--kube-apiserver", url, *more, values=values)
    assert status, "it was taken"
    return said


def texts(secret):
    return {key: base64.b64decode(text).decode() for key, text in secret["data"].items()}


def case_the_first_installation_makes_a_root_key_in_the_programs_own_form():
    made = [the(asked({}), "Secret", ROOT) for _ in range(2)]
    keys = [texts(secret)["root.key"] for secret in made]
    assert all(ROOT_KEY.fullmatch(key) for key in keys) and keys[0] != keys[1]
    assert made[0]["immutable"] is True
    # Every value of a byte must be possible: of 256 about 163 are seen among 10 keys.
    seen = set().union(*(bytes.fromhex(texts(the(asked({}), "Secret", ROOT))["root.key"][16:-1]) for _ in range(10)))
    assert len(seen) > 140, len(seen)


def case_it_makes_credentials_that_the_program_takes():
    made = texts(the(asked({}), "Secret", ADMINISTRATOR))
    assert re.fullmatch("WAX[A-Z0-9]{17}", made["access-key-id"]), made
    assert len(made["secret-access-key"]) == 40 and set(made["secret-access-key"]) <= set(string.ascii_letters + string.digits)


def case_what_was_made_is_out_of_reach_of_upgrade_rollback_and_uninstall():
    for secret in (one for one in asked({}) if one["kind"] == "Secret"):
        notes = secret["metadata"]["annotations"]
        assert notes["helm.sh/hook"].startswith("pre-install") and notes["helm.sh/resource-policy"] == "keep"
        # The default would remove what is there before it makes another.
        assert notes["helm.sh/hook-delete-policy"] == "hook-failed"


def case_a_secret_that_is_there_is_never_made_again():
    for more in ((), ("--is-upgrade",)):
        assert not [one for one in asked(KEPT, None, *more) if one["kind"] == "Secret"], more
    only = asked({ROOT: KEPT[ROOT]})
    assert [one["metadata"]["name"] for one in only if one["kind"] == "Secret"] == [ADMINISTRATOR]


def case_an_upgrade_without_the_root_key_is_refused_and_makes_none():
    text = said({ADMINISTRATOR: KEPT[ADMINISTRATOR]}, None, "--is-upgrade")
    assert f"the Secret {ROOT} is gone" in text and "bring it back" in text, text


def case_keys_of_made_secrets_are_called_as_wanted():
    values = {"rootKey": {"key": "main"}, "administrator": {"accessKeyIdKey": "id", "secretAccessKeyKey": "secret"}}
    objects = asked({}, values)
    assert list(texts(the(objects, "Secret", ROOT))) == ["main"]
    assert sorted(texts(the(objects, "Secret", ADMINISTRATOR))) == ["id", "secret"]


def case_a_secret_without_the_key_is_refused_and_its_contents_are_not_told():
    root, administrator = {"root.key": KEPT[ROOT]["root.key"]}, {"access-key-id": "AAA", "secret-access-key": "hush"}
    user = {"name": "a", "id": "a", "accessKey": "AAA", "existingSecret": "user"}
    named = {"root": root, "administrator": administrator, "backend": {"id": "hush"}, "user": {"password": "hush"}, "tls": {"tls.crt": "x"}}
    values = {**NAMED, **s3(), "users": [user], "tls": {"enabled": True, "existingSecret": "tls"}}
    text = said(named, values)
    assert "backend.s3.credentials: the Secret backend has no key access-key-id, only id" in text, text
    assert "users[0]: the Secret user has no key secret-access-key, only password" in text, text
    assert "tls: the Secret tls has no key tls.key, only tls.crt" in text and "hush" not in text, text


def case_what_is_no_root_key_is_refused_and_not_told():
    good = KEPT[ROOT]["root.key"]
    for bad in ("", "hush", good.upper(), good[:-2], good + good, good + "\n", " " + good):
        text = said({"root": {"root.key": bad}, "administrator": KEPT[ADMINISTRATOR]}, NAMED)
        assert "what the Secret root has under root.key is no root key" in text and "keyring new-root" in text, text
        assert "hush" not in text and "0f0f" not in text
    assert asked({"root": {"root.key": good.strip()}, "administrator": KEPT[ADMINISTRATOR]}, NAMED)
    text = said({"root": {"root.key": good}, "kms": {"root.key": "hush"}}, {**NAMED, "kmsKeys": [{"id": "k", "existingSecret": "kms"}]})
    assert "kmsKeys[0]: what the Secret kms has" in text, text


def case_a_named_secret_may_come_later():
    assert asked({}, NAMED)
