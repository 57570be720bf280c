# SPDX-License-Identifier: Apache-2.0
"""The mesh is real: sidecars, mTLS, rollouts, faults; and it leaves nothing behind."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import unittest

from mesh import Mesh, MeshError, network, shop
from mesh.api import ApiError, path_of
from mesh.network import host_port
from mesh.processes import wait_until

HERE = pathlib.Path(__file__).parent
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"


def listeners_text(mesh, which):
    dump = mesh.envoy_config(which)["configs"]
    return json.dumps(next(c for c in dump if c["@type"].endswith("ListenersConfigDump")))


def pushed_listener(mesh, which):
    """istiod's word on the listeners of a pod's proxy: {"sent", "acked", "sentTime", "lastError"}."""
    pod = mesh.pod(which)
    for proxy in json.loads(mesh.istiod(f"/debug/syncz?namespace={pod.namespace}")):
        if proxy["proxy"] == f"{pod.name}.{pod.namespace}":
            return proxy["resources"][LISTENER]
    return {}


def setUpModule():
    global mesh
    mesh = Mesh.for_tests().up()
    try:
        shop.deploy(mesh)
    except BaseException:
        mesh.down(keep_logs=True)
        raise


def tearDownModule():
    mesh.down()


class Traffic(unittest.TestCase):
    def test_a_call_passes_both_sidecars(self):
        before = mesh.envoy_stats("shop/frontend", "inbound.*rq_2xx")
        answer = mesh.call("shop/client", "http://frontend/")
        self.assertEqual((answer.status, answer.body), (200, "frontend\n"))
        self.assertEqual(answer.headers["server"], "envoy")
        after = mesh.envoy_stats("shop/frontend", "inbound.*rq_2xx")
        self.assertGreater(sum(after.values()), sum(before.values()))

    def test_applications_answer_as_they_are_asked(self):
        self.assertEqual(mesh.call("shop/client", "http://catalog/?code=404").status, 404)
        with self.assertRaises(TimeoutError):
            mesh.call("shop/client", "http://catalog/?delay=2", timeout=0.5)

    def test_both_versions_of_the_catalog_answer(self):
        seen = {mesh.call("shop/client", "http://frontend/catalog").body for _ in range(30)}
        self.assertEqual(seen, {"catalog-v1\n", "catalog-v2\n"})

    def test_a_flaky_call_is_retried_by_the_sidecar(self):
        self.assertEqual(mesh.call("shop/client", "http://frontend/flaky").body, "flaky\n")
        self.assertGreater(sum(mesh.envoy_stats("shop/frontend", "flaky.*upstream_rq_retry$").values()), 0)

    def test_legacy_has_no_sidecar_and_is_called_in_plain_text(self):
        self.assertFalse(mesh.pod("shop/legacy").meshed)
        self.assertEqual(mesh.call("shop/client", "http://frontend/legacy").body, "legacy\n")

    def test_the_database_is_plain_tcp(self):
        with mesh.connect("shop/client", "db", 5432) as connection:
            connection.sendall(b"select 1")
            self.assertEqual(connection.recv(100), b"select 1")

    def test_the_gateway_leads_to_the_frontend(self):
        self.assertEqual(mesh.call("shop/legacy", "http://shop-istio/").body, "frontend\n")

    def test_names_are_resolved_inside_of_a_pod(self):
        self.assertEqual(
            mesh.exec("shop/client", "curl", "-s", "http://frontend.shop.svc.cluster.local/"), "frontend\n"
        )


class Families(unittest.TestCase):
    """One of addresses, or with MESH_FAMILY=dual two."""

    def test_a_service_is_called_by_each_of_its_addresses_through_the_sidecars(self):
        addresses = mesh.api.get(path_of("services", "shop", "frontend"))["spec"]["clusterIPs"]
        self.assertEqual([network.family_of(address) for address in addresses], list(network.FAMILIES))
        for address in addresses:
            answer = mesh.call("shop/client", f"http://{host_port(address, 80)}/", headers={"Host": "frontend"})
            self.assertEqual((answer.status, answer.body), (200, "frontend\n"))
            self.assertIn("URI=spiffe://cluster.local/ns/shop/sa/client", answer.headers["x-seen-client-cert"])

    def test_a_pod_tells_each_of_its_addresses(self):
        pod = mesh.pod("shop/frontend")
        told = mesh.api.get(path_of("pods", "shop", pod.name))["status"]["podIPs"]
        self.assertEqual([entry["ip"] for entry in told], network.addresses_of(pod.ip))


class MutualTls(unittest.TestCase):
    def test_the_server_sees_the_certificate_of_its_client(self):
        answer = mesh.call("shop/client", "http://frontend/")
        client = answer.headers["x-seen-client-cert"]
        self.assertIn("URI=spiffe://cluster.local/ns/shop/sa/client", client)
        self.assertIn("By=spiffe://cluster.local/ns/shop/sa/frontend", client)

    def test_a_call_without_a_certificate_is_refused(self):
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            mesh.call("shop/legacy", "http://frontend/")

    def test_plain_text_can_be_chosen(self):
        def seen_certificate():
            return mesh.call("shop/client", "http://frontend/").headers["x-seen-client-cert"]

        mesh.require_mtls("DISABLE")
        try:
            wait_until(lambda: mesh.call("shop/legacy", "http://frontend/").status == 200, "plain text passes", 20)
            # The client's sidecar hears of it by itself, perhaps later than the server's.
            wait_until(lambda: seen_certificate() == "none", "the client sends plain text", 20)
        finally:
            mesh.require_mtls("STRICT")
            wait_until(lambda: "spiffe" in seen_certificate(), "certificates are asked again", 20)


class Kubernetes(unittest.TestCase):
    def test_a_rollout_replaces_the_pods(self):
        before = {p.name for p in mesh.pods("shop", app="payments")}
        mesh.kubectl("-n", "shop", "rollout", "restart", "deployment/payments-v1")
        mesh.kubectl("-n", "shop", "rollout", "status", "deployment/payments-v1", "--timeout=60s")
        wait_until(
            lambda: before.isdisjoint(p.name for p in mesh.pods("shop", app="payments")), "the old pods are gone", 30
        )
        self.assertEqual(mesh.call("shop/client", "http://frontend/payments").body, "payments\n")

    def test_scaling_makes_and_removes_pods(self):
        for count in (3, 1):
            mesh.kubectl("-n", "shop", "scale", "deployment/catalog-v1", f"--replicas={count}")
            mesh.kubectl("-n", "shop", "rollout", "status", "deployment/catalog-v1", "--timeout=60s")
            wait_until(
                lambda c=count: len([p for p in mesh.pods("shop", app="catalog") if p.labels["version"] == "v1"]) == c,
                f"there are {count}",
                30,
            )

    def test_pods_are_owned_and_injected_as_in_a_cluster(self):
        pod = mesh.pod("shop/frontend")
        item = mesh.api.get(path_of("pods", "shop", pod.name))
        self.assertEqual(item["metadata"]["ownerReferences"][0]["kind"], "ReplicaSet")
        self.assertIn("sidecar.istio.io/status", item["metadata"]["annotations"])
        self.assertIn("istio-proxy", [c["name"] for c in item["spec"]["initContainers"]])
        self.assertEqual(pod.labels["service.istio.io/canonical-name"], "frontend")


class Faults(unittest.TestCase):
    def test_the_api_server_comes_back(self):
        client, address = mesh.pod("shop/client"), mesh.address_of("frontend", "shop")
        mesh.stop("kube-apiserver")
        self.assertEqual(
            mesh.call(client, f"http://{host_port(address, 80)}/", headers={"Host": "frontend"}).status, 200
        )  # traffic goes on
        with self.assertRaises(OSError):
            mesh.api.get("/readyz", timeout=1)
        mesh.start("kube-apiserver")
        self.assertTrue(mesh.pod("shop/client").ready)

    def test_istiod_restarts_and_the_proxies_connect_again(self):
        mesh.restart("istiod")
        wait_until(lambda: len(json.loads(mesh.istiod("/debug/syncz"))) >= 8, "the proxies are connected", 60)

    def test_history_can_be_compacted_away(self):
        self.assertGreater(mesh.compact_etcd(), 0)
        mesh.restart("kube-apiserver")
        with self.assertRaises(ApiError) as caught:
            for _ in mesh.api.watch(path_of("pods"), "1"):
                pass
        self.assertEqual(caught.exception.status, 410)

    def test_a_pod_loses_its_network_and_gets_it_back(self):
        pod = mesh.pod("shop/legacy")
        mesh.cut(pod)
        try:
            self.assertNotEqual(mesh.call("shop/client", "http://legacy/", timeout=20).status, 200)
        finally:
            mesh.mend(pod)
        wait_until(lambda: mesh.call("shop/client", "http://legacy/").status == 200, "it answers again", 30)


    def test_the_name_of_a_pod_that_was_deleted_by_force_is_free_at_once(self):
        lone = {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "lone", "namespace": "shop", "labels": {"sidecar.istio.io/inject": "false"}},
            "spec": {"containers": [{"name": "app", "image": "shop", "args": ["http", "lone"]}]},
        }
        mesh.apply(json.dumps(lone))
        wait_until(lambda: mesh.pod("shop/lone"), "it is there", 30)
        mesh.kubectl("-n", "shop", "delete", "pod", "lone", "--grace-period=0", "--force")
        mesh.apply(json.dumps(lone))
        wait_until(lambda: mesh.pod("shop/lone"), "its successor is there", 30)
        wait_until(lambda: mesh.exec("shop/lone", "cat", "/etc/hostname") == "lone\n", "it has its files", 10)
        mesh.kubectl("-n", "shop", "delete", "pod", "lone")


class AccessLogs(unittest.TestCase):
    def tearDown(self):
        mesh.kubectl("delete", "--ignore-not-found", "-f", HERE / "probe.yaml")

    def test_an_envoy_filter_adds_a_logger_and_leaves_the_users_own(self):
        self.assertIn("envoy.access_loggers.file", listeners_text(mesh, "shop/frontend"))
        mesh.apply(HERE / "probe.yaml")
        wait_until(
            lambda: "envoy.access_loggers.http_grpc" in listeners_text(mesh, "shop/frontend"), "the logger is there", 20
        )
        self.assertIn("envoy.access_loggers.file", listeners_text(mesh, "shop/frontend"))
        mesh.kubectl("delete", "-f", HERE / "probe.yaml")
        wait_until(
            lambda: "envoy.access_loggers.http_grpc" not in listeners_text(mesh, "shop/frontend"), "it is gone", 20
        )

    def test_a_proxy_that_refuses_its_configuration_is_seen(self):
        mesh.apply(
            (HERE / "probe.yaml").read_text().replace("buffer_flush_interval: 0.2s", "buffer_flush_interval: 0s")
        )
        wait_until(lambda: "lastError" in pushed_listener(mesh, "shop/frontend"), "the refusal is told", 20)
        state = pushed_listener(mesh, "shop/frontend")
        self.assertNotEqual(state["sent"], state["acked"])
        mesh.apply(HERE / "probe.yaml")
        wait_until(lambda: "lastError" not in pushed_listener(mesh, "shop/frontend"), "the good one is accepted", 20)


class Remains(unittest.TestCase):
    """Of a mesh that is down, or whose owner was killed."""

    def setUp(self):
        self.own = Mesh.for_tests("-own").up()

    def tearDown(self):
        self.own.down()

    def nothing_is_left(self):
        where = str(self.own.state)
        lines = subprocess.run(["ps", "-eo", "args"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return (
            where not in lines
            and where not in pathlib.Path("/proc/mounts").read_text()
            and not pathlib.Path("/run/netns").exists()
            and not pathlib.Path("/etc/netns").exists()
        )

    def test_down_leaves_nothing(self):
        self.assertFalse(self.nothing_is_left())
        self.own.down()
        self.assertTrue(self.nothing_is_left())
        self.assertFalse(self.own.state.exists())

    def test_a_killed_owner_takes_everything_along_and_the_next_one_starts(self):
        os.kill(self.own.node_pid, signal.SIGKILL)
        wait_until(self.nothing_is_left, "nothing is left", 10)
        self.own = Mesh.for_tests("-own").up()
        self.assertTrue(self.own.api.get("/readyz"))

    def test_a_second_start_of_a_running_mesh_is_refused(self):
        with self.assertRaises(MeshError):
            Mesh.for_tests("-own").up()
        self.assertTrue(self.own.running())
