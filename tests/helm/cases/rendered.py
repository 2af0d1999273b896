"""What values make of the chart's objects."""
from chart import MATRIX, NAMED, configuration, container, of, s3, template, the, workload

BY_NAME = {file.stem: file for file in MATRIX}


def named(name):
    return of(BY_NAME[name])


def case_a_store_on_disk_has_one_pod_and_a_claim_that_outlives_it():
    one = the(named("disk"), "StatefulSet")["spec"]
    assert one["replicas"] == 1
    assert one["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert [claim["metadata"]["name"] for claim in one["volumeClaimTemplates"]] == ["store"]
    assert {"name": "store", "mountPath": "/var/lib/waxseal"} in container(named("disk"))["volumeMounts"]
    assert 'data = "/var/lib/waxseal/store"' in configuration(named("disk"))
    assert not [one for one in named("disk") if one["kind"] in ("PodDisruptionBudget", "Deployment")]
    assert "volumeClaimTemplates" not in the(named("disk-claim"), "StatefulSet")["spec"]


def case_before_an_s3_pods_are_stateless_and_as_many_as_wanted():
    for file in MATRIX:
        if file.stem.startswith("s3"):
            assert not [one for one in of(file) if one["kind"] in ("StatefulSet", "PersistentVolumeClaim")], file.name
            assert "data =" not in configuration(of(file)), file.name
    assert the(named("s3"), "Deployment")["spec"]["replicas"] == 3
    assert the(template({**NAMED, **s3()}), "Deployment")["spec"]["replicas"] == 2
    assert "replicas" not in the(named("s3-instance"), "Deployment")["spec"], "the autoscaler says it"


def case_the_budget_for_disruptions_never_blocks_the_draining_of_a_node():
    seen = 0
    for file in MATRIX:
        for one in of(file):
            if one["kind"] == "PodDisruptionBudget":
                spec, seen = one["spec"], seen + 1
                assert "minAvailable" not in spec and spec["maxUnavailable"] not in (0, "0%"), file.name
                assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow", file.name
    assert seen >= 5


def case_pods_have_the_time_to_stop_that_they_need():
    seconds = {"disk": 30, "users-and-keys": 120, "scheduling": 600}
    for name, drain in seconds.items():
        pod = workload(named(name))["spec"]["template"]["spec"]
        wait = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] >= drain + wait + 5, name
    assert "lifecycle" not in container(of(BY_NAME["disk"], "1.29")), "Kubernetes 1.29 cannot wait by itself"
    for unit, value in {"ms": "1500ms", "s": "2s", "min": "3min", "h": "1 h", "d": "1d"}.items():
        grace = workload(template({**NAMED, "config": {"limits": {"drain": value}}}))["spec"]["template"]["spec"]
        expected = {"ms": 2, "s": 2, "min": 180, "h": 3600, "d": 86400}[unit] + 15
        assert grace["terminationGracePeriodSeconds"] == expected, value


