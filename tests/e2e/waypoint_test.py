# SPDX-License-Identifier: Apache-2.0
"""A waypoint of a real istiod: what our EnvoyFilter makes of its configuration, and what a tap records of requests that a real
Envoy serves as that waypoint. hbone.py stands in for ztunnel, waypoint.yaml for what a stock Envoy lacks of Istio's own."""

import json
import pathlib
import unittest

from hbone import Caller
from installation import ROOT, install
from mesh import Mesh
from mesh.api import path_of
from mesh.processes import wait_until
from taps import Taps

HERE = pathlib.Path(__file__).parent
RENDERED = ROOT / "tests/operator/golden/waypoint-envoy-filter.objects.yaml"
CLUSTER = "outbound|9811||traffictap-collector.traffictap-system.svc.cluster.local"
CLIENT = "spiffe://cluster.local/ns/shop/sa/client"
GATEWAY = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "waypoint"}
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-secrets, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: catalog}]
  action: DENY
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/client]}}]
    to: [{operation: {paths: [/secret]}}]
"""
OF_ALL = """
apiVersion: traffictap.io/v1alpha1
kind: ClusterTrafficTap
metadata: {name: of-all}
spec: {targets: [{kind: Namespace, name: shop}], outputs: [{name: out, type: Stdout}]}
"""
OF_LENT = """
apiVersion: traffictap.io/v1alpha1
kind: ClusterTrafficTap
metadata: {name: of-lent}
spec:
  pairing: {window: 2s}
  targets: [{kind: Namespace, name: lent}]
  outputs: [{name: disk, type: File, file: {path: of-lent.jsonl}}]
"""
PODS = 4  # client, catalog, legacy, and the waypoint


def setUpModule():
    global mesh
    mesh = Mesh.for_tests("-ambient", ambient=True).up()
    mesh.serve_collector_from_node()
    mesh.apply(HERE / "waypoint.yaml")
    mesh.apply(HERE / "waypoint_elsewhere.yaml")
    mesh.apply(stock_envoy("edge", "shared"))


def stock_envoy(namespace, gateway):
    """What waypoint.yaml changes for a stock Envoy, for the waypoint of another Gateway."""
    documents = (HERE / "waypoint.yaml").read_text().split("\n---\n")
    document = next(text for text in documents if "name: stock-envoy" in text)
    return document.replace("namespace: shop", f"namespace: {namespace}").replace("name: waypoint}", f"name: {gateway}}}")


def is_ready(name):
    """What the status of a ClusterTrafficTap says."""
    tap = mesh.api.get(path_of("clustertraffictaps", name=name, group="traffictap.io", version="v1alpha1"))
    conditions = tap.get("status", {}).get("conditions", [])
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)


def tearDownModule():
    mesh.down()


def waypoint():
    """The proxy of the pod that istiod has made of the Gateway, once it is connected; else nothing."""
    for proxy in json.loads(mesh.istiod("/debug/syncz?namespace=shop")):
        if proxy["proxy"].startswith("waypoint-"):
            return proxy
    return None


def generated():
    """What istiod has for the waypoint: {name of a listener: its JSON}, and the names of its clusters."""
    dump = json.loads(mesh.istiod(f"/debug/config_dump?proxyID={waypoint()['proxy']}"))
    listeners, clusters = {}, set()
    for config in dump["configs"]:
        for item in config.get("dynamic_listeners", config.get("dynamicListeners", [])):
            listener = item.get("active_state", item.get("activeState", {}))["listener"]
            listeners[listener["name"]] = json.dumps(listener, sort_keys=True)
        for item in config.get("dynamic_active_clusters", config.get("dynamicActiveClusters", [])):
            clusters.add(item["cluster"]["name"])
    return listeners, clusters


def running():
    """The listeners that the waypoint's Envoy has taken, as text."""
    return mesh.envoy_admin(f"shop/{waypoint()['proxy'].removesuffix('.shop')}", "/config_dump?resource=dynamic_listeners")


