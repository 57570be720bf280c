# SPDX-License-Identifier: Apache-2.0
"""What the chart renders with receivers and pairers in the collector's place. Needs no cluster."""

import json
import re
import unittest

import yaml
from installing import CHART, ROOT
from rendering import SHUFFLED, SHUFFLED_LIVE, SHUFFLED_MOST, pods_of, rendered, shuffled

RECEIVER, PAIRER, READER = "Deployment/traffictap-receiver", "StatefulSet/traffictap-pairer", "Deployment/traffictap-reader"
TOPICS, USERS = ROOT / "charts/kafka/strimzi-topics.yaml", ROOT / "charts/kafka/strimzi-users.yaml"


def container(objects, key):
    return objects[key]["spec"]["template"]["spec"]["containers"][0]


def args_of(objects, key):
    return container(objects, key)["args"]


def mounts_of(objects, key):
    return {mount["mountPath"] for mount in container(objects, key)["volumeMounts"]}


class Shuffle(unittest.TestCase):
    def test_nothing_of_it_is_there_unless_it_is_enabled(self):
        """Whatever else is said of it."""
        off = {"shuffle": {**SHUFFLED_MOST["shuffle"], "enabled": False}}
        self.assertEqual(rendered(off), rendered({}))
        self.assertNotIn("shuffle", json.dumps([item for key, item in rendered({}).items() if not key.startswith("Custom")]))

    def test_it_takes_the_collectors_place_and_keeps_the_address_that_proxies_have(self):
        before, after = rendered({"api": {"enabled": False}}), rendered(SHUFFLED)
        self.assertEqual(set(before) - set(after), {"Deployment/traffictap-collector", "ServiceAccount/traffictap-collector"})
        self.assertEqual(set(after) - set(before), {
            RECEIVER, PAIRER, "Service/traffictap-pairer", "NetworkPolicy/traffictap-pairer",
            *(f"{kind}/traffictap-{role}" for kind in ("ServiceAccount", "PodDisruptionBudget") for role in ("receiver", "pairer"))})
        for key in ("DestinationRule/traffictap-collector", "Deployment/traffictap-operator"):
            self.assertEqual(before[key], after[key])
        service = after["Service/traffictap-collector"]["spec"]
        self.assertEqual(service["ports"], before["Service/traffictap-collector"]["spec"]["ports"])
        self.assertEqual(service["selector"], {"app.kubernetes.io/name": "traffictap-receiver"})

    def test_volumes_of_the_collector_stay_for_the_way_back(self):
        own = {"collector": {"persistence": {"enabled": True}, "spool": {"persistent": True}}}
        objects = rendered({**SHUFFLED, **own})
        for name in ("records", "spool"):
            self.assertIn(f"PersistentVolumeClaim/traffictap-{name}", objects)

    def test_each_role_gets_what_it_has_a_use_for_and_no_other_option(self):
        """An option of another role would be refused at the start."""
        objects = rendered(SHUFFLED_MOST)
        receiver, pairer = args_of(objects, RECEIVER), args_of(objects, PAIRER)
        cluster = {*(f"--shuffle-brokers={broker}" for broker in SHUFFLED_MOST["shuffle"]["brokers"]), "--shuffle-topic=tap.halves",
                   "--shuffle-checkpoints=tap.checkpoints", "--shuffle-proxies=tap.proxies", "--shuffle-group=tap", "--shuffle-partitions=256",
                   "--shuffle-security=SaslSsl", "--shuffle-sasl=SCRAM-SHA-512", "--shuffle-credentials=/etc/traffictap/shuffle"}
        for args in (receiver, pairer):
            self.assertLessEqual(cluster, set(args))
            self.assertIn("--operator=traffictap-operator.traffictap-system.svc.cluster.local:9813", args)
        self.assertLessEqual({"--role=receiver", "--memory=1gb", "--queue-size=64mb", "--als-identity=certificate",
                              "--als-trust-domain=cluster.local", "--als-stream-max-age=15m"}, set(receiver))
        never = rendered(shuffled(receivers={"streamMaxAge": 0}))
        self.assertIn("--als-stream-max-age=0", args_of(never, RECEIVER))
        self.assertLessEqual({"--role=pairer", "--memory=2gb", "--waiting-size=512mb", "--output-dir=/var/lib/traffictap/records",
                              "--spool-dir=/var/lib/traffictap/spool"}, set(pairer))
        needs = (ROOT / "src/collector/role_options.cc").read_text()
        of_receivers = re.findall(r'\{"(--[\w-]+)", &RoleTraits::receives', needs)
        of_pairers = re.findall(r'\{"(--[\w-]+)", &RoleTraits::(?:pairs|shows|threads)', needs)
        self.assertTrue(of_receivers and of_pairers)
        for args, others in ((receiver, of_pairers), (pairer, of_receivers)):
            for name in (arg.split("=")[0] for arg in args):
                self.assertFalse([one for one in others if name == one or one.endswith("-") and name.startswith(one)], name)
        self.assertEqual(receiver[-1], "--log-level=debug")

    def test_credentials_are_mounted_where_there_are_some(self):
        objects = rendered(SHUFFLED_MOST)
        for key in (RECEIVER, PAIRER):
            self.assertIn("/etc/traffictap/shuffle", mounts_of(objects, key))
            self.assertIn({"name": "shuffle", "secret": {"secretName": "tap-kafka"}},
                          objects[key]["spec"]["template"]["spec"]["volumes"])
        plain = rendered(SHUFFLED)
        tls = rendered(shuffled(security="Ssl"))  # the system's authorities, no client certificate
        for objects, security in ((plain, "Plaintext"), (tls, "Ssl")):
            for key in (RECEIVER, PAIRER):
                self.assertIn(f"--shuffle-security={security}", args_of(objects, key))
                self.assertNotIn("/etc/traffictap/shuffle", mounts_of(objects, key))
                self.assertEqual([arg for arg in args_of(objects, key) if arg.startswith(("--shuffle-sasl", "--shuffle-cred"))], [])

    def test_keys_are_mounted_where_entries_are_encrypted_and_pairers_alone_read_plain_ones(self):
        objects = rendered(SHUFFLED_MOST)
        for key in (RECEIVER, PAIRER):
            self.assertIn("--shuffle-encryption=/etc/traffictap/shuffle-keys", args_of(objects, key))
            self.assertIn({"name": "shuffle-keys", "mountPath": "/etc/traffictap/shuffle-keys", "readOnly": True},
                          container(objects, key)["volumeMounts"])
            # All of the Secret, so that a key that is added is there without an upgrade.
            self.assertIn({"name": "shuffle-keys", "secret": {"secretName": "tap-keys"}},
                          objects[key]["spec"]["template"]["spec"]["volumes"])
        self.assertIn("--shuffle-accept-plain", args_of(objects, PAIRER))
        self.assertNotIn("--shuffle-accept-plain", args_of(objects, RECEIVER))
        strict = rendered(shuffled(encryption={"keysSecret": "tap-keys"}))
        self.assertNotIn("--shuffle-accept-plain", args_of(strict, PAIRER))
        self.assertNotIn("shuffle-keys", json.dumps(list(rendered(SHUFFLED_LIVE)[READER].items())))
        for key in (RECEIVER, PAIRER):
            self.assertNotIn("encryption", json.dumps(args_of(rendered(SHUFFLED), key)))

    def test_secrets_of_destinations_are_for_who_writes_records(self):
        objects = rendered(SHUFFLED_MOST)
        self.assertIn("/etc/traffictap/destinations/bus", mounts_of(objects, PAIRER))
        self.assertNotIn("/etc/traffictap/destinations/bus", mounts_of(objects, RECEIVER))

    def test_neither_role_has_a_right_or_a_token(self):
        objects = rendered(SHUFFLED_MOST)
        for key in (RECEIVER, PAIRER):
            pod = objects[key]["spec"]["template"]["spec"]
            self.assertIs(pod["automountServiceAccountToken"], False)
            bound = [name for name, item in objects.items()
                     if any(subject["name"] == pod["serviceAccountName"] for subject in item.get("subjects", []))]
            self.assertEqual(bound, [])
        self.assertNotIn("apiservices", json.dumps([item for key, item in objects.items() if "Role" in key]))
        allowed = [rule["from"][0]["source"]["principals"] for rule in objects["AuthorizationPolicy/traffictap-operator"]["spec"]["rules"]]
        self.assertEqual(allowed, [["*/ns/traffictap-system/sa/traffictap-receiver"], ["*/ns/traffictap-system/sa/traffictap-pairer"]])

    def test_only_receivers_are_reached_by_proxies_and_believe_their_sidecar(self):
        objects = rendered(SHUFFLED)
        label = {"app.kubernetes.io/name": "traffictap-receiver"}
        self.assertEqual(objects["NetworkPolicy/traffictap-collector"]["spec"]["podSelector"], {"matchLabels": label})
        self.assertEqual(objects["AuthorizationPolicy/traffictap-collector"]["spec"]["selector"], {"matchLabels": label})
        self.assertEqual(objects["EnvoyFilter/traffictap-collector"]["spec"]["workloadSelector"], {"labels": label})
        ports = [rule["ports"][0]["port"] for rule in objects["NetworkPolicy/traffictap-pairer"]["spec"]["ingress"]]
        self.assertEqual(ports, ["http-metrics"])
        taps = objects["NetworkPolicy/traffictap-operator"]["spec"]["ingress"][0]["from"]
        self.assertEqual([one["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for one in taps],
                         ["traffictap-receiver", "traffictap-pairer"])
        for mtls in ("Sidecar", "Certificates"):
            objects = rendered({**SHUFFLED, "als": {"mtls": mtls}})
            told = {key: yaml.safe_load(objects[key]["spec"]["template"]["metadata"]["annotations"]["proxy.istio.io/config"])
                    for key in (RECEIVER, PAIRER)}
            self.assertEqual(told[RECEIVER]["proxyHeaders"], {"forwardedClientCert": "SANITIZE_SET"})
            self.assertNotIn("proxyHeaders", told[PAIRER])
            self.assertEqual("/etc/istio-certs" in mounts_of(objects, RECEIVER), mtls == "Certificates")
            self.assertNotIn("/etc/istio-certs", mounts_of(objects, PAIRER))

    def test_egress_opens_kafka_for_both_and_destinations_for_pairers(self):
        objects = rendered(SHUFFLED_MOST)
        kafka = objects["NetworkPolicy/traffictap-shuffle-egress"]["spec"]
        self.assertEqual(kafka["podSelector"]["matchExpressions"][0]["values"], ["traffictap-receiver", "traffictap-pairer"])
        self.assertEqual(kafka["egress"], [{"ports": [{"port": 9093}, {"port": 9094}]}])
        outputs = objects["NetworkPolicy/traffictap-collector-egress"]["spec"]
        self.assertEqual(outputs["podSelector"], {"matchLabels": {"app.kubernetes.io/name": "traffictap-pairer"}})
        rules = [{"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}], "ports": [{"port": 9094}]}]
        policy = {**SHUFFLED_MOST["networkPolicy"], "kafkaTo": rules}
        self.assertEqual(rendered({**SHUFFLED_MOST, "networkPolicy": policy})["NetworkPolicy/traffictap-shuffle-egress"]["spec"]["egress"], rules)
        self.assertNotIn("NetworkPolicy/traffictap-shuffle-egress", rendered(SHUFFLED))
        off = rendered({**SHUFFLED, "networkPolicy": {"enabled": False}})
        self.assertEqual([key for key in off if key.startswith("NetworkPolicy")], [])

    def test_receivers_are_scaled_by_their_own_cpu_time(self):
        key = "HorizontalPodAutoscaler/traffictap-receiver"
        self.assertNotIn(key, rendered(SHUFFLED))
        self.assertEqual(rendered(SHUFFLED)[RECEIVER]["spec"]["replicas"], 2)
        objects = rendered(SHUFFLED_MOST)
        self.assertNotIn("replicas", objects[RECEIVER]["spec"])  # the autoscaler's alone
        spec = objects[key]["spec"]
        self.assertEqual((spec["minReplicas"], spec["maxReplicas"]), (3, 30))
        self.assertEqual(spec["scaleTargetRef"], {"apiVersion": "apps/v1", "kind": "Deployment", "name": "traffictap-receiver"})
        of = spec["metrics"][0]["containerResource"]
        self.assertEqual(of, {"name": "cpu", "container": "receiver", "target": {"type": "Utilization", "averageUtilization": 50}})
        self.assertEqual(of["container"], container(objects, RECEIVER)["name"])

    def test_a_drain_takes_one_pod_at_a_time_where_there_are_several(self):
        budgets = {f"PodDisruptionBudget/traffictap-{role}" for role in ("receiver", "pairer")}
        self.assertLessEqual(budgets, set(rendered(SHUFFLED)))
        one = {"replicas": 1}
        self.assertFalse(budgets & set(rendered(shuffled(receivers=one, pairers=one))))
        off = {"podDisruptionBudget": False}
        self.assertFalse(budgets & set(rendered(shuffled(receivers=off, pairers=off))))

    def test_pairers_keep_their_names_and_volumes(self):
        spec = rendered(SHUFFLED_MOST)[PAIRER]["spec"]
        self.assertEqual((spec["replicas"], spec["serviceName"], spec["podManagementPolicy"]), (8, "traffictap-pairer", "Parallel"))
        claims = {claim["metadata"]["name"]: claim for claim in spec["volumeClaimTemplates"]}
        self.assertEqual(claims["records"]["spec"]["storageClassName"], "fast")
        self.assertEqual(claims["records"]["spec"]["resources"], {"requests": {"storage": "50Gi"}})
        self.assertEqual(set(claims), {"records", "spool"})
        for claim in claims.values():  # nothing that another version would change: the API server refuses that
            self.assertEqual(claim["metadata"]["labels"], {"app.kubernetes.io/name": "traffictap-pairer"})
        self.assertNotIn("records", [volume["name"] for volume in spec["template"]["spec"]["volumes"]])
        self.assertEqual(spec["persistentVolumeClaimRetentionPolicy"], {"whenDeleted": "Retain", "whenScaled": "Retain"})
        gone = rendered(shuffled(pairers={"persistence": {"enabled": True}, "keepVolumes": False}))[PAIRER]["spec"]
        self.assertEqual(gone["persistentVolumeClaimRetentionPolicy"]["whenDeleted"], "Delete")
        least = rendered(SHUFFLED)[PAIRER]["spec"]
        self.assertNotIn("volumeClaimTemplates", least)
        self.assertIn({"name": "records", "emptyDir": {}}, least["template"]["spec"]["volumes"])

    def test_where_another_cluster_has_the_pairers_there_are_none_and_no_alert_misses_them(self):
        values = {**SHUFFLED_MOST, "shuffle": {**SHUFFLED_MOST["shuffle"], "pairers": {"replicas": 0}}}
        here, there = rendered(SHUFFLED_MOST), rendered(values)
        self.assertEqual(there[PAIRER]["spec"]["replicas"], 0)
        self.assertNotIn("PodDisruptionBudget/traffictap-pairer", there)

        def alerts(objects):
            return {rule["alert"]: rule for group in objects["PrometheusRule/traffictap"]["spec"]["groups"] for rule in group["rules"]}

        missed = alerts(here)
        self.assertIn("TrafficTapPairersAbsent", missed)
        del missed["TrafficTapPairersAbsent"]
        self.assertEqual(alerts(there), missed)

    def test_pods_are_spread_and_stop_as_they_are_told(self):
        objects = rendered(SHUFFLED_MOST)
        pods = pods_of(objects)
        self.assertEqual(pods[PAIRER]["spec"]["topologySpreadConstraints"][0]["topologyKey"], "zone")
        self.assertEqual(pods[PAIRER]["spec"]["terminationGracePeriodSeconds"], 60)
        self.assertEqual(pods[RECEIVER]["spec"]["topologySpreadConstraints"][0]["topologyKey"], "kubernetes.io/hostname")
        self.assertEqual(pods[RECEIVER]["spec"]["nodeSelector"], {"pool": "edge"})
        self.assertEqual(pods[PAIRER]["metadata"]["labels"]["team"], "records")
        self.assertEqual(objects["ServiceAccount/traffictap-pairer"]["metadata"]["annotations"], {"example.com/role": "kafka"})
        self.assertTrue(container(objects, RECEIVER)["image"].endswith("traffictap-collector@sha256:" + "1" * 64))

    def test_the_grace_period_holds_the_longest_stop(self):
        """Reading on and the outputs' time, as of the collector, and a handover of partitions."""
        header = (ROOT / "src/collector/options.h").read_text()
        stop = sum(int(n) for n in re.findall(r"(?:read_on|close_wait) = (\d+) \* base::kSecond", header))
        handover = int(re.search(r"release_wait = (\d+) \* base::kSecond", (ROOT / "src/shuffle/group_member_options.h").read_text())[1])
        for pod in (pods_of(rendered(SHUFFLED))[key] for key in (RECEIVER, PAIRER)):
            self.assertGreaterEqual(pod["spec"]["terminationGracePeriodSeconds"], stop + handover + 5)

    def test_names_and_references_follow_the_override(self):
        own = {"nameOverride": "mesh-tap", "fullnameOverride": "obs", "commonLabels": {"team": "mesh"}}
        objects = rendered({**SHUFFLED_MOST, **own})
        pods = pods_of(objects)
        self.assertLessEqual({"Deployment/obs-receiver", "StatefulSet/obs-pairer"}, set(pods))
        for key, item in objects.items():
            spec = item.get("spec", {})
            wanted = spec.get("selector") or spec.get("podSelector")
            if item["kind"] in ("Service", "NetworkPolicy", "PodDisruptionBudget", "StatefulSet", "Deployment", "AuthorizationPolicy") and wanted:
                if "matchExpressions" in wanted:
                    continue
                wanted = wanted.get("matchLabels", wanted).items()
                self.assertTrue(any(wanted <= pod["metadata"]["labels"].items() for pod in pods.values()), key)
        accounts = {item["metadata"]["name"] for item in objects.values() if item["kind"] == "ServiceAccount"}
        self.assertEqual({pod["spec"]["serviceAccountName"] for pod in pods.values()}, accounts)
        for key, item in objects.items():
            if item["kind"] not in ("CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
                self.assertEqual(item["metadata"]["labels"]["team"], "mesh", key)
        there = shuffled(**{role: {"serviceAccount": {"create": False, "name": f"{role}.cloud"}} for role in ("receivers", "pairers")})
        objects = rendered(there)
        self.assertFalse([key for key in objects if key.startswith("ServiceAccount/") and key.endswith(("receiver", "pairer"))])
        self.assertEqual(objects[PAIRER]["spec"]["template"]["spec"]["serviceAccountName"], "pairers.cloud")
        self.assertIn("sa/receivers.cloud", json.dumps(objects["AuthorizationPolicy/traffictap-operator"]))

    def test_texts_arrive_as_they_are(self):
        texts = ["true", "null", "1e3", "~", "a: b # c", "{{ .Values }}", '"', "two\nlines", " blank "]
        role = {"podAnnotations": {f"example.com/{n}": text for n, text in enumerate(texts)}, "extraArgs": [f"--x={text}" for text in texts],
                "extraEnv": [{"name": f"X{n}", "value": text} for n, text in enumerate(texts)],
                "extraVolumes": [{"name": "extra", "emptyDir": {}}], "extraVolumeMounts": [{"name": "extra", "mountPath": "/extra"}]}
        objects = rendered(shuffled(receivers=role, pairers=role))
        for key in (RECEIVER, PAIRER):
            template = objects[key]["spec"]["template"]
            self.assertLessEqual(role["podAnnotations"].items(), template["metadata"]["annotations"].items())
            self.assertEqual(container(objects, key)["args"][-len(texts):], role["extraArgs"])
            self.assertEqual([one["value"] for one in container(objects, key)["env"] if one["name"].startswith("X")], texts)
            self.assertIn("/extra", mounts_of(objects, key))
            self.assertIn({"name": "extra", "emptyDir": {}}, template["spec"]["volumes"])


class Reader(unittest.TestCase):
    """With api.enabled: one process that asks all pairers, and is asked by the API server."""

    def test_it_is_there_with_the_api_alone_and_the_collectors_part_of_it_is_not(self):
        self.assertNotIn(READER, rendered(SHUFFLED))
        objects = rendered(SHUFFLED_LIVE)
        self.assertEqual((objects[READER]["spec"]["replicas"], objects[READER]["spec"]["strategy"]), (1, {"type": "Recreate"}))
        self.assertEqual([port["name"] for port in objects["Service/traffictap-collector"]["spec"]["ports"]], ["grpc-als", "http-metrics"])
        self.assertNotIn("https-api", json.dumps(objects["NetworkPolicy/traffictap-collector"]))
        self.assertEqual([key for key in objects if "Role" in key and key.endswith("traffictap-collector")], [])
        self.assertIn("--api-remove-after=1m", args_of(objects, "Deployment/traffictap-operator"))

    def test_it_finds_the_pairers_by_their_stateful_set_and_shows_its_certificate(self):
        objects = rendered(SHUFFLED_LIVE)
        self.assertLessEqual({
            "--role=reader", "--api=0.0.0.0:9815", "--api-service=traffictap-reader.traffictap-system", "--api-owner=traffictap-reader",
            "--pairers-statefulset=traffictap-system/traffictap-pairer:9815", "--pairers-ca=/etc/traffictap/pairer/ca.crt",
            "--pairers-cert=/etc/traffictap/reader/tls.crt", "--pairers-key=/etc/traffictap/reader/tls.key",
            "--pairers-server-name=traffictap-pairer", "--log-level=debug"}, set(args_of(objects, READER)))
        self.assertLessEqual({
            "--api=0.0.0.0:9815", "--api-cert=/etc/traffictap/pairer/tls.crt", "--api-key=/etc/traffictap/pairer/tls.key",
            "--api-readers-ca=/etc/traffictap/reader/ca.crt", "--live-backlog-size=64mb",
            "--trace-url=https://jaeger.example/trace/{traceId}"}, set(args_of(objects, PAIRER)))
        self.assertEqual([arg for arg in args_of(objects, RECEIVER) if arg.startswith(("--api", "--trace", "--live"))], [])
        self.assertIn({"name": "https-readers", "port": 9815, "targetPort": "https-readers"},
                      objects["Service/traffictap-pairer"]["spec"]["ports"])
        ports = {port["name"]: port["port"] for port in objects["Service/traffictap-reader"]["spec"]["ports"]}
        self.assertEqual(ports["https-api"], 443)

    def test_each_side_gets_of_the_other_secret_the_authority_alone(self):
        def keys(key):
            volumes = rendered(SHUFFLED_LIVE)[key]["spec"]["template"]["spec"]["volumes"]
            return {one["secret"]["secretName"]: [item["key"] for item in one["secret"]["items"]] for one in volumes if "secret" in one}

        self.assertEqual(keys(PAIRER), {"pairers-tls": ["tls.crt", "tls.key"], "reader-tls": ["ca.crt"]})
        self.assertEqual(keys(READER), {"pairers-tls": ["ca.crt"], "reader-tls": ["tls.crt", "tls.key"]})

    def test_the_reader_registers_and_pairers_ask_for_rights_and_neither_may_do_more(self):
        objects = rendered(SHUFFLED_LIVE)
        asked = [rule["resources"] for rule in objects["ClusterRole/traffictap-pairer"]["rules"]]
        self.assertEqual(asked, [["subjectaccessreviews"]])
        rules = objects["ClusterRole/traffictap-reader"]["rules"]
        self.assertEqual([rule["resources"] for rule in rules], [["apiservices"], ["clusterroles"]])
        self.assertTrue(all(rule["resourceNames"] for rule in rules))
        self.assertEqual(objects["Role/traffictap-reader"]["rules"], [
            {"apiGroups": ["apps"], "resources": ["statefulsets"], "resourceNames": ["traffictap-pairer"], "verbs": ["get"]},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"]}])
        self.assertIn(PAIRER, objects)  # its name
        tokens = {key: objects[key]["spec"]["template"]["spec"].get("automountServiceAccountToken", True)
                  for key in (RECEIVER, PAIRER, READER)}
        self.assertEqual(tokens, {RECEIVER: False, PAIRER: True, READER: True})
        for role, count in (("receiver", 0), ("pairer", 1), ("reader", 3)):
            bound = [key for key, item in objects.items() if any(s["name"] == f"traffictap-{role}" for s in item.get("subjects", []))]
            self.assertEqual(len(bound), count, bound)

    def test_pairers_are_asked_by_the_reader_alone_and_sidecars_stay_away(self):
        objects = rendered(SHUFFLED_LIVE)
        rules = {rule["ports"][0]["port"]: rule.get("from") for rule in objects["NetworkPolicy/traffictap-pairer"]["spec"]["ingress"]}
        self.assertEqual(rules["https-readers"], [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "traffictap-reader"}}}])
        rules = {rule["ports"][0]["port"]: rule.get("from") for rule in objects["NetworkPolicy/traffictap-reader"]["spec"]["ingress"]}
        self.assertEqual(set(rules), {"http-metrics", "https-api"})
        told = {key: objects[key]["spec"]["template"]["metadata"]["annotations"] for key in (PAIRER, READER)}
        self.assertEqual(told[PAIRER]["traffic.sidecar.istio.io/excludeInboundPorts"], "9812,9815")
        self.assertEqual(told[READER]["traffic.sidecar.istio.io/excludeOutboundPorts"], "443,9815")
        self.assertNotIn("reader", json.dumps(objects["AuthorizationPolicy/traffictap-operator"]))  # it has the pairers' taps


class Topics(unittest.TestCase):
    """The example for Strimzi holds what the programs ask of the topics (src/shuffle/topic_check.cc)."""

    def test_they_are_those_of_the_charts_defaults_and_pass_the_check(self):
        topics = {item["metadata"]["name"]: item["spec"] for item in yaml.safe_load_all(TOPICS.read_text())}
        values = yaml.safe_load((CHART / "values.yaml").read_text())["shuffle"]
        self.assertEqual(set(topics), {values["topic"], values["checkpoints"], values["proxies"]})
        for name in ("topic", "checkpoints"):
            self.assertEqual(topics[values[name]]["partitions"], values["partitions"])
        for spec in topics.values():
            self.assertLess(spec["config"]["min.insync.replicas"], spec["replicas"])
        halves, *compacted = (topics[values[name]]["config"] for name in ("topic", "checkpoints", "proxies"))
        self.assertEqual((halves["cleanup.policy"], halves["message.timestamp.type"]), ("delete", "LogAppendTime"))
        asked = re.search(r'"max.message.bytes", size, "(\d+) or more"', (ROOT / "src/shuffle/topic_check.cc").read_text())[1]
        self.assertGreaterEqual(halves["max.message.bytes"], int(asked))
        self.assertEqual([config["cleanup.policy"] for config in compacted], ["compact", "compact,delete"])
        repeat = re.search(r"repeat = (\d+) \* base::kSecond", (ROOT / "src/shuffle/proxy_publisher.h").read_text())[1]
        self.assertGreater(compacted[1]["retention.ms"], 2 * 1000 * int(repeat))

    def test_the_user_has_the_rights_of_a_receiver_and_of_a_pairer(self):
        user, values = yaml.safe_load(USERS.read_text()), yaml.safe_load((CHART / "values.yaml").read_text())["shuffle"]
        rights = {(acl["resource"]["type"], acl["resource"]["name"]): set(acl["operations"])
                  for acl in user["spec"]["authorization"]["acls"]}
        both = {"Write", "Read", "Describe", "DescribeConfigs"}
        self.assertEqual(rights, {("group", values["group"]): {"Read"},
                                  **{("topic", values[name]): both for name in ("topic", "checkpoints", "proxies")}})

    def test_their_arithmetic_is_right(self):
        self.assertAlmostEqual(100_000 * 2 * 180 * 2 * 3600 * 3 / 1e12, 0.8, delta=0.03)
        self.assertIn("0.8 TB for 100,000 requests a second, two hours and three replicas", re.sub(r"\s*#?\s+", " ", TOPICS.read_text()))

    def test_nothing_that_is_installed_creates_topics_or_users(self):
        self.assertEqual([key for key in rendered(SHUFFLED_MOST) if key.startswith("Kafka")], [])
