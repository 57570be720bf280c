# SPDX-License-Identifier: Apache-2.0
"""What the chart renders, at its least and at its most, and which values it refuses. Needs no cluster."""

import json
import re
import subprocess
import tempfile
import unittest

import yaml
from installing import CHART, HELM, ROOT, HelmError
from mesh import Mesh
from rendering import SHUFFLED, SHUFFLED_LIVE, SHUFFLED_MOST, helm, pods_of, rendered, shuffled, values_file

MOST = {
    "image": {"registry": "registry.example.com/tap/", "tag": "9.9.9", "pullSecrets": ["pull"]},
    "istio": {"rootNamespace": "mesh-root", "clusterDomain": "example.org", "revision": "canary"},
    "als": {"mtls": "Certificates", "trustDomains": ["cluster.local"]},
    "operator": {
        "replicas": 3, "podLabels": {"team": "a"}, "podAnnotations": {"note": "b"}, "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "infra", "operator": "Exists"}], "priorityClassName": "high",
        "affinity": {"nodeAffinity": {}}, "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "zone",
                                                                         "whenUnsatisfiable": "DoNotSchedule"}]},
    "collector": {
        "persistence": {"enabled": True, "storageClass": "fast"}, "spool": {"persistent": True, "size": "20Gi"},
        "destinationSecrets": ["kafka"],
        "image": {"digest": "sha256:" + "0" * 64}, "podLabels": {"team": "a"}, "memory": "2gb", "queueSize": "100mb",
        "waitingSize": "400mb", "liveBacklogSize": "200mb", "pairingThreads": 4},
    "networkPolicy": {"restrictEgress": True, "egressTo": [{"ports": [{"port": 9092}]}]},
    "monitoring": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}, "dashboards": {"enabled": True}},
}
# What an installation may add or call otherwise, all of it.
NAMED = {
    "nameOverride": "mesh-tap", "fullnameOverride": "obs", "commonLabels": {"team": "mesh", "release": "tap"},
    "commonAnnotations": {"example.com/owner": "mesh: team", "example.com/role": "none"},
    "service": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]},
    "global": {"imageRegistry": "mirror.example.com", "imagePullSecrets": ["pull", {"name": "shared"}], "somebodyElses": {"x": 1}},
    "image": {"registry": "registry.example.com", "pullSecrets": ["pull", "own"]},
    "collector": {"persistence": {"enabled": True}, "spool": {"persistent": True}, "podLabels": {"team": "records"}},
    "networkPolicy": {"restrictEgress": True, "egressTo": [{"ports": [{"port": 9092}]}]},
    "monitoring": {"podMonitor": {"enabled": True, "labels": {"release": "prometheus"}}, "rules": {"enabled": True},
                   "dashboards": {"enabled": True}},
}
for part in ("operator", "collector"):
    NAMED.setdefault(part, {}).update({
        "serviceAccount": {"annotations": {"example.com/role": part}}, "extraArgs": ["--log-level=debug", "--name=a b"],
        "extraEnv": [{"name": "GOGC", "value": "1"}], "extraVolumes": [{"name": "extra", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "extra", "mountPath": "/extra"}]})