def case_health_asks_the_process_alone_and_readiness_the_backend():
    for file in MATRIX:
        one = container(of(file))
        assert one["livenessProbe"]["httpGet"] == one["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "admin"}
        assert one["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}
        assert one["readinessProbe"]["timeoutSeconds"] > 5, "the program waits 5 seconds for the backend"
    long = container(named("disk-claim"))["startupProbe"]
    assert long["periodSeconds"] * long["failureThreshold"] == 900


def case_another_configuration_makes_other_pods():
    def stamp(**config):
        return workload(template({**NAMED, "config": config}))["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert stamp() == stamp() != stamp(etag="opaque")


def case_services_find_the_pods_and_not_that_of_helm_test():
    objects = named("s3")
    labels = workload(objects)["spec"]["template"]["metadata"]["labels"].items()
    check = the(objects, "Pod")["metadata"]["labels"].items()
    for one in objects:
        if one["kind"] == "Service":
            selector = one["spec"]["selector"].items()
            assert selector <= labels and not selector <= check, one["metadata"]["name"]
    assert the(objects, "Service", "release-waxseal")["spec"]["ports"][0]["port"] == 9000
    assert the(objects, "Service", "release-waxseal-admin")["spec"]["clusterIP"] == "None"


def case_metrics_and_health_are_on_no_way_in_from_outside():
    for file in MATRIX:
        for one in of(file):
            if one["kind"] == "Service" and not one["metadata"]["name"].endswith("-admin"):
                assert [port["targetPort"] for port in one["spec"]["ports"]] == ["s3"], file.name
            if one["kind"] == "Ingress":
                ports = {path["backend"]["service"]["port"]["name"] for rule in one["spec"]["rules"] for path in rule["http"]["paths"]}
                assert ports == {"s3"}, file.name


def case_buckets_in_host_names_come_through_ingress_route_and_certificate():
    ingress = the(named("ingress"), "Ingress")["spec"]
    hosts = ["s3.example.org", "*.s3.example.org", "s3.internal", "*.s3.internal"]
    assert [rule["host"] for rule in ingress["rules"]] == hosts == ingress["tls"][0]["hosts"]
    assert 'domains = ["s3.example.org", "s3.internal"]' in configuration(named("ingress"))
    route = {**NAMED, "domains": ["s3.example.org"], "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]}}
    assert the(template(route), "HTTPRoute")["spec"]["hostnames"] == hosts[:2]
    assert the(named("http-route"), "HTTPRoute")["spec"]["hostnames"] == hosts[:1]
    assert {*hosts[:2], "waxseal.example.org", "release-waxseal.default.svc"} <= set(the(named("cert-manager"), "Certificate")["spec"]["dnsNames"])


def case_no_setting_of_one_controller_stands_in_ingress_or_route():
    for name, kind, expected in (("ingress", "Ingress", 2), ("http-route", "HTTPRoute", 1)):
        assert len(the(named(name), kind)["metadata"]["annotations"]) == expected
    plain = {**NAMED, "domains": ["s3.example.org"], "ingress": {"enabled": True}}
    assert "annotations" not in the(template(plain), "Ingress")["metadata"]
    assert "ingressClassName" not in the(template(plain), "Ingress")["spec"]


def egress(name):
    rules = the(named(name), "NetworkPolicy")["spec"]["egress"]
    return [(rule.get("to"), {port["port"] for port in rule.get("ports", [])}) for rule in rules]


def case_the_network_lets_out_what_the_backend_and_its_credentials_need():
    assert (None, {443}) in egress("s3-web-identity")
    own = egress("s3-own-token")
    assert own[1][1] == {7443} and own[1][0] and own[2] == (None, {7443}), own
    assert "169.254.170.23/32" in str(egress("s3-pod-identity")) and "169.254.169.254/32" in str(egress("s3-instance"))
    assert (None, {9000}) in egress("s3-inside")
    assert "egress" not in the(template({**NAMED, "networkPolicy": {"enabled": True}}), "NetworkPolicy")["spec"]


def case_the_network_lets_in_who_is_named():
    rules = the(named("s3-pod-identity"), "NetworkPolicy")["spec"]["ingress"]
    assert [(rule["ports"][0]["port"], bool(rule.get("from"))) for rule in rules] == [("s3", True), ("admin", True)]
    rules = the(named("s3-instance"), "NetworkPolicy")["spec"]["ingress"]
    assert [(rule["ports"][0]["port"], bool(rule.get("from"))) for rule in rules] == [("s3", False)]


def case_a_role_is_taken_on_with_a_token_of_the_pod_where_no_webhook_does():
    pod = workload(named("s3-own-token"))["spec"]["template"]["spec"]
    token = next(volume for volume in pod["volumes"] if volume["name"] == "token")["projected"]["sources"]
    assert token == [{"serviceAccountToken": {"audience": "rgw", "path": "token"}}]
    names = {variable["name"] for variable in pod["containers"][0]["env"]}
    assert {"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL_STS"} <= names
    webhook = container(named("s3-web-identity"))["env"]
    assert not [variable for variable in webhook if variable["name"].startswith("AWS_")], "the webhook sets them"
    account = the(named("s3-web-identity"), "ServiceAccount")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] and account["automountServiceAccountToken"] is False
    assert not [one for one in named("s3-pod-identity") if one["kind"] == "ServiceAccount"]


def case_pods_are_spread_by_their_own_labels_unless_others_are_given():
    spread = workload(named("disk"))["spec"]["template"]["spec"]["topologySpreadConstraints"]
    own = workload(named("disk"))["spec"]["selector"]
    assert [one["labelSelector"] for one in spread] == [own, own]
    other = workload(named("scheduling"))["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [one["labelSelector"] for one in other] == [{"matchLabels": {"app": "other"}}]


def case_an_image_is_named_by_digest_before_tag_and_the_store_is_made_only_if_so_wanted():
    one = container(named("scheduling"))
    assert one["image"].startswith("registry.example.org:5000/tools/waxseal@sha256:0000")
    assert one["args"] == ["serve", "--config", "/etc/waxseal/waxseal.toml"]
    assert "--init" in container(named("s3"))["args"]
    assert container(template({**NAMED, "image": {"tag": "v9"}}))["image"] == "waxseal:v9"


def case_names_stay_within_what_kubernetes_takes():
    long = template({**NAMED, "fullnameOverride": "a" * 48, "serviceAccount": {"name": ""}})
    assert all(len(one["metadata"]["name"]) <= 63 for one in long)
    # Kubernetes adds a dash and 10 characters to a StatefulSet's name in labels.
    assert len(workload(long)["metadata"]["name"]) <= 52
    for release in ("r" * 53, "a.b", "waxseal"):
        names = {one["metadata"]["name"] for one in template(NAMED, release=release)}
        assert all(len(name) <= 63 and "." not in name for name in names), names
    assert "waxseal" in names, "a release of the chart's name needs no second one"
