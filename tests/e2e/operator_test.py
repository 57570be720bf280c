# SPDX-License-Identifier: Apache-2.0
"""The operator on a real API server, istiod and sidecars: what `kubectl apply` of a TrafficTap does."""

import json
import os
import time
import unittest

from callers import teller
from installation import NAMESPACE, install, shared_mesh
from mesh.api import path_of
from mesh.network import host_port
from mesh.processes import wait_until
from taps import Taps

FILTERS = path_of("envoyfilters", "vault", group="networking.istio.io", version="v1alpha3")
# What one tap can take: its patches, its status as that goes on, and some of either again.
KILLS_MAX = 15
# How long the API server stays away; `make nightly` has five minutes.
AWAY_SECONDS = float(os.environ.get("API_AWAY_SECONDS", "15"))
WATCHES = 12


def setUpModule():
    global mesh, operator, collector, gate, taps
    mesh = shared_mesh()
    operator, collector, gate = install(mesh)
    taps = Taps(mesh, collector)


def tearDownModule():
    operator.kill()
    collector.kill()
    gate.close()


def call(path, host="frontend", source="shop/client", **kwargs):
    return mesh.call(source, f"http://{host}{path}", **kwargs)


def loggers_of(which):
    config = mesh.envoy_admin(which, "/config_dump?resource=dynamic_listeners")
    return {name for name in ("file", "http_grpc", "tcp_grpc") if f"access_loggers.{name}" in config}


class Scenario(unittest.TestCase):
    def setUp(self):
        if not operator.running():
            operator.start()

    def tearDown(self):
        gate.refuse = gate.after_write = None
        if not operator.running():
            operator.start()
        taps.delete_all()


class Life(Scenario):
    def test_an_applied_tap_records_pairs_of_every_workload(self):
        taps.apply("all")
        call("/catalog/one")
        call("/flaky/two")
        call("/three", host="shop-istio", source="shop/legacy")
        addresses = mesh.api.get(path_of("services", "shop", "frontend"))["spec"]["clusterIPs"]  # two in a mesh of both families
        for number, address in enumerate(addresses):
            call(f"/address-{number}", host=host_port(address, 80), headers={"Host": "frontend"})
        taps.records("all", source="client-v1", destination="frontend-v1", path="/catalog/one", verdict="Ok")
        taps.records("all", source="frontend-v1", destination="flaky-v1", path="/two", verdict="Retried")
        taps.records("all", source="shop-istio", destination="frontend-v1", path="/three")
        for number, address in enumerate(addresses):
            taps.records("all", source="client-v1", destination="frontend-v1", path=f"/address-{number}", verdict="Ok")
        status = taps.status("all")
        self.assertEqual(status["workloads"]["programmed"], status["workloads"]["proxies"])
        wait_until(lambda: taps.status("all").get("verdicts", {}).get("Retried", 0) > 0, "its verdicts are counted", 30)

    def test_a_tap_of_one_workload_leaves_the_others_alone(self):
        taps.apply("catalog", targets=[{"kind": "Workload", "name": "catalog-v1"}])
        wait_until(lambda: "http_grpc" in loggers_of("shop/catalog"), "catalog is tapped", 90)
        self.assertNotIn("http_grpc", loggers_of("shop/payments"))

    def test_a_tap_of_one_workload_gets_whole_pairs_by_itself_and_nothing_else_of_its_peers(self):
        taps.apply("one", targets=[{"kind": "Workload", "name": "frontend-v1"}])

        def whole():
            call("/catalog/both")
            return all(taps.matching("one", verdict="Ok", orphan=None, **ends) for ends in (
                {"source": "client-v1", "destination": "frontend-v1"}, {"source": "frontend-v1", "path": "/both"}))

        wait_until(whole, "both hops of a call are pairs", 90)
        call("/of-a-peer", host="catalog")
        call("/last")
        taps.records("one", path="/last")
        self.assertFalse(taps.matching("one", path="/of-a-peer"))
        peers = {(p["name"], p["state"], p["reason"]) for p in taps.status("one")["peers"]}
        self.assertIn(("client-v1", "Attached", "Attached"), peers)

    def test_each_target_says_what_became_of_it(self):
        taps.apply("several", targets=[{"kind": "Service", "name": name} for name in ("catalog", "legacy", "nobody")])
        expected = {"catalog": ("Attached", "Attached"), "legacy": ("NotAttached", "NotMeshed"),
                    "nobody": ("NotAttached", "NotFound")}

        def told():
            targets = taps.status("several").get("targets", [])
            return {target["name"]: (target["state"], target["reason"]) for target in targets}
        wait_until(lambda: told() == expected, "every target has its state", 90)
        call("/of-the-service", host="catalog")
        taps.records("several", path="/of-the-service")

    def test_an_edit_changes_what_is_recorded(self):
        taps.apply("edited")
        call("/before")
        taps.records("edited", path="/before")
        taps.apply("edited", match={"responseCodes": ["500-599"]})
        call("/after")
        call("/after-too?code=503")
        taps.records("edited", path="/after-too?code=REDACTED", code=503)
        self.assertFalse(taps.matching("edited", path="/after"))

    def test_a_deleted_tap_leaves_the_mesh_as_it_was_found(self):
        wait_until(lambda: "http_grpc" not in loggers_of("shop/frontend"), "what was tapped before has gone", 90)
        before = loggers_of("shop/frontend")
        taps.apply("gone")
        events = ("get", "events", "-n", "shop", "--field-selector=reason=ConnectionsDrain,involvedObject.name=gone",
                  "-o", "jsonpath={.items[*].message}")
        wait_until(lambda: "HTTP connections of" in mesh.kubectl(*events), "an Event tells what drains", 20)
        taps.delete("gone")
        wait_until(lambda: not taps.patches() and loggers_of("shop/frontend") == before, "it is as before", 90)
        self.assertIn("file", before)

    def test_pods_of_a_rollout_are_tapped(self):
        zone = "topology.kubernetes.io/zone"
        mesh.kubectl("label", "node", "node", f"{zone}=zone-a")
        self.addCleanup(mesh.kubectl, "label", "node", "node", f"{zone}-")
        taps.apply("rollout")
        before = mesh.pod("shop/payments").name
        mesh.kubectl("-n", "shop", "rollout", "restart", "deployment/payments-v1")
        mesh.kubectl("-n", "shop", "rollout", "status", "deployment/payments-v1", "--timeout=60s")

        def new_pod_reports():
            call("/rolled", host="payments")
            found = taps.matching("rollout", path="/rolled", verdict="Ok")
            return [record["destination"] for record in found if record["destination"]["pod"] != before]

        wait_until(new_pod_reports, "the new pod reports", 90)
        # No proxy of this mesh knows a locality: the operator tells the collector of the node's label.
        self.assertEqual(new_pod_reports()[0].get("zone"), "zone-a")

    def test_a_duration_ends_a_tap_and_takes_its_patches_away(self):
        taps.apply("short", limits={"duration": "5s"}, wait="Accepted")
        taps.wait("short", "Completed")
        wait_until(lambda: not taps.patches(), "the patches are gone", 90)