LEAST = {
    "als": {"mtls": "Disabled"}, "api": {"enabled": False}, "operator": {"replicas": 1, "istiodToken": False}, "crds": {"install": False},
    "admissionPolicy": {"enabled": False}, "roles": {"create": False}, "networkPolicy": {"enabled": False},
    "uninstall": {"removePatches": False},
}
# (what is wrong, the value, what helm says of it)
WRONG = [
    ("an unknown key", {"colector": {}}, "additional properties 'colector' not allowed"),
    ("an unknown key inside", {"collector": {"replicas": 2}}, "additional properties 'replicas' not allowed"),
    ("another type", {"operator": {"replicas": "two"}}, "at '/operator/replicas': got string, want integer"),
    ("an unknown word", {"als": {"mtls": "On"}}, "must be one of 'Sidecar', 'Certificates', 'Disabled'"),
    ("no thread to join", {"collector": {"pairingThreads": 0}}, "'/collector/pairingThreads'"),
    ("too many threads to join", {"collector": {"pairingThreads": 65}}, "'/collector/pairingThreads'"),
    ("no size", {"collector": {"queueSize": "much"}}, "'/collector/queueSize'"),
    ("a spool of another kind", {"collector": {"spool": {"persistent": "yes"}}}, "'/collector/spool/persistent'"),
    ("a quantity of Kubernetes", {"collector": {"memory": "1Gi"}}, "'/collector/memory'"),
    ("a grace period that cuts the outputs off", {"collector": {"terminationGracePeriodSeconds": 5}}, "minimum"),
    ("a grace time without a unit", {"operator": {"patchGrace": "5"}}, "'/operator/patchGrace'"),
    ("a header list as one text", {"operator": {"standing": {"requestHeaders": "x-a"}}}, "'/operator/standing/requestHeaders'"),
    ("how often without a unit", {"operator": {"standing": {"openStreams": "30"}}}, "'/operator/standing/openStreams'"),
    ("two labels in one", {"operator": {"standing": {"namespaceLabels": {"a": "b,c=d"}}}}, "'/operator/standing/namespaceLabels/a'"),
    ("a name that is none", {"fullnameOverride": "Obs"}, "'/fullnameOverride'"),
    ("a name that leaves no room", {"nameOverride": "a" * 41}, "'/nameOverride'"),
    ("a label that the chart's selectors are made of", {"commonLabels": {"app.kubernetes.io/name": "x"}},
     "invalid propertyName 'app.kubernetes.io/name'"),
    ("an annotation that tells the sidecar whom to believe", {"collector": {"podAnnotations": {"proxy.istio.io/config": "{}"}}},
     "invalid propertyName 'proxy.istio.io/config'"),
    ("an annotation that helm reads", {"commonAnnotations": {"helm.sh/hook": "test"}}, "invalid propertyName 'helm.sh/hook'"),
    ("an unknown policy of families", {"service": {"ipFamilyPolicy": "DualStack"}}, "at '/service/ipFamilyPolicy': value must be one of"),
    ("a family twice", {"service": {"ipFamilies": ["IPv6", "IPv6"]}}, "'/service/ipFamilies'"),
    ("no account and none named", {"operator": {"serviceAccount": {"create": False}}}, "'/operator/serviceAccount/name'"),
    ("an account that is no name", {"collector": {"serviceAccount": {"name": "A b"}}}, "'/collector/serviceAccount/name'"),
    ("a Secret without a name", {"global": {"imagePullSecrets": [{}]}}, "'/global/imagePullSecrets/0'"),
    ("an argument that is no flag", {"collector": {"extraArgs": ["debug"]}}, "'/collector/extraArgs/0'"),
    ("a variable without a name", {"operator": {"extraEnv": [{"value": "1"}]}}, "missing property 'name'"),
    ("a volume mounted nowhere", {"collector": {"extraVolumeMounts": [{"name": "x"}]}}, "missing property 'mountPath'"),
    ("a maximum that is no duration", {"admissionPolicy": {"durationMax": "one day"}}, "'/admissionPolicy/durationMax'"),
    ("a maximum that is no size", {"admissionPolicy": {"outputDiskMax": "10GB"}}, "'/admissionPolicy/outputDiskMax'"),
    ("a time without a unit", {"api": {"removeAfter": "60"}}, "'/api/removeAfter'"),
    ("a place for traces without one for their id", {"api": {"traceUrl": "https://jaeger.example/"}}, "'/api/traceUrl'"),
    ("a digest that is none", {"operator": {"image": {"digest": "latest"}}}, "'/operator/image/digest'"),
    ("a shuffle without a cluster", {**SHUFFLED, "shuffle": {"enabled": True}}, "shuffle.enabled needs shuffle.brokers"),
    ("a shuffle with the API", {**SHUFFLED, "api": {"enabled": True}}, "needs shuffle.reader.pairersSecret and readerSecret"),
    ("a reader with half of its certificates", {**shuffled(reader={"readerSecret": "r"}), "api": {"enabled": True}},
     "or set api.enabled=false"),
    ("a broker without a port", shuffled(brokers=["kafka"]), "'/shuffle/brokers/0'"),
    ("one topic for two", shuffled(topic="a", checkpoints="a"), 'shuffle.topic and shuffle.checkpoints are both "a": they must be two topics'),
    ("one topic for entries and proxies", shuffled(topic="a", proxies="a"), 'shuffle.topic and shuffle.proxies are both "a"'),
    ("one topic for states and proxies", shuffled(checkpoints="a", proxies="a"), 'shuffle.checkpoints and shuffle.proxies are both "a"'),
    ("a topic that is none", shuffled(topic="a/b"), "'/shuffle/topic'"),
    ("no partition", shuffled(partitions=0), "'/shuffle/partitions'"),
    ("less than no pairer", shuffled(pairers={"replicas": -1}), "at '/shuffle/pairers/replicas': minimum"),
    ("live records of another cluster's pairers", {**shuffled(pairers={"replicas": 0}), "api": {"enabled": True}},
     "shuffle.pairers.replicas is 0, so the records are in another cluster: set api.enabled=false"),
    ("an age without a unit", shuffled(receivers={"streamMaxAge": "15"}), "'/shuffle/receivers/streamMaxAge'"),
    ("no receiver", shuffled(receivers={"replicas": 0}), "at '/shuffle/receivers/replicas': minimum"),
    ("more pairers than partitions", shuffled(partitions=4, pairers={"replicas": 5}),
     "shuffle.pairers.replicas is 5 and shuffle.partitions 4"),
    ("an unknown security", shuffled(security="TLS"), "must be one of 'Plaintext', 'Ssl', 'SaslPlaintext', 'SaslSsl'"),
    ("SASL without a mechanism", shuffled(security="SaslSsl", credentialsSecret="k"), "SaslSsl needs shuffle.sasl.mechanism"),
    ("a mechanism without SASL", shuffled(security="Ssl", sasl={"mechanism": "PLAIN"}), "needs shuffle.security SaslPlaintext or SaslSsl"),
    ("SASL without credentials", shuffled(security="SaslSsl", sasl={"mechanism": "PLAIN"}), "shuffle.sasl needs shuffle.credentialsSecret"),
    ("plain entries where none are encrypted", shuffled(encryption={"acceptPlain": True}),
     "shuffle.encryption.acceptPlain needs shuffle.encryption.keysSecret"),
    ("credentials that nobody asks for", shuffled(credentialsSecret="k"), "Plaintext has no use for shuffle.credentialsSecret"),
    ("a least that is more than the most", shuffled(receivers={"autoscaling": {"enabled": True, "minReplicas": 11}}),
     "minReplicas is 11, more than its maxReplicas, 10"),
    ("a percentage of nothing", shuffled(receivers={"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": None}}}),
     "needs shuffle.receivers.resources.requests.cpu"),
    ("a volume of another kind", shuffled(pairers={"persistence": {"enabled": "yes"}}), "'/shuffle/pairers/persistence/enabled'"),
    ("a volume that exists, for several", shuffled(pairers={"persistence": {"existingClaim": "a"}}),
     "additional properties 'existingClaim' not allowed"),
    ("a volume that nobody may write", shuffled(pairers={"spool": {"accessModes": ["ReadOnlyMany"]}}), "'/shuffle/pairers/spool/accessModes/0'"),
    ("a grace period that cuts a handover off", shuffled(pairers={"terminationGracePeriodSeconds": 5}), "minimum"),
]


