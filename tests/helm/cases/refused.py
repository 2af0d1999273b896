"""Values that cannot work: each is refused before anything is rendered, by its key, with what to write instead."""
from chart import NAMED, refused, s3, template


def by_schema(path, values):
    said = refused(values)
    assert f"at '{path}'" in said, said


def case_the_schema_refuses_what_has_the_wrong_form_and_names_the_key():
    tls = "/tls/certManager/issuer"
    wrong = {
        "": {"replica": 3},
        "/image": {"image": {"name": "waxseal"}},
        "/image/digest": {"image": {"digest": "sha256:abc"}},
        "/image/repository": {"image": {"repository": ""}},
        "/image/pullPolicy": {"image": {"pullPolicy": "Sometimes"}},
        "/backend/kind": {"backend": {"kind": "gcs"}},
        "/backend/s3/endpoint": s3(s3={"endpoint": "s3.example.org"}),
        "/backend/s3/prefix": s3(s3={"prefix": "a/"}),
        "/backend/s3/maxConnections": s3(s3={"maxConnections": 4}),
        "/backend/s3/credentials/source": s3(s3={"credentials": {"source": "vault"}}),
        "/backend/s3/credentials/webIdentity/stsEndpoint": s3(
            s3={"credentials": {"source": "web_identity", "webIdentity": {"stsEndpoint": "http://sts"}}}
        ),
        "/backend/s3/credentials": s3(s3={"credentials": {"secretAccessKey": "in clear"}}),
        "/backend/disk/size": {"backend": {"disk": {"size": "20 gigabytes"}}},
        "/backend/disk/accessMode": {"backend": {"disk": {"accessMode": "ReadWriteMany"}}},
        "/rootKey": {"rootKey": {"value": "waxseal-root-v1:00"}},
        "/rootKey/existingSecret": {"rootKey": {"existingSecret": "Not_A_Name"}},
        "/administrator": {"administrator": {"secretAccessKey": "in clear"}},
        "/users/0": {"users": [{"name": "a", "id": "a", "accessKey": "AAA"}]},
        "/users/0/accessKey": {"users": [{"name": "a", "id": "a", "accessKey": "A/", "existingSecret": "s"}]},
        "/kmsKeys/0": {"kmsKeys": [{"id": "a"}]},
        "/domains/0": {"domains": ["*.s3.example.org"]},
        "/config": {"config": {"listen": "0.0.0.0:80"}},
        "/config/etag": {"config": {"etag": "sha256"}},
        "/config/max_upload": {"config": {"max_upload": "5 gigabytes"}},
        "/config/limits/drain": {"config": {"limits": {"drain": "30 seconds"}}},
        "/config/limits/connections": {"config": {"limits": {"connections": 0}}},
        "/config/cache/keys": {"config": {"cache": {"keys": 300}}},
        "/logLevel": {"logLevel": "verbose"},
        tls: {"tls": {"certManager": {"issuer": {"uid": "x"}}}},
        "/replicas": {"replicas": 0},
        "/autoscaling/targetCPU": {"autoscaling": {"targetCPU": 0}},
        "/podDisruptionBudget/maxUnavailable": {"podDisruptionBudget": {"maxUnavailable": 0}},
        "/podDisruptionBudget": {"podDisruptionBudget": {"minAvailable": 1}},
        "/podSecurityContext/runAsUser": {"podSecurityContext": {"runAsUser": 0}},
        "/podSecurityContext": {"podSecurityContext": {"runAsNonRoot": False}},
        "/preStopSeconds": {"preStopSeconds": -1},
        "/service/type": {"service": {"type": "ExternalName"}},
        "/service/port": {"service": {"port": 70000}},
        "/listenAddress": {"listenAddress": "127.0.0.1"},
        "/httpRoute/parentRefs/0": {"httpRoute": {"parentRefs": [{"namespace": "infra"}]}},
        "/metrics/serviceMonitor/interval": {"metrics": {"serviceMonitor": {"interval": "often"}}},
        "/podLabels/a": {"podLabels": {"a": "no spaces please"}},
        "/config/limits": {"config": {"limits": {"drain": None}}},
        "/metrics": {"metrics": {"dashboard": None}},
        "/extraVolumeMounts/0": {"extraVolumeMounts": [{"name": "a"}]},
    }
    for path, values in wrong.items():
        by_schema(path, values)