class OtherNamespaces(Scenario):
    """A workload of the namespace vault calls one of shop that a tap of shop has as its target."""

    @classmethod
    def setUpClass(cls):
        mesh.apply(teller("vault"))
        mesh.wait_ready("vault", 1)

    @classmethod
    def tearDownClass(cls):
        mesh.kubectl("delete", "namespace", "vault", "--wait=false")

    def peer_in_the_vault(self, tap):
        """(state, reason) of the caller, once it has called again."""
        mesh.call("vault/teller", "http://frontend.shop/from-the-vault")
        peers = taps.status(tap).get("peers", [])
        return next(((p["state"], p["reason"]) for p in peers if p["namespace"] == "vault"), None)

    def test_a_tap_does_not_reach_into_another_namespace_and_names_who_is_there(self):
        taps.apply("own", targets=[{"kind": "Workload", "name": "frontend-v1"}])

        def named():
            mesh.call("vault/teller", "http://frontend.shop/from-the-vault")
            return taps.matching("own", source="teller-v1", orphan="PeerNotTapped")

        wait_until(named, "the other end has its name", 90)
        refused = ("NotAttached", "OtherNamespace")
        wait_until(lambda: self.peer_in_the_vault("own") == refused, "the status says why", 60)
        self.assertEqual(taps.patches("vault"), [])

    def test_a_tap_of_the_mesh_reaches_into_another_namespace_with_its_consent_alone(self):
        taps.apply("asking", targets=[{"kind": "Workload", "name": "frontend-v1"}], peers={"attach": "Mesh"})
        refused = ("NotAttached", "NoConsent")
        wait_until(lambda: self.peer_in_the_vault("asking") == refused, "the status says why", 60)
        self.assertEqual(taps.patches("vault"), [])

        mesh.kubectl("label", "namespace", "vault", "traffictap.io/allow-peers=true")
        self.addCleanup(mesh.kubectl, "label", "namespace", "vault", "traffictap.io/allow-peers-")
        wait_until(lambda: self.peer_in_the_vault("asking") == ("Attached", "Attached"), "it is attached", 60)

        def whole():
            mesh.call("vault/teller", "http://frontend.shop/with-consent")
            return taps.matching("asking", source="teller-v1", path="/with-consent", verdict="Ok", orphan=None)

        wait_until(whole, "its calls are pairs", 60)
        self.assert_left_by_the_garbage_collector(taps.get("asking"))
        taps.delete("asking")
        wait_until(lambda: not taps.patches("vault"), "the patch is gone with its tap", 60)

    def assert_left_by_the_garbage_collector(self, tap):
        """The patch of the vault has no owner in another namespace. To the API server such an object is garbage: a later
        one that has the tap for its owner goes, and the patch is still there then."""
        patch, = mesh.api.get(FILTERS)["items"]
        owners = [(owner["kind"], owner["name"]) for owner in patch["metadata"]["ownerReferences"]]
        self.assertEqual(owners, [("Namespace", NAMESPACE)])
        owner = {"apiVersion": tap["apiVersion"], "kind": tap["kind"], "name": tap["metadata"]["name"],
                 "uid": tap["metadata"]["uid"]}
        stray = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter",
                 "metadata": {"name": "stray", "namespace": "vault", "ownerReferences": [owner]},
                 "spec": dict(patch["spec"], workloadSelector={"labels": {"app": "nobody"}})}
        mesh.api.create(FILTERS, stray)
        wait_until(lambda: not mesh.api.find(f"{FILTERS}/stray"), "the garbage collector has looked", 60)
        left, = mesh.api.get(FILTERS)["items"]
        self.assertEqual(left["metadata"]["uid"], patch["metadata"]["uid"])


