# SPDX-License-Identifier: Apache-2.0
"""helm install, test, upgrade and uninstall on a real mesh: the release's pods run out of our images, with sidecars by
istiod's injector, in a namespace that takes restricted pods alone."""

import http.client
import json
import os
import pathlib
import unittest

import images
import previous
import yaml
from installing import CHART, NAMESPACE, RELEASE, ROOT, Helm, HelmError
from mesh import Mesh, namespaces, shop
from mesh.api import path_of
from mesh.processes import wait_until

TAP = {
    "apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap", "metadata": {"name": "all", "namespace": "shop"},
    "spec": {"targets": [{"kind": "Namespace"}], "pairing": {"window": "2s"},
             "outputs": [{"name": "disk", "type": "File", "file": {"path": "all.jsonl"}}]},
}
WAITING_BYTES = 128 * 1024  # of one stream, in the collector's sidecar
# What an installation may leave where it has been.
KINDS = ("envoyfilters,telemetries,destinationrules,peerauthentications,authorizationpolicies,deployments,services,pods,"
         "jobs,serviceaccounts,roles,rolebindings,secrets,configmaps,leases,networkpolicies,poddisruptionbudgets,"
         "persistentvolumeclaims")
CLUSTER_KINDS = ("clusterroles,clusterrolebindings,customresourcedefinitions,apiservices,validatingadmissionpolicies,"
                 "validatingadmissionpolicybindings,validatingwebhookconfigurations,mutatingwebhookconfigurations")


def setUpModule():
    global mesh, helm
    mesh = Mesh.for_tests("-chart", cni=True, image_roots=images.made()[2]).up()
    try:
        helm = Helm(mesh)
        mesh.kubectl("create", "namespace", NAMESPACE)
        mesh.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        shop.deploy_part(mesh)
    except BaseException:
        mesh.down(keep_logs=True)
        raise


def tearDownModule():
    mesh.down()


def leftovers():
    """Everything in the cluster that has our name."""
    lists = (("-A", KINDS), ("", CLUSTER_KINDS))
    names = []
    for scope, kinds in lists:
        names += mesh.kubectl("get", kinds, "-o", "name", *filter(None, [scope])).split()
    return sorted(n for n in names if "traffictap" in n and n != "apiservice.apiregistration.k8s.io/v1alpha1.traffictap.io")


def wait_for_leftovers(expected):
    """The pods take their time to end, and so does the garbage collector for the APIService."""
    slow = ("pod/", "apiservice")
    wait_until(lambda: not any(n.startswith(slow) for n in leftovers()), "the pods and the APIService are gone", 60)
    unittest.TestCase().assertEqual(leftovers(), expected)


def pod_of(component):
    name = f"traffictap-{component}"
    return next(p for p in mesh.pods(NAMESPACE) if p.labels.get("app.kubernetes.io/name") == name and p.ready)


def test_log():
    """What the pod of helm test has said."""
    return (mesh.state / "log" / f"{NAMESPACE}.traffictap-test" / "check.log").read_text()


def call_until_recorded(agent, seconds=60):
    """Calls through the shop until the collector's file has both hops of a call as pairs."""
    file = mesh.state / "pods" / pod_of("collector").key / "root/volumes/records/shop/all.jsonl"

    def recorded():
        mesh.call("shop/client", "http://frontend/catalog", headers={"User-Agent": agent})
        lines = file.read_text().splitlines() if file.exists() else []
        found = [r for r in map(json.loads, lines) if r["request"].get("userAgent") == agent]
        return {("client-v1", "frontend-v1"), ("frontend-v1", "catalog-v1")} <= {
            (r["source"].get("name"), r["destination"].get("name")) for r in found if "orphanReason" not in r}

    wait_until(recorded, f"the calls of {agent} are recorded", seconds)


def paused_streams():
    """As the collector says it inside of its pod, where its port takes plain text."""
    connection = http.client.HTTPConnection("127.0.0.1", 9812)
    connection.sock = namespaces.connect(mesh.pod_pid(pod_of("collector")), ("127.0.0.1", 9812), 5)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("traffictap_als_streams_paused "))