def case_what_does_not_fit_together_is_refused_with_key_and_remedy():
    http = {"enabled": True}
    small = {"limits": {"memory": "512Mi"}}
    user = {"id": "a", "accessKey": "AAA", "existingSecret": "s"}
    cases = [
        ({"replicas": 2}, "replicas: 2 pods cannot share a store on disk", "backend.kind to s3"),
        ({"autoscaling": {"enabled": True}}, "autoscaling.enabled:", "backend.kind to s3"),
        (s3(s3={"bucket": ""}), "backend.s3.bucket: is empty", "write the name"),
        (s3(s3={"endpoint": "http://minio:9000"}), "http://minio:9000 is plain HTTP", "backend.s3.dangerAllowHttp"),
        (s3(s3={"credentials": {"existingSecret": ""}}), "backend.s3.credentials.existingSecret:", "web_identity"),
        (s3(s3={"credentials": {"source": "web_identity"}}), "backend.s3.credentials.webIdentity.roleArn:", "eks.amazonaws.com"),
        (s3(s3={"ca": {"existingSecret": "a", "existingConfigMap": "b"}}), "backend.s3.ca: names both", "empty"),
        (s3(autoscaling={"enabled": True, "minReplicas": 11}), "autoscaling.minReplicas: 11 is above", "lower it"),
        (s3(autoscaling={"enabled": True, "targetCPU": None}), "autoscaling.targetCPU: is null", "write a percentage"),
        (s3(autoscaling={"enabled": True}, resources={"requests": {"cpu": None}}), "resources.requests.cpu", "targetCPU to null"),
        ({"tls": {"enabled": True}}, "tls.existingSecret: is empty", "name a Secret"),
        ({"tls": {"enabled": True, "existingSecret": "a", "certManager": {"enabled": True, "issuer": {"name": "i"}}}},
         "tls.existingSecret: is a", "set the other to false"),
        ({"tls": {"enabled": True, "certManager": {"enabled": True}}}, "tls.certManager.issuer.name:", "write the name"),
        ({"ingress": http}, "domains: is empty, and ingress.enabled", "s3.example.org"),
        ({"httpRoute": http}, "domains: is empty, and httpRoute.enabled", "httpRoute.parentRefs: is empty"),
        ({"terminationGracePeriodSeconds": 39}, "terminationGracePeriodSeconds: 39", "write 40 or more"),
        ({"config": {"limits": {"drain": "5 min"}}, "terminationGracePeriodSeconds": 60}, "config.limits.drain", "310 or more"),
        ({"config": {"max_upload": "6 GiB"}}, "config.max_upload: 6 GiB", "at most 5 GiB"),
        (s3(resources=small), "resources.limits.memory: 512Mi is less than the 704 MiB", "config.limits.body_memory"),
        ({"resources": {"limits": {"memory": "300M"}}}, "resources.limits.memory: 300M is less than the 384 MiB", "config.cache.index"),
        ({"users": [{"name": "a", **user}, {"name": "a", **user}]}, "users[1].name: a is another's", "users[1].accessKey: AAA"),
        ({"kmsKeys": [{"id": "k", "existingSecret": "s"}] * 2}, "kmsKeys[1].id: k is another's", "write another"),
        ({"podLabels": {"app.kubernetes.io/name": "x"}}, "podLabels: app.kubernetes.io/name", "remove it"),
        ({"extraEnv": [{"name": "WAXSEAL_SECRET_ACCESS_KEY", "value": "x"}]}, "extraEnv[0].name: WAXSEAL_SECRET", "remove it"),
        ({"extraVolumes": [{"name": "store", "emptyDir": {}}]}, "extraVolumes[0].name: store", "another name"),
        ({"extraVolumeMounts": [{"name": "a", "mountPath": "/etc/waxseal/x"}]}, "extraVolumeMounts[0].mountPath:", "another path"),
    ]
    for values, what, remedy in cases:
        said = refused(values)
        assert what in said and remedy in said, f"{values}: {said}"


def case_a_release_whose_name_gives_no_name_of_a_service_is_refused():
    said = refused({}, release="1st")
    assert "fullnameOverride: 1st-waxseal, which follows from the release" in said and "begins with a letter" in said, said
    assert template({**NAMED, "fullnameOverride": "first"}, release="1st")


def case_everything_that_cannot_work_is_told_at_once():
    said = refused({"replicas": 2, "tls": {"enabled": True}, "ingress": {"enabled": True}})
    assert [key in said for key in ("replicas: 2", "tls.existingSecret:", "domains:")] == [True] * 3, said


def case_without_a_cluster_to_ask_no_secret_is_made():
    for missing in NAMED:
        said = refused({missing: {"existingSecret": ""}})
        assert f"{missing}.existingSecret: is empty, and nothing can be made" in said and "name a Secret" in said, said