class Steadiness(Scenario):
    def test_nothing_is_written_to_the_mesh_when_nothing_changed(self):
        taps.apply("steady")
        gate.forget()
        taps.apply("steady")
        time.sleep(3)  # what must not come has no event to wait for
        self.assertEqual(gate.writes("envoyfilters"), [])

    def test_hand_edits_are_repaired(self):
        taps.apply("repaired")
        kind, namespace, name = taps.patches()[0].split("/")
        path = path_of("envoyfilters", namespace, name, group="networking.istio.io", version="v1alpha3")
        whole = mesh.api.get(path)["spec"]
        mesh.api.merge(path, {"spec": {"configPatches": []}})
        wait_until(lambda: mesh.api.get(path)["spec"] == whole, "the edit is undone", 90)
        mesh.api.delete(path)
        wait_until(lambda: (mesh.api.find(path) or {}).get("spec") == whole, "the object is back", 90)

    def test_many_edits_end_in_the_last(self):
        for number in range(30):
            taps.apply("hasty", match={"paths": [{"prefix": f"/v{number}"}]}, wait=None)
            time.sleep(0.1)
        taps.wait("hasty", "Ready")
        call("/v29/here")
        call("/v28/not")
        taps.records("hasty", path="/v29/here")
        self.assertFalse(taps.matching("hasty", path="/v28/not"))