class Chart(unittest.TestCase):
    def test_passes_the_strict_lint_at_its_least_and_at_its_most(self):
        for values in ({}, LEAST, MOST, NAMED, SHUFFLED, SHUFFLED_MOST, SHUFFLED_LIVE):
            with values_file(values) as file:
                helm("lint", "--strict", CHART, "--values", file.name)

    def test_refuses_values_that_it_does_not_have(self):
        for what, values, says in WRONG:
            with self.subTest(what), values_file(values) as file:
                with self.assertRaises(HelmError) as caught:
                    helm("template", "traffictap", CHART, "--values", file.name)
                self.assertIn(says, str(caught.exception))

    def test_refuses_a_cluster_that_is_too_old(self):
        with self.assertRaisesRegex(HelmError, "incompatible"):
            helm("template", "traffictap", CHART, "--kube-version", "1.30.9")

    def test_the_schema_closes_every_object_of_ours(self):
        def open_objects(schema, path):
            if schema.get("type") == "object":
                if "properties" in schema and schema.get("additionalProperties") is not False:
                    yield path
                for name, inner in schema.get("properties", {}).items():
                    yield from open_objects(inner, f"{path}.{name}")

        schema = json.loads((CHART / "values.schema.json").read_text())
        self.assertEqual(list(open_objects(schema, "values")), ["values.global"])  # a parent chart has its own there

    def test_the_schema_knows_every_value_and_no_other(self):
        def keys(values, schema, path=""):
            known = schema.get("properties")
            if known is None:
                return
            self.assertEqual(set(values), set(known), path)
            for name, inner in values.items():
                keys(inner, known[name], f"{path}.{name}")

        keys(yaml.safe_load((CHART / "values.yaml").read_text()), json.loads((CHART / "values.schema.json").read_text()))

    def test_at_its_least_it_is_two_deployments_their_rights_and_the_test(self):
        kinds = {key.split("/")[0] for key in rendered(LEAST)}
        self.assertEqual(kinds, {"Deployment", "Service", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role",
                                 "RoleBinding", "Pod"})

    def test_every_value_arrives(self):
        objects = rendered(MOST)
        operator = objects["Deployment/traffictap-operator"]
        pod = operator["spec"]["template"]
        self.assertEqual(operator["spec"]["replicas"], 3)
        self.assertEqual(pod["spec"]["containers"][0]["image"], "registry.example.com/tap/traffictap-operator:9.9.9")
        self.assertEqual(pod["metadata"]["labels"]["team"], "a")
        self.assertEqual(pod["metadata"]["labels"]["istio.io/rev"], "canary")
        self.assertEqual(pod["metadata"]["annotations"]["note"], "b")
        self.assertEqual(pod["spec"]["nodeSelector"], {"disk": "ssd"})
        self.assertEqual(pod["spec"]["tolerations"][0]["key"], "infra")
        self.assertEqual(pod["spec"]["priorityClassName"], "high")
        self.assertEqual(pod["spec"]["topologySpreadConstraints"][0]["topologyKey"], "zone")
        self.assertIn("--root-namespace=mesh-root", pod["spec"]["containers"][0]["args"])
        collector = objects["Deployment/traffictap-collector"]["spec"]["template"]["spec"]
        args = collector["containers"][0]["args"]
        self.assertTrue(collector["containers"][0]["image"].endswith("traffictap-collector@sha256:" + "0" * 64))
        self.assertIn("--operator=traffictap-operator.traffictap-system.svc.example.org:9813", args)
        self.assertIn("--als-identity=certificate", args)
        self.assertIn("--als-trust-domain=cluster.local", args)
        sizes = {"--memory=2gb", "--queue-size=100mb", "--waiting-size=400mb", "--live-backlog-size=200mb", "--pairing-threads=4"}
        self.assertLessEqual(sizes, set(args))
        mounts = {m["mountPath"] for m in collector["containers"][0]["volumeMounts"]}
        self.assertIn("/etc/traffictap/destinations/kafka", mounts)
        self.assertEqual(objects["PersistentVolumeClaim/traffictap-records"]["spec"]["storageClassName"], "fast")
        self.assertIn("NetworkPolicy/traffictap-collector-egress", objects)
        self.assertIn("RoleBinding/mesh-root/traffictap-operator", objects)
        rule = json.dumps(objects["ValidatingAdmissionPolicy/traffictap-may-tap"])
        self.assertIn("object.metadata.namespace != 'mesh-root'", rule)
        self.assertNotIn("istio-system", rule)
        self.assertTrue(objects["PrometheusRule/traffictap"]["spec"]["groups"])
        for text in objects["ConfigMap/traffictap-dashboards"]["data"].values():
            json.loads(text)

    def test_every_name_and_every_reference_to_it_follows_the_override(self):
        fixed = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "CustomResourceDefinition"}
        people = {"traffictap-tapper", "traffictap-dumper", "traffictap-viewer", "traffictap-admin"}
        objects = rendered(NAMED)
        for item in objects.values():
            name = item["metadata"]["name"]
            if item["kind"] not in fixed and name not in people:
                self.assertRegex(name, "^obs(-|$)")
        left = [key for key, item in objects.items() if item["kind"] not in fixed
                if re.search(r"traffictap-(collector|test|uninstall|records)\b", json.dumps(
                    item["metadata"] if item["kind"] in ("ConfigMap", "PrometheusRule") else item).replace("/traffictap-collector:", ""))]
        self.assertEqual(left, [])
        pods = pods_of(objects)
        for kind, selector in [("Service", "selector"), ("NetworkPolicy", "podSelector"), ("PeerAuthentication", "selector"),
                               ("AuthorizationPolicy", "selector"), ("Deployment", "selector"), ("PodDisruptionBudget", "selector"),
                               ("PodMonitor", "selector")]:
            for key, item in objects.items():
                if item["kind"] == kind:
                    wanted = item["spec"][selector]
                    wanted = wanted.get("matchLabels", wanted).items()
                    self.assertTrue(any(wanted <= pod["metadata"]["labels"].items() for pod in pods.values()), key)
        args = pods["Deployment/obs-operator"]["spec"]["containers"][0]["args"]
        self.assertIn("--collector-service=obs-collector", args)
        args = pods["Deployment/obs-collector"]["spec"]["containers"][0]["args"]
        self.assertIn("--api-service=obs-collector.traffictap-system", args)
        self.assertIn("--operator=obs-operator.traffictap-system.svc.cluster.local:9813", args)
        self.assertIn("--api-owner=obs-collector", args)
        self.assertIn('"resourceNames": ["obs-collector"]', json.dumps(objects["ClusterRole/obs-collector"]))
        accounts = {pod["spec"]["serviceAccountName"] for pod in pods.values()}
        self.assertEqual(accounts, {i["metadata"]["name"] for i in objects.values() if i["kind"] == "ServiceAccount"})
        self.assertIn("*/ns/traffictap-system/sa/obs-collector", json.dumps(objects["AuthorizationPolicy/obs-operator"]))
        only_name = rendered({"nameOverride": "mesh-tap"})["Deployment/mesh-tap-operator"]["spec"]["template"]["metadata"]
        self.assertEqual(only_name["labels"]["app.kubernetes.io/name"], "mesh-tap-operator")

    def test_services_have_the_chosen_families_and_pairers_one_address_each(self):
        def told(values):
            services = {key: item["spec"] for key, item in rendered(values).items() if item["kind"] == "Service"}
            return {key: (spec.get("ipFamilyPolicy"), spec.get("ipFamilies")) for key, spec in services.items()}
        chosen = {"service": {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]}}
        both, none = ("RequireDualStack", ["IPv6", "IPv4"]), (None, None)
        self.assertEqual(set(told({}).values()), {none})
        self.assertEqual(told(chosen), {"Service/traffictap-operator": both, "Service/traffictap-collector": both})
        live = told({**SHUFFLED_LIVE, **chosen})
        self.assertEqual({key for key, families in live.items() if families == none}, {"Service/traffictap-pairer"})
        self.assertEqual(live["Service/traffictap-reader"], both)

    def test_common_labels_are_everywhere_and_give_way_to_an_objects_own(self):
        objects = rendered(NAMED)
        for key, item in objects.items():
            if item["kind"] in ("CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
                continue
            self.assertEqual(item["metadata"]["labels"]["team"], "mesh", key)
        self.assertEqual(objects["PodMonitor/obs"]["metadata"]["labels"]["release"], "prometheus")
        pods = pods_of(objects)
        for key, pod in pods.items():
            self.assertIn("team", pod["metadata"]["labels"], key)
        self.assertEqual(pods["Deployment/obs-operator"]["metadata"]["labels"]["team"], "mesh")
        self.assertEqual(pods["Deployment/obs-collector"]["metadata"]["labels"]["team"], "records")
        for item in objects.values():
            if item["kind"] == "Deployment":
                self.assertNotIn("team", item["spec"]["selector"]["matchLabels"])

    def test_a_pod_label_cannot_undo_what_selectors_are_made_of(self):
        own = {"app.kubernetes.io/name": "other", "sidecar.istio.io/inject": "false"}
        pod = rendered({"collector": {"podLabels": own}})["Deployment/traffictap-collector"]["spec"]["template"]
        self.assertEqual(pod["metadata"]["labels"]["app.kubernetes.io/name"], "traffictap-collector")
        self.assertEqual(pod["metadata"]["labels"]["sidecar.istio.io/inject"], "true")

    def test_what_an_installation_adds_to_the_programs_is_there(self):
        objects = rendered(NAMED)
        for part in ("operator", "collector"):
            account = objects[f"ServiceAccount/obs-{part}"]["metadata"]
            self.assertEqual(account["annotations"], {"example.com/role": part, "example.com/owner": "mesh: team"})
            spec = objects[f"Deployment/obs-{part}"]["spec"]["template"]["spec"]
            container = spec["containers"][0]
            self.assertEqual(container["args"][-2:], ["--log-level=debug", "--name=a b"])
            self.assertIn({"name": "GOGC", "value": "1"}, container["env"])
            self.assertIn({"name": "extra", "mountPath": "/extra"}, container["volumeMounts"])
            self.assertIn({"name": "extra", "emptyDir": {}}, spec["volumes"])
            self.assertTrue(container["image"].startswith("mirror.example.com/traffictap-"), container["image"])
        alone = rendered({"operator": {"istiodToken": False, "extraVolumes": [{"name": "a", "emptyDir": {}}]}})
        self.assertEqual(alone["Deployment/traffictap-operator"]["spec"]["template"]["spec"]["volumes"],
                         [{"name": "a", "emptyDir": {}}])

    def test_the_longest_names_leave_room_for_what_is_added_to_them(self):
        for objects in (rendered({"nameOverride": "a" * 40}), rendered({"fullnameOverride": "a" * 40}),
                        rendered({"nameOverride": "b" * 40, "fullnameOverride": "a" * 40, "monitoring": NAMED["monitoring"],
                                  "networkPolicy": NAMED["networkPolicy"], "collector": NAMED["collector"]})):
            for key, item in [*objects.items(), *pods_of(objects).items()]:
                metadata = item["metadata"]
                self.assertLessEqual(len(metadata.get("name", "")), 63, key)
                for value in metadata.get("labels", {}).values():
                    self.assertLessEqual(len(value), 63, key)

    def test_texts_arrive_as_they_are_whatever_yaml_or_a_template_reads_in_them(self):
        texts = ["true", "null", "1e3", "0x10", "~", "a: b # c", "- x", "{{ .Values }}", '"', "'", "two\nlines", " blank ", "é✓"]
        given = {f"example.com/{number}": text for number, text in enumerate(texts)}
        arguments = [f"--x={text}" for text in texts]
        values = {"commonAnnotations": given}
        for part in ("operator", "collector"):
            values[part] = {"podAnnotations": given, "extraArgs": arguments,
                            "extraEnv": [{"name": f"X{number}", "value": text} for number, text in enumerate(texts)]}
        objects = rendered(values)
        for part in ("operator", "collector"):
            item = objects[f"Deployment/traffictap-{part}"]
            template = item["spec"]["template"]
            container = template["spec"]["containers"][0]
            self.assertLessEqual(given.items(), item["metadata"]["annotations"].items(), part)
            self.assertLessEqual(given.items(), template["metadata"]["annotations"].items(), part)
            self.assertEqual(container["args"][-len(texts):], arguments, part)
            self.assertEqual([one["value"] for one in container["env"] if one["name"].startswith("X")], texts, part)

    def test_common_annotations_are_on_every_object_of_the_release_and_on_no_pod_of_a_deployment(self):
        objects = rendered(NAMED)
        for key, item in objects.items():
            if item["kind"] in ("CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
                continue
            self.assertEqual(item["metadata"]["annotations"]["example.com/owner"], "mesh: team", key)
        for item in objects.values():
            if item["kind"] == "Deployment":
                self.assertNotIn("example.com/owner", item["spec"]["template"]["metadata"]["annotations"])
        kept = objects["PersistentVolumeClaim/obs-records"]["metadata"]["annotations"]
        self.assertEqual(kept["helm.sh/resource-policy"], "keep")
        self.assertEqual(objects["Service/obs-collector"]["metadata"]["annotations"]["networking.istio.io/exportTo"], "*")
        self.assertEqual(objects["Job/obs-uninstall"]["metadata"]["annotations"]["helm.sh/hook"], "post-delete")

    def test_every_pod_pulls_with_the_secrets_of_the_release_and_of_a_parent_chart(self):
        wanted = [{"name": name} for name in ("pull", "own", "shared")]
        for key, pod in pods_of(rendered(NAMED)).items():
            self.assertEqual(pod["spec"]["imagePullSecrets"], wanted, key)
        for pod in pods_of(rendered({})).values():
            self.assertNotIn("imagePullSecrets", pod["spec"])

    def test_every_pod_runs_where_the_programs_may(self):
        """Also those of helm test and of the uninstallation: they have the operator's image."""
        where = {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "infra", "operator": "Exists"}],
                 "affinity": {"nodeAffinity": {}}, "priorityClassName": "high"}
        pods = pods_of(rendered({"operator": where, "collector": where}))
        self.assertEqual(len(pods), 4)
        for key, pod in pods.items():
            self.assertEqual({name: pod["spec"].get(name) for name in where}, where, key)

    def test_accounts_may_have_other_names_and_may_be_there_already(self):
        for create in (True, False):
            own = {part: {"serviceAccount": {"create": create, "name": f"{part[0]}.cloud"}} for part in ("operator", "collector")}
            for api in (True, False):
                objects = rendered({**own, "api": {"enabled": api}})
                accounts = {key for key in objects if key.startswith("ServiceAccount/")}
                ours = {"ServiceAccount/o.cloud", "ServiceAccount/c.cloud"} if create else set()
                self.assertEqual(accounts - {"ServiceAccount/traffictap-test", "ServiceAccount/traffictap-uninstall"}, ours)
                for part in own:
                    name = f"{part[0]}.cloud"
                    pod = objects[f"Deployment/traffictap-{part}"]["spec"]["template"]["spec"]
                    self.assertEqual(pod["serviceAccountName"], name)
                    bound = [key for key, item in objects.items() if "subjects" in item and item["subjects"][0]["name"] == name]
                    self.assertEqual(len(bound), {"operator": 3, "collector": 2 if api else 0}[part], bound)
                caller = objects["AuthorizationPolicy/traffictap-operator"]["spec"]["rules"][0]["from"][0]["source"]["principals"]
                self.assertEqual(caller, ["*/ns/traffictap-system/sa/c.cloud"])

    def test_the_collectors_sizes_follow_from_its_limit_unless_they_are_set(self):
        """Sizes that the chart says by itself could be more than a lowered limit has room for: it would not start."""
        spec = rendered({"collector": {"resources": {"limits": {"memory": "512Mi"}}}})["Deployment/traffictap-collector"]["spec"]
        flags = [arg.split("=")[0] for arg in spec["template"]["spec"]["containers"][0]["args"]]
        self.assertEqual([flag for flag in flags if flag.endswith("-size") or flag in ("--memory", "--pairing-threads")], [])

    def test_live_records_are_registered_by_who_serves_them_and_need_no_right_where_they_are_off(self):
        def parts(enabled):
            objects = rendered({"api": {"enabled": enabled, "removeAfter": "90s"}})
            args = [arg for name in ("operator", "collector") for arg in
                    objects[f"Deployment/traffictap-{name}"]["spec"]["template"]["spec"]["containers"][0]["args"]]
            rights = [kind for kind in objects if "Role" in kind and kind.endswith("traffictap-collector")]
            return objects, {arg for arg in args if arg.startswith("--api")}, rights

        objects, flags, rights = parts(True)
        self.assertEqual(flags, {"--api=0.0.0.0:9815", "--api-service=traffictap-collector.traffictap-system",
                                 "--api-owner=traffictap-collector", "--api-remove-after=90s"})
        self.assertIn("ClusterRole/traffictap-collector", rights)  # the owner
        self.assertIn("apiservices", json.dumps(objects["ClusterRole/traffictap-operator"]))
        self.assertEqual([kind for kind in objects if kind.startswith("APIService")], [])
        objects, flags, rights = parts(False)
        self.assertEqual((flags, rights), (set(), []))
        self.assertNotIn("apiservices", json.dumps(objects["ClusterRole/traffictap-operator"]))

    def test_the_collector_knows_where_traces_can_be_looked_at(self):
        def urls(values):
            spec = rendered({"api": values})["Deployment/traffictap-collector"]["spec"]
            return [arg for arg in spec["template"]["spec"]["containers"][0]["args"] if arg.startswith("--trace-url")]

        self.assertEqual(urls({}), [])
        url = "https://jaeger.example/trace/{traceId}?a=b&c"
        self.assertEqual(urls({"traceUrl": url}), [f"--trace-url={url}"])

    def test_nodes_are_read_unless_their_zones_are_not_wanted(self):
        def reads_nodes(values):
            objects = rendered({"operator": values})
            rules = objects["ClusterRole/traffictap-operator"]["rules"]
            pod = objects["Deployment/traffictap-operator"]["spec"]["template"]["spec"]
            return (any("nodes" in rule["resources"] for rule in rules),
                    "--no-node-zones" not in pod["containers"][0]["args"])

        self.assertEqual(reads_nodes({}), (True, True))
        self.assertEqual(reads_nodes({"nodeZones": False}), (False, False))

    def test_namespaces_that_stay_attached_arrive_with_their_headers(self):
        def standing(values):
            spec = rendered({"operator": {"standing": values}})["Deployment/traffictap-operator"]["spec"]
            return [arg for arg in spec["template"]["spec"]["containers"][0]["args"] if arg.startswith("--standing")]

        self.assertEqual(standing({}), [])
        self.assertEqual(
            standing({"namespaceLabels": {"tier": "prod", "team": "a"}, "requestHeaders": ["x-tenant", "x-user"],
                      "responseHeaders": ["x-cache"], "openStreams": "30s"}),
            ["--standing-namespaces=team=a,tier=prod", "--standing-request-headers=x-tenant,x-user",
             "--standing-response-headers=x-cache", "--standing-open-streams=30s"])

    def test_the_collector_has_a_token_for_the_api_server_where_it_serves_the_api_alone(self):
        for enabled in (True, False):
            pod = rendered({"api": {"enabled": enabled}})["Deployment/traffictap-collector"]["spec"]["template"]["spec"]
            self.assertEqual(pod.get("automountServiceAccountToken", True), enabled)

    def test_a_maximum_of_durations_is_a_policy_of_its_own(self):
        name = "ValidatingAdmissionPolicy/traffictap-duration"
        self.assertNotIn(name, rendered({}))
        objects = rendered({"admissionPolicy": {"durationMax": "8h", "enabled": False}})
        self.assertIn("duration('8h')", objects[name]["spec"]["validations"][0]["expression"])
        self.assertIn("ValidatingAdmissionPolicyBinding/traffictap-duration", objects)

    def test_a_maximum_on_disk_is_a_policy_of_its_own_and_knows_the_defaults(self):
        name = "ValidatingAdmissionPolicy/traffictap-disk"
        self.assertNotIn(name, rendered({}))
        objects = rendered({"admissionPolicy": {"outputDiskMax": "10Gi", "enabled": False}})
        expression = objects[name]["spec"]["validations"][0]["expression"]
        self.assertEqual(expression.count("quantity('10Gi')"), 2)
        self.assertIn("ValidatingAdmissionPolicyBinding/traffictap-disk", objects)
        defaults = (ROOT / "src/tap/output_spec.h").read_text()
        for written, field in (("'128Mi'", "rotate_bytes = 128 << 20"), (": 10)", "files_max = 10"),
                               ("'1Gi'", "spool_bytes_max = uint64_t{1} << 30")):
            self.assertIn(written, expression)
            self.assertIn(field, defaults)

    def test_the_collectors_sidecar_lets_no_client_write_who_it_is(self):
        """x-forwarded-client-cert is what the collector knows senders by: Istio's default appends to a client's own."""
        def config(values, name):
            pod = rendered(values)[f"Deployment/traffictap-{name}"]["spec"]["template"]
            return yaml.safe_load(pod["metadata"]["annotations"]["proxy.istio.io/config"])

        for mtls in ("Sidecar", "Certificates"):
            collector = config({"als": {"mtls": mtls}}, "collector")
            self.assertEqual(collector["proxyHeaders"], {"forwardedClientCert": "SANITIZE_SET"})
            self.assertEqual("OUTPUT_CERTS" in collector["proxyMetadata"], mtls == "Certificates")
        self.assertNotIn("proxyHeaders", config({}, "operator"))

    def test_the_kinds_are_those_of_the_folder_crds(self):
        kept = {"helm.sh/resource-policy": "keep"}
        for keep in (True, False):
            objects = rendered({"crds": {"keep": keep}})
            for file in (ROOT / "crds").glob("traffictap.io_*.yaml"):
                ours = yaml.safe_load(file.read_text())
                theirs = objects[f"CustomResourceDefinition/{ours['metadata']['name']}"]
                self.assertEqual(theirs["metadata"].pop("annotations", {}), kept if keep else {})
                self.assertEqual(theirs, ours)

    def test_every_pod_is_restricted(self):
        """In the words of the Pod Security Standard: what a cluster that enforces it asks of every container."""
        for values in (LEAST, {}, MOST, NAMED, SHUFFLED, SHUFFLED_MOST, SHUFFLED_LIVE):
            for name, pod in pods_of(rendered(values)).items():
                security = pod["spec"]["securityContext"]
                self.assertTrue(security["runAsNonRoot"] and security["runAsUser"], name)
                self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"}, name)
                for container in pod["spec"]["containers"]:
                    own = container["securityContext"]
                    self.assertEqual(own["capabilities"], {"drop": ["ALL"]}, name)
                    self.assertFalse(own["allowPrivilegeEscalation"], name)
                    self.assertTrue(own["readOnlyRootFilesystem"], name)
                    self.assertIn("memory", container["resources"]["limits"], name)
                volumes = {kind for volume in pod["spec"].get("volumes", []) for kind in volume if kind != "name"}
                self.assertLessEqual(volumes, {"emptyDir", "secret", "projected", "persistentVolumeClaim"}, name)

    def test_network_policies_open_nothing_but_what_is_listed(self):
        objects = rendered({})
        policies = {k: v["spec"] for k, v in objects.items() if v["kind"] == "NetworkPolicy"}
        self.assertEqual(policies["NetworkPolicy/traffictap-default-deny"].get("ingress"), None)
        collector = {rule["ports"][0]["port"]: rule for rule in policies["NetworkPolicy/traffictap-collector"]["ingress"]}
        meshed = [peer["podSelector"] for peer in collector["grpc-als"]["from"]]
        self.assertIn({"matchLabels": {"security.istio.io/tlsMode": "istio"}}, meshed)
        for rule in collector.values():
            if rule["ports"][0]["port"] != "https-api":  # the API server has no label
                self.assertTrue(rule["from"])
        for pod in pods_of(objects).values():
            self.assertEqual(pod["metadata"]["labels"]["app.kubernetes.io/part-of"], "traffictap")

    def test_the_collector_takes_logs_as_als_mtls_says(self):
        kinds = ("PeerAuthentication/traffictap", "AuthorizationPolicy/traffictap-collector",
                 "DestinationRule/traffictap-collector")
        expected = {"Sidecar": ("xfcc", (True, True, True)), "Certificates": ("certificate", (True, False, True)),
                    "Disabled": ("none", (False, False, False))}
        for mode, (identity, present) in expected.items():
            objects = rendered({"als": {"mtls": mode}})
            pod = objects["Deployment/traffictap-collector"]["spec"]["template"]
            self.assertIn(f"--als-identity={identity}", pod["spec"]["containers"][0]["args"])
            self.assertEqual(tuple(kind in objects for kind in kinds), present, mode)
            self.assertEqual(pod["metadata"]["labels"]["sidecar.istio.io/inject"], str(mode != "Disabled").lower())
            direct = pod["metadata"]["annotations"].get("traffic.sidecar.istio.io/excludeInboundPorts", "").split(",")
            self.assertEqual("9811" in direct, mode == "Certificates", mode)

    def test_the_collectors_sidecar_keeps_little_of_what_is_not_read(self):
        name = "EnvoyFilter/traffictap-collector"
        for patch in rendered({})[name]["spec"]["configPatches"]:
            self.assertIn("'initial_stream_window_size': 65536", str(patch))
        for values in ({"boundSidecar": False}, {"mtls": "Certificates"}, {"mtls": "Disabled"}):
            self.assertNotIn(name, rendered({"als": values}), values)

    def test_a_program_that_hangs_is_restarted_and_one_that_waits_is_not(self):
        for name in ("operator", "collector"):
            pod = rendered({})[f"Deployment/traffictap-{name}"]["spec"]["template"]["spec"]
            for container in pod["containers"]:
                paths = [container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
                self.assertEqual(paths, ["/healthz", "/healthz", "/readyz"], name)

    def test_the_grace_period_holds_the_collectors_drain(self):
        header = (ROOT / "src/collector/options.h").read_text()
        drain = sum(int(n) for n in re.findall(r"(?:read_on|close_wait) = (\d+) \* base::kSecond", header))
        spec = rendered({})["Deployment/traffictap-collector"]["spec"]["template"]["spec"]
        self.assertGreaterEqual(spec["terminationGracePeriodSeconds"], drain + 5)


class PlainManifests(unittest.TestCase):
    def test_are_what_the_chart_renders_now(self):
        base = ROOT / "charts/kustomize/base"
        with tempfile.TemporaryDirectory() as fresh:
            subprocess.run([ROOT / "charts/manifests.sh", HELM, fresh], check=True)
            for name in ("rbac.yaml", "traffictap.yaml"):
                with open(f"{fresh}/{name}") as file:
                    self.assertEqual((base / name).read_text(), file.read(), f"{name} is old: make manifests")

    def test_kustomize_builds_all_of_them(self):
        kubectl = f"{Mesh.binaries()}/kubectl"
        built = subprocess.run([kubectl, "kustomize", ROOT / "charts/kustomize/base"], text=True, capture_output=True, check=True)
        found = {f"{i['kind']}/{i['metadata']['name']}" for i in yaml.safe_load_all(built.stdout)}
        chart = {f"{i['kind']}/{i['metadata']['name']}" for i in rendered({}).values()
                 if "helm.sh/hook" not in i["metadata"].get("annotations", {})}
        self.assertEqual(found ^ chart, {"Namespace/traffictap-system"})
