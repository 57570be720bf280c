# SPDX-License-Identifier: Apache-2.0
"""The collector on a mesh without the operator: the proxies are attached by hand, the taps come from a directory."""

import pathlib
import unittest

from installation import collect_by_hand, shared_mesh
from mesh.processes import wait_until

HERE = pathlib.Path(__file__).parent
ALL = "shop/everything.jsonl"


def setUpModule():
    global mesh, collector
    mesh = shared_mesh()
    pods = [pod for pod in mesh.pods("shop") if pod.meshed]
    collector = collect_by_hand(mesh, "everything", HERE / "attached.yaml", "access_loggers.http_grpc", pods)


def tearDownModule():
    mesh.kubectl("delete", "-f", HERE / "attached.yaml")
    collector.stop()


def call(path, host="frontend", source="shop/client", **kwargs):
    return mesh.call(source, f"http://{host}{path}", **kwargs)


def answered(path, query="", **kwargs):
    """The path of a call that the application answered: PATH/0, or PATH/1 where a proxy answered the first one itself. That may
    happen at the end of a drain, when connections are closed. Not the record says who answered, but a header that the
    application alone sends."""
    for n in range(2):
        own = f"{path}/{n}"
        response = call(own + query, **kwargs)
        if "x-seen-client-cert" in response.headers:
            return own
    raise AssertionError(f"a proxy has answered twice: {response}")


def pair(**conditions):
    return collector.records.wait_for(ALL, **conditions)[0]


class Pairs(unittest.TestCase):
    def test_a_call_over_mutual_tls_becomes_a_pair_with_both_certificates(self):
        record = pair(source="client-v1", destination="frontend-v1", path=answered("/mtls"))
        self.assertEqual((record["verdict"], record["response"]["code"]), ("Ok", 200), record)
        self.assertEqual(record["source"]["namespace"], "shop")
        self.assertEqual(record["destination"]["serviceAccount"], "frontend")
        self.assertIn("spiffe://cluster.local/ns/shop/sa/client", str(record["server"]))

    def test_each_hop_of_a_call_is_a_pair_and_versions_are_told_apart(self):
        for _ in range(20):
            call("/catalog/versions")
        for version in ("catalog-v1", "catalog-v2"):
            pair(source="frontend-v1", destination=version, path="/versions")
        collector.records.wait_for(ALL, source="client-v1", path="/catalog/versions", count=20)

    def test_a_failing_call_is_the_servers_fault(self):
        # By its own path: a call of the rollout may get 503 too, from the proxy of a pod whose application has ended.
        path = answered("/wrong", "?code=503", host="catalog")
        record = pair(source="client-v1", path=f"{path}?code=REDACTED")
        self.assertEqual((record["verdict"], record["response"]["code"]), ("ServerError", 503), record)

    def test_a_retried_call_has_both_attempts(self):
        call("/flaky/again")
        record = pair(source="frontend-v1", destination="flaky-v1", path="/again")
        self.assertEqual((record["verdict"], len(record.get("server", []))), ("Retried", 2), record)

    def test_a_call_that_its_client_gives_up(self):
        with self.assertRaises(TimeoutError):
            call("/given-up?delay=2", host="payments", timeout=0.3)
        record = pair(source="client-v1", path="/given-up?delay=REDACTED")
        self.assertEqual(record["verdict"], "ClientAborted", record)

    def test_the_gateway_is_a_client(self):
        call("/through-the-gateway", host="shop-istio", source="shop/legacy")
        pair(source="shop-istio", destination="frontend-v1", path="/through-the-gateway", verdict="Ok")

    def test_a_peer_without_a_sidecar_leaves_one_half_and_says_so(self):
        call("/legacy/alone")
        record = pair(source="frontend-v1", path="/alone")
        self.assertEqual(record.get("orphanReason"), "PeerNotMeshed", record)

    def test_a_tcp_connection_is_a_pair(self):
        with mesh.connect("shop/client", "db", 5432) as connection:
            connection.sendall(b"select 1")
            connection.recv(100)
        pair(source="client-v1", destination="db-v1", verdict="Ok")


class Changes(unittest.TestCase):
    def test_pods_of_a_rollout_report_by_themselves(self):
        before = mesh.pod("shop/payments").name
        mesh.kubectl("-n", "shop", "rollout", "restart", "deployment/payments-v1")
        mesh.kubectl("-n", "shop", "rollout", "status", "deployment/payments-v1", "--timeout=60s")

        def new_pod_reports():
            call("/after-the-rollout", host="payments")
            records = collector.records.matching(
                ALL, destination="payments-v1", path="/after-the-rollout", verdict="Ok"
            )
            return any(record["destination"]["pod"] != before for record in records)

        wait_until(new_pod_reports, "the new pod reports", 30)

    def test_a_restarted_collector_is_found_again(self):
        collector.stop()
        collector.start()
        wait_until(
            lambda: call("/hello-again") and collector.records.matching(ALL, path="/hello-again", verdict="Ok"),
            "pairs come again",
            30,
        )

    def test_the_proxies_lost_nothing_that_they_counted(self):
        for pod in mesh.pods("shop"):
            if pod.meshed:
                lost = mesh.envoy_stats(pod, "grpc_access_log.logs_dropped")
                self.assertEqual(sum(lost.values()), 0, pod.name)