class Faults(Scenario):
    def test_a_tap_deleted_while_the_operator_is_down_leaves_nothing(self):
        taps.apply("absent")
        self.assertTrue(taps.patches())
        operator.kill()
        taps.delete("absent")
        wait_until(lambda: not taps.patches(), "the patches are gone", 60)

    def test_a_namespace_can_be_deleted_while_the_operator_is_down(self):
        mesh.kubectl("create", "namespace", "passing")
        taps.apply("passing", namespace="passing", wait=None)
        taps.wait("passing", "Accepted", namespace="passing")
        operator.kill()
        mesh.kubectl("delete", "namespace", "passing", "--timeout=60s")

    def test_an_operator_killed_after_each_write_still_arrives(self):
        taps.apply("killed")
        expected = taps.patch_specs()
        taps.delete_all()
        kills = []

        def kill(_, path, __):
            # Not of its lease, or it would never come to anything else.
            if not any(kind in path for kind in ("/leases", "/events")):
                kills.append(path)
                operator.kill()

        operator.stop()
        operator.args.append("--no-leader-election")  # the next one need not wait for the lease of the killed one
        gate.after_write = kill
        try:
            taps.apply("killed", wait=None)
            for _ in range(KILLS_MAX):
                before = len(kills)
                operator.start(wait=False)
                wait_until(lambda: not operator.running() or taps.condition("killed", "Ready").get("status") == "True",
                           "it has been killed, or has done all", 30)
                time.sleep(1)  # what is written is seen before its writer is killed for it
                if operator.running() and len(kills) == before:
                    break
            else:
                self.fail(f"it goes on writing: {kills}")
        finally:
            gate.after_write = None
            operator.kill()
            operator.args.remove("--no-leader-election")
        self.assertGreater(len([path for path in kills if "envoyfilters" in path]), 0, kills)
        self.assertGreater(len([path for path in kills if "/status" in path]), 0, kills)
        operator.start()
        taps.wait("killed", "Ready")
        self.assertEqual(taps.patch_specs(), expected)
        call("/after-all")
        taps.records("killed", path="/after-all")

    def test_an_api_server_that_is_away_stops_no_tap_and_is_asked_seldom(self):
        taps.apply("away")
        patches = taps.patch_specs()
        gate.forget()
        gate.refuse = lambda method, path: 503
        gate.cut()
        taps.apply("away-later", wait=None)
        call("/while-away")
        taps.records("away", path="/while-away")
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            self.assertEqual(operator.get(operator.http, "/healthz"), "ok\n")
            time.sleep(1)
        asked = list(gate.requests)
        gate.refuse = None
        start = time.monotonic()
        taps.wait("away-later", "Ready", seconds=45)  # a watch tries again after 30 s at most
        print(f"     away for {AWAY_SECONDS:.0f} s: asked {len(asked)} times, followed again after {time.monotonic() - start:.0f} s")
        # Each watch tries again with growing delays up to 30 s, and the election every 2 s; nothing is listed anew.
        self.assertLess(len(asked), WATCHES * (8 + AWAY_SECONDS / 15) + 2 * AWAY_SECONDS)
        self.assertEqual([path for method, path in asked if "limit=" in path], [])
        self.assertEqual(taps.patch_specs(), patches)

    def test_a_restarted_api_server_is_followed_again(self):
        taps.apply("restart")
        mesh.restart("kube-apiserver")
        taps.apply("restart-too")
        call("/again")
        taps.records("restart-too", path="/again")

    def test_cut_watches_and_forgotten_history_are_followed_again(self):
        taps.apply("history")
        mesh.compact_etcd()
        mesh.restart("kube-apiserver")
        gate.cut()
        taps.apply("history-too", match={"paths": [{"prefix": "/h"}]})
        taps.delete("history")
        wait_until(lambda: taps.condition("history-too", "Ready").get("status") == "True", "it is followed", 30)

    def test_a_busy_api_server_is_asked_again(self):
        wait_until(lambda: not taps.patches(), "the patch of the test before is gone", 30)
        gate.refuse = lambda method, path: 429 if method == "PATCH" and "envoyfilters" in path else None
        taps.apply("busy", wait="Accepted")
        self.assertFalse(taps.patches())
        gate.refuse = None
        taps.wait("busy", "Ready")

    def test_a_proxy_that_refuses_its_configuration_is_told(self):
        mesh.apply(BREAKING)
        try:
            taps.apply("refused", wait=None)
            found = taps.wait("refused", "Programmed", status="False", reason="Refused", seconds=60)
            self.assertIn("frontend", found["message"])
        finally:
            mesh.kubectl("delete", "-n", "shop", "envoyfilter", "breaking")
        taps.wait("refused", "Programmed")


BREAKING = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: breaking, namespace: shop}
spec:
  workloadSelector: {labels: {app: frontend}}
  configPatches:
  - applyTo: NETWORK_FILTER
    match: {context: ANY, listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}
    patch:
      operation: MERGE
      value:
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          access_log:
          - name: envoy.access_loggers.http_grpc
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
              common_config: {log_name: ""}
"""


class BadInput(Scenario):
    def test_one_tap_that_cannot_be_done_does_not_hold_up_another(self):
        kafka = [{"name": "k", "type": "Kafka", "kafka": {"destination": "nowhere"}}]
        taps.apply("cannot", outputs=kafka, wait=None)
        taps.apply("can")
        found = taps.wait("cannot", "OutputsReady", status="False")
        self.assertIn("nowhere", found["message"])


class Size(Scenario):
    def setUp(self):
        # At ten writes a second a thousand statuses take minutes: that limit is shown by the units.
        operator.kill()
        operator.args.append("--api-writes-per-second=200")
        super().setUp()

    def tearDown(self):
        super().tearDown()
        operator.kill()
        operator.args.remove("--api-writes-per-second=200")

    def test_a_thousand_taps_share_one_patch(self):
        documents = []
        for number in range(1000):
            documents.append(json.dumps({
                "apiVersion": "traffictap.io/v1alpha1",
                "kind": "TrafficTap",
                "metadata": {"name": f"many-{number}", "namespace": "shop"},
                "spec": {
                    "targets": [{"kind": "Namespace"}],
                    "match": {"paths": [{"exact": f"/many/{number}"}]},
                    "outputs": [{"name": "disk", "type": "File", "file": {"path": f"many-{number}.jsonl"}}],
                },
            }))
        mesh.apply("\n---\n".join(documents))
        taps.wait("many-999", "Ready", seconds=300)
        self.assertEqual(len(taps.patches("shop")), 1)
        call("/many/500")
        taps.records("many-500", path="/many/500")
        mesh.kubectl("-n", "shop", "delete", "traffictaps", "--all", "--wait=false")