class Configuration(unittest.TestCase):
    def test_an_envoy_filter_by_target_refs_reaches_the_requests_and_the_collector_and_no_tunnel(self):
        wait_until(waypoint, "the waypoint is connected", 120)
        self.assertNotIn("http_grpc", "".join(generated()[0].values()))
        rendered = json.loads(mesh.kubectl("create", "--dry-run=client", "-o", "json", "-f", RENDERED))
        del rendered["metadata"]["ownerReferences"]  # the tap is not there
        mesh.apply(json.dumps(rendered))
        self.addCleanup(self.remove, rendered["metadata"]["name"])
        wait_until(lambda: "access_loggers.http_grpc" in generated()[0]["main_internal"], "the requests are logged", 60)
        listeners, clusters = generated()
        self.assertIn(CLUSTER, clusters)
        self.assertIn("x-tenant", listeners["main_internal"])
        for name, text in listeners.items():
            self.assertEqual("access_loggers.http_grpc" in text, name == "main_internal", name)

    @staticmethod
    def remove(name):
        mesh.kubectl("-n", "shop", "delete", "envoyfilter", name)
        wait_until(lambda: "http_grpc" not in generated()[0]["main_internal"], "it is as before", 60)


class Traffic(unittest.TestCase):
    """Requests of a pod in ambient mode: client → waypoint → catalog (behind a sidecar) or legacy (without one)."""

    @classmethod
    def setUpClass(cls):
        mesh.wait_ready("shop", PODS, 90)
        cls.operator, cls.collector, cls.gate = install(mesh)
        cls.taps = Taps(mesh, cls.collector)
        cls.caller = Caller(mesh, "shop/client", "client", f"shop/{waypoint()['proxy'].removesuffix('.shop')}")
        wait_until(lambda: cls.caller.call("http://catalog/ready").status == 200, "the waypoint serves catalog", 60)
        cls.before = generated()

    @classmethod
    def tearDownClass(cls):
        cls.operator.kill()
        cls.collector.kill()
        cls.gate.close()

    def tearDown(self):
        self.taps.delete_all()

    def attached(self, name, **spec):
        """A tap that the waypoint's Envoy has taken the patch of."""
        self.taps.apply(name, **spec)
        wait_until(lambda: "access_loggers.http_grpc" in running(), "the waypoint is tapped", 60)

    def recorded(self, tap, url, status=200, **conditions):
        """The first record of such a call, which is made again until there is one: until other ends have their names."""
        def found():
            self.assertEqual(self.caller.call(url).status, status)
            return self.taps.matching(tap, **conditions)

        wait_until(found, f"{tap} records {url} with {conditions}", 90)
        return found()[0]

    def test_a_tap_of_the_namespace_finds_the_waypoint_and_joins_it_with_the_server(self):
        self.attached("all")
        self.assertIn([GATEWAY], [spec.get("targetRefs") for spec in self.taps.patch_specs("shop").values()])
        record = self.recorded("all", "http://catalog/through", path="/through", source="waypoint", destination="catalog",
                               verdict="Ok", orphan=None)
        self.assertEqual(record["response"]["code"], 200)
        self.assertEqual([side["code"] for side in (record["client"], *record["server"])], [200, 200])
        record = self.recorded("all", "http://catalog/wrong?code=503", 503, code=503, source="waypoint")
        self.assertEqual(record["verdict"], "ServerError")
        self.recorded("all", "http://legacy/alone", path="/alone", source="waypoint", orphan="PeerNotMeshed")

    def test_what_the_waypoint_refuses_is_denied_and_names_the_client(self):
        mesh.apply(POLICY)
        self.addCleanup(mesh.kubectl, "-n", "shop", "delete", "authorizationpolicy", "no-secrets")
        wait_until(lambda: self.caller.call("http://catalog/secret").status == 403, "the policy is in force", 60)
        self.attached("refused", targets=[{"kind": "Gateway", "name": "waypoint"}],
                      match={"authorities": ["catalog", "catalog.shop"]})
        record = self.recorded("refused", "http://catalog/secret", 403, path="/secret", verdict="Denied")
        self.assertEqual(record["denial"], {"by": "AuthorizationPolicy", "policy": "shop/no-secrets", "rule": "0",
                                            "side": "destination"})
        self.assertEqual((record["reporter"], record["destination"]["name"]), ("destination", "waypoint"))
        client = mesh.pod("shop/client")
        self.assertEqual((record["source"]["ip"], record["source"]["principal"]), (client.ip, CLIENT))
        self.recorded("refused", "http://catalog/let-through", path="/let-through", verdict="Ok")
        self.caller.call("http://legacy/of-another-service")
        self.recorded("refused", "http://catalog/last", path="/last")
        self.assertFalse(self.taps.matching("refused", path="/of-another-service"))

    def test_who_says_where_a_request_came_from_is_not_believed(self):
        mesh.apply(POLICY)
        self.addCleanup(mesh.kubectl, "-n", "shop", "delete", "authorizationpolicy", "no-secrets")
        self.attached("forged", targets=[{"kind": "Gateway", "name": "waypoint"}])

        def found():
            self.caller.call("http://catalog/secret", headers={"X-Forwarded-For": "10.9.9.9"})
            return self.taps.matching("forged", path="/secret", verdict="Denied")

        wait_until(found, "it is recorded", 60)
        for record in found():
            self.assertEqual((record["source"].get("ip"), record["source"]["principal"]), (None, CLIENT))

    def test_a_tap_of_the_cluster_finds_the_waypoint_of_a_namespace(self):
        mesh.apply(OF_ALL)
        try:
            wait_until(lambda: GATEWAY in [(spec.get("targetRefs") or [None])[0]
                                           for spec in self.taps.patch_specs("shop").values()], "the waypoint is tapped", 60)
        finally:
            mesh.kubectl("delete", "clustertraffictap", "of-all")
        wait_until(lambda: not self.taps.patches("shop"), "the patches are gone", 60)

    def test_a_waypoint_of_another_namespace_is_told_to_a_tap_and_attached_by_one_of_the_cluster(self):
        for namespace in ("edge", "lent"):
            mesh.wait_ready(namespace, 1, 90)
        shared, = mesh.pods("edge")
        caller = Caller(mesh, "shop/client", "client", shared)
        wait_until(lambda: caller.call("http://till.lent/ready").status == 200, "the shared waypoint serves till", 60)
        self.taps.apply("own", namespace="lent", wait=None)
        told = self.taps.wait("own", "Programmed", "False", "WaypointElsewhere", 60, "lent")
        self.assertIn("the waypoint shared of namespace edge", told["message"])
        self.assertFalse(self.taps.patches("edge"))
        mesh.apply(OF_LENT)
        try:
            self.check_lent(shared, caller)
        finally:
            mesh.kubectl("delete", "clustertraffictap", "of-lent")

    def check_lent(self, shared, caller):
        """What the tap of the cluster finds at the shared waypoint, from its first call on."""
        wait_until(lambda: is_ready("of-lent"), "the tap of the cluster is ready", 60)
        self.assertIn("access_loggers.http_grpc", mesh.envoy_admin(shared, "/config_dump?resource=dynamic_listeners"))
        targets = [spec["targetRefs"] for spec in self.taps.patch_specs("edge").values()]
        self.assertEqual(targets, [[{**GATEWAY, "name": "shared"}]])
        self.assertEqual(caller.call("http://till.lent/first").status, 200)
        record, = self.collector.records.wait_for("_cluster/of-lent.jsonl", 30, path="/first")
        self.assertEqual((record["source"]["name"], record["source"]["namespace"]), ("shared", "edge"))
        self.assertEqual(record["response"]["code"], 200)

    def test_a_target_in_ambient_mode_names_the_waypoint_that_records_its_requests(self):
        self.taps.apply("ambient", targets=[{"kind": "Workload", "name": "client"}], wait=None)

        def told():
            target, = self.taps.status("ambient").get("targets", [])
            self.assertEqual((target["state"], target["reason"]), ("NotAttached", "Ambient"))
            self.assertIn("waypoint waypoint", target["message"])
            return True

        wait_until(told, "the status says so", 60)

    def test_a_tap_leaves_the_waypoint_as_it_was(self):
        self.attached("gone")
        self.assertIn(CLUSTER, generated()[1])
        self.recorded("gone", "http://catalog/while-tapped", path="/while-tapped")
        self.taps.delete("gone")
        wait_until(lambda: not self.taps.patches("shop") and generated() == self.before, "all is as before", 90)
        wait_until(lambda: "http_grpc" not in running(), "the waypoint has taken it", 60)
        self.assertEqual(self.caller.call("http://catalog/afterwards").status, 200)