def call_until_dropped(most=5000):
    """Calls over one connection until the client's proxy has no room for entries."""
    connection = http.client.HTTPConnection("frontend", 80, timeout=10)
    connection.sock = mesh.connect("shop/client", "frontend", 80)
    for number in range(most):
        connection.request("GET", "/paused")
        connection.getresponse().read()
        if number % 100 == 99 and sum(mesh.envoy_stats("shop/client", "grpc_access_log.logs_dropped").values()):
            return connection.close()
    raise AssertionError(f"the proxy, and that of the collector, have kept {most} entries")


def tap_of(namespace, name):
    return mesh.api.get(path_of("traffictaps", namespace, name, group="traffictap.io", version="v1alpha1"))


def stored(documents):
    """The documents' objects as the API server has them."""
    return [mesh.api.get(path_of(item["kind"].lower() + "s", item["metadata"].get("namespace"), item["metadata"]["name"],
                                 group="traffictap.io", version="v1alpha1")) for item in documents]


def missing(before, now, path="spec"):
    """What was there and is not, or is another. What came with new defaults is no fault."""
    if isinstance(before, dict) and isinstance(now, dict):
        return [fault for key, value in before.items() for fault in missing(value, now.get(key), f"{path}.{key}")]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [fault for i, (old, new) in enumerate(zip(before, now)) for fault in missing(old, new, f"{path}[{i}]")]
    return [] if before == now else [f"{path} is {now}, was {before}"]


def generation():
    """Of the patch of the namespace shop."""
    items = mesh.api.get(path_of("envoyfilters", "shop", group="networking.istio.io", version="v1alpha3"))["items"]
    return [(i["metadata"]["uid"], i["metadata"]["generation"]) for i in items]


