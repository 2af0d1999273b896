"""What must hold of every pod, whatever the values."""
from chart import MATRIX, configuration, of, pods, workload


def case_every_pod_is_restricted_as_pod_security_has_it():
    for file in MATRIX:
        for pod in pods(of(file)):
            context = pod["securityContext"]
            assert context["runAsNonRoot"] is True and context["seccompProfile"] == {"type": "RuntimeDefault"}, file.name
            assert context.get("runAsUser", 65532) == 65532, file.name
            for field in ("hostNetwork", "hostPID", "hostIPC"):
                assert field not in pod, file.name
            assert all({"projected", "persistentVolumeClaim", "configMap"} & set(volume) for volume in pod["volumes"]), file.name
            for one in pod["containers"] + pod.get("initContainers", []):
                assert one["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                    "runAsNonRoot": True,
                    "seccompProfile": {"type": "RuntimeDefault"},
                }, file.name
                assert not any("hostPort" in port for port in one.get("ports", [])), file.name


def case_a_platform_may_say_itself_as_whom_pods_run_and_nothing_more():
    file = next(file for file in MATRIX if file.stem == "openshift")
    context = workload(of(file))["spec"]["template"]["spec"]["securityContext"]
    assert set(context) == {"runAsNonRoot", "seccompProfile", "fsGroupChangePolicy"}, context


def case_no_pod_has_a_token_of_the_kubernetes_api_or_names_of_services():
    for file in MATRIX:
        for pod in pods(of(file)):
            assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False, file.name


def case_secrets_are_readable_by_the_pods_group_alone():
    for file in MATRIX:
        for pod in pods(of(file)):
            for volume in pod["volumes"]:
                sources = volume.get("projected", {}).get("sources", [])
                if any("secret" in source for source in sources):
                    assert volume["projected"]["defaultMode"] == 0o440, file.name
            for one in pod["containers"]:
                for mount in one["volumeMounts"]:
                    assert mount.get("readOnly") or mount["name"] == "store", f"{file.name}: {mount}"


def case_secrets_are_only_ever_referred_to():
    secret = ("SECRET", "ACCESS_KEY", "WAXSEAL_USER")
    for file in MATRIX:
        objects = of(file)
        assert not [one for one in objects if one["kind"] == "Secret"], f"{file.name}: all were named"
        assert "secret_access_key" not in configuration(objects) and "secret_file" not in configuration(objects), file.name
        for pod in pods(objects):
            for one in pod["containers"]:
                assert all(word in ("serve", "check", "--init", "--config", "/etc/waxseal/waxseal.toml") for word in one["args"])
                for variable in one["env"]:
                    if any(word in variable["name"] for word in secret):
                        assert set(variable) == {"name", "valueFrom"}, f"{file.name}: {variable['name']}"
                        assert set(variable["valueFrom"]) == {"secretKeyRef"}, f"{file.name}: {variable['name']}"