def processes_of(program):
    """(root directory, {field: value} of /proc/PID/status) of each process of the mesh that runs the program."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_text().split("\0")[0] != program:
                continue
            root, status = os.readlink(entry / "root"), (entry / "status").read_text()
        except OSError:
            continue  # it ended meanwhile
        if root.startswith(str(mesh.state)):
            yield entry / "root", dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


class Release(unittest.TestCase):
    """One release's life, step by step."""

    def test_00_the_namespace_takes_restricted_pods_alone(self):
        with self.assertRaisesRegex(RuntimeError, "violates PodSecurity"):
            mesh.kubectl("-n", NAMESPACE, "run", "plain", "--image=shop")

    def test_01_the_api_server_takes_everything_that_is_rendered(self):
        helm("install", RELEASE, CHART, "--dry-run=server")
        self.assertEqual(leftovers(), [])

    def test_02_installed_it_records_what_the_mesh_sends(self):
        said = helm("install", RELEASE, CHART, "--wait", "--timeout", "120s")
        self.assertIn("Next steps", said)
        for pod in mesh.pods(NAMESPACE):
            self.assertTrue(pod.meshed and pod.ready, pod.name)
        for program in images.PROGRAMS:
            processes = list(processes_of(f"/usr/bin/{program}"))
            self.assertTrue(processes)
            for root, status in processes:
                self.assertEqual(os.listdir(root / "usr/bin"), [program])
                self.assertTrue(os.statvfs(root / "usr").f_flag & os.ST_RDONLY)
                self.assertEqual(status["Uid"].split()[0], "65532")
                self.assertEqual(int(status["CapEff"], 16), 0)
        mesh.apply(json.dumps(TAP))
        mesh.kubectl("-n", "shop", "wait", "--for=condition=Ready", "traffictap/all", "--timeout=60s")
        call_until_recorded("first")

    def test_03_records_are_read_through_the_api_server(self):
        wait_until(lambda: "True" in mesh.kubectl("get", "apiservice", "v1alpha1.tap.traffictap.io"), "the API is there", 60)
        pairs = "/apis/tap.traffictap.io/v1alpha1/namespaces/shop/pairs"
        self.assertIn('"frontend-v1"', mesh.kubectl("get", "--raw", pairs))
        mesh.kubectl("-n", "shop", "create", "rolebinding", "reader", "--clusterrole=traffictap-tapper", "--user=reader")
        self.assertIn('"frontend-v1"', mesh.kubectl("get", "--raw", pairs, "--as", "reader"))
        with self.assertRaisesRegex(RuntimeError, "forbidden|Forbidden"):
            mesh.kubectl("get", "--raw", pairs, "--as", "stranger")

    def test_03b_streams_pause_and_go_on_through_the_collectors_sidecar(self):
        mesh.kubectl("label", "namespace", "shop", "traffictap.io/attachment=Standing")
        mesh.kubectl("-n", "shop", "delete", "traffictap", "all")
        # A stream is paused with its next message, so those of idle proxies are not.
        wait_until(lambda: mesh.call("shop/client", "http://frontend/catalog") and paused_streams(), "streams are paused", 60)
        call_until_dropped()
        waiting = mesh.envoy_stats(pod_of("collector"), "9811.*pending_send_bytes")
        self.assertLess(sum(waiting.values()), 6 * WAITING_BYTES)
        mesh.apply(json.dumps(TAP))
        call_until_recorded("resumed", 10)
        mesh.kubectl("label", "namespace", "shop", "traffictap.io/attachment-")

    def test_04_helm_test_passes_and_tells_a_fault(self):
        helm("test", RELEASE, "--timeout", "60s")
        mesh.kubectl("-n", NAMESPACE, "scale", "deployment/traffictap-collector", "--replicas=0")
        wait_until(lambda: len(mesh.pods(NAMESPACE)) == 2, "the collector is gone", 60)
        with self.assertRaises(HelmError):
            helm("test", RELEASE, "--timeout", "60s")
        self.assertIn("NO  the collector is not ready", test_log())
        # With an APIService that nobody serves no namespace could be deleted. The collector takes it out last of all.
        wait_until(lambda: not any(n.startswith("apiservice") for n in leftovers()), "the APIService is gone", 30)
        mesh.kubectl("create", "namespace", "short-lived")
        mesh.kubectl("delete", "namespace", "short-lived", "--timeout=30s")
        mesh.kubectl("-n", NAMESPACE, "scale", "deployment/traffictap-collector", "--replicas=1")
        wait_until(lambda: pod_of("collector"), "the collector is back", 60)
        helm("test", RELEASE, "--timeout", "60s")

    def test_05_an_upgrade_leaves_the_patches_alone(self):
        before, collector = generation(), pod_of("collector").name
        helm("upgrade", RELEASE, CHART, "--wait", "--timeout", "120s", "--set",
             "logging.level=debug,operator.replicas=1,admissionPolicy.durationMax=8h,admissionPolicy.outputDiskMax=2Gi")
        self.assertNotEqual(pod_of("collector").name, collector)
        call_until_recorded("second")
        self.assertEqual(generation(), before)
        self.the_administrators_maximum_holds()

    def the_administrators_maximum_holds(self):
        def offer(spec=None, **limits):
            """What the API server says against such a tap."""
            try:
                mesh.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(
                    {**TAP, "metadata": {"name": "more", "namespace": "shop"},
                     "spec": {**TAP["spec"], "limits": limits, **(spec or {})}}))
            except RuntimeError as error:
                return str(error)
            return ""

        words = "spec.limits.duration must be set, to 8h at most"
        wait_until(lambda: words in offer(), "the policy is in force", 30)
        self.assertIn(words, offer(duration="9h"))
        self.assertEqual(offer(duration="8h"), "")

        def on_disk(delivery=None, **rotation):
            output = {"name": "more", "type": "File", "file": {"path": "more.jsonl", "rotation": rotation}}
            return offer({"outputs": [{**output, **({"delivery": delivery} if delivery else {})}]}, duration="1h")

        words_of_disk = "an output may have 2Gi on disk at most"
        wait_until(lambda: words_of_disk in on_disk(maxFiles=17), "that policy is in force, too", 30)
        self.assertEqual(on_disk(maxFiles=16), "")
        self.assertEqual(on_disk(maxSize="1Gi", maxFiles=2), "")
        self.assertIn(words_of_disk, on_disk(maxSize=1 << 30, maxFiles=3))
        self.assertIn(words_of_disk, on_disk({"class": "Durable", "maxSize": "3Gi"}))
        self.assertEqual(on_disk({"class": "Durable"}), "")
        # A tap from before stays, and can be labelled; a change of it must keep to the maximum.
        mesh.kubectl("-n", "shop", "label", "traffictap", "all", "seen=yes")
        with self.assertRaisesRegex(RuntimeError, words):
            mesh.kubectl("-n", "shop", "patch", "traffictap", "all", "--type=merge", "-p", '{"spec": {"sampling": {"ratio": 0.5}}}')
        mesh.kubectl("-n", "shop", "create", "quota", "taps", "--hard=count/traffictaps.traffictap.io=1")
        wait_until(lambda: "exceeded quota" in offer(duration="1h"), "one tap is the most", 60)
        mesh.kubectl("-n", "shop", "delete", "quota", "taps")

    def test_06_with_certificates_the_collector_takes_mtls_itself(self):
        before = generation()
        helm("upgrade", RELEASE, CHART, "--wait", "--timeout", "120s", "--set", "als.mtls=Certificates")
        call_until_recorded("third")
        self.assertEqual(generation(), before)
        listeners = mesh.envoy_stats(pod_of("collector"), "inbound.*9811.*rq_total")
        self.assertEqual(sum(listeners.values()), 0)

    def test_07_uninstalled_it_leaves_the_kinds_and_nothing_else(self):
        said = helm("uninstall", RELEASE, "--wait", "--timeout", "120s")
        self.assertIn("traffictaps.traffictap.io", said)
        wait_for_leftovers([f"customresourcedefinition.apiextensions.k8s.io/{kind}.traffictap.io"
                            for kind in ("clustertraffictaps", "tapdestinations", "traffictaps")])
        self.assertEqual(generation(), [])
        self.assertIn("traffictap.traffictap.io/all", mesh.kubectl("-n", "shop", "get", "traffictaps", "-o", "name"))

    def test_08_it_comes_again_to_the_taps_that_it_left_by_way_of_the_previous_chart(self):
        """The kinds are those of the previous chart while objects of them are made, and then ours. Its programs are not at hand:
        what ours do under its name is not looked at."""
        started = tap_of("shop", "all")["status"]["startedAt"]
        helm("install", RELEASE, previous.chart(), "--set", "als.mtls=Disabled,crds.keep=false")
        mesh.kubectl("create", "namespace", "before")
        written = previous.documents("before")
        mesh.apply(yaml.safe_dump_all(written))
        kept = stored(written)
        helm("upgrade", RELEASE, CHART, "--reset-then-reuse-values", "--wait", "--timeout", "120s")
        call_until_recorded("fourth")
        self.assertEqual(tap_of("shop", "all")["status"]["startedAt"], started)
        self.every_object_is_as_it_was_and_reconciled(kept)

    def every_object_is_as_it_was_and_reconciled(self, kept):
        def reconciled():
            return all(item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"] and
                       item["status"].get("conditions") for item in stored(kept))

        wait_until(reconciled, "every object of before has its status", 30)
        for before, now in zip(kept, stored(kept)):
            self.assertEqual(before["metadata"]["uid"], now["metadata"]["uid"])
            self.assertEqual(missing(before["spec"], now["spec"]), [], before["metadata"]["name"])

    def test_09_the_kinds_go_where_they_shall_not_be_kept(self):
        helm("uninstall", RELEASE, "--wait", "--timeout", "120s")
        wait_for_leftovers([])

    def test_10_the_plain_manifests_install_the_same(self):
        base = ROOT / "charts/kustomize/base"
        mesh.kubectl("apply", "--server-side", "-k", base)
        for name in ("operator", "collector"):
            mesh.kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/traffictap-{name}", "--timeout=120s")
        mesh.apply(json.dumps(TAP))
        call_until_recorded("fifth")
        mesh.kubectl("-n", "shop", "delete", "traffictaps", "--all")
        mesh.kubectl("delete", "-k", base, "--timeout=120s")
        # Plain manifests have no hook that takes the patches out; docs/uninstall.md says how to.
        mesh.kubectl("delete", "envoyfilters,telemetries", "-A", "-l", "app.kubernetes.io/managed-by=traffictap")
        self.assertEqual(generation(), [])
        wait_for_leftovers([])
