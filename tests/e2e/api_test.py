# SPDX-License-Identifier: Apache-2.0
"""Live records through the real API server: who may read them, what each sees, and what is written down of it."""

import json
import pathlib
import re
import time
import unittest

from callers import teller
from installation import API_SERVICE, Collector, create_crds, remove_api_service, shared_mesh
from mesh.processes import wait_until
from readers import Reader, knock, lines, path

HERE = pathlib.Path(__file__).parent
TAP = """
apiVersion: traffictap.io/v1alpha1
kind: TrafficTap
metadata: {{name: everything, namespace: {0}}}
spec:
  pairing: {{window: 1s}}
  outputs: [{{name: disk, type: File, file: {{path: {0}.jsonl}}}}]
"""
CLUSTER_TAP = """
apiVersion: traffictap.io/v1alpha1
kind: ClusterTrafficTap
metadata: {name: all}
spec:
  pairing: {window: 1s}
  outputs: [{name: disk, type: File, file: {path: all.jsonl}}]
"""
ATTACHED = (HERE / "attached.yaml").read_text()
# A second for the record, and one for the proxies' and the readers' own pace.
SECONDS = 20


def setUpModule():
    global mesh, collector, tina, max_, ada, lea
    mesh = shared_mesh()
    create_crds(mesh)
    mesh.apply(teller("bank"))
    taps = mesh.state / "api-taps"
    taps.mkdir(exist_ok=True)
    for namespace in ("shop", "bank"):
        (taps / f"{namespace}.yaml").write_text(TAP.format(namespace))
    (taps / "all.yaml").write_text(CLUSTER_TAP)
    collector = Collector(mesh, "--taps", taps).with_api().start()
    collector.wait_served()
    for namespace in ("shop", "bank"):
        mesh.apply(ATTACHED.replace("namespace: shop", f"namespace: {namespace}"))
    tina, max_, ada, lea = (Reader(mesh, name, ["shop-team"]) for name in ("tina", "max", "ada", "lea"))
    mesh.kubectl("create", "clusterrole", "pairs-lister", "--verb=list", "--resource=pairs.tap.traffictap.io")
    grant("tina", "traffictap-tapper", "shop")
    grant("lea", "pairs-lister", "shop")
    mesh.kubectl("create", "clusterrolebinding", "ada-admin", "--clusterrole=traffictap-admin", "--user=ada")
    mesh.wait_ready("bank", 1)
    wait_until(available, "the API server has found the collector", 60)
    wait_until(lambda: "teller-v1" in call_from_the_bank(), "the bank's proxy is attached", 60)


def tearDownModule():
    for namespace in ("shop", "bank"):
        mesh.kubectl("delete", "envoyfilter", "attached", "-n", namespace)
    remove_api_service(mesh)
    collector.stop()
    mesh.kubectl("delete", "namespace", "bank", "--wait=false")


def grant(user, role, namespace):
    mesh.kubectl("create", "rolebinding", f"{user}-{role}", "-n", namespace, "--clusterrole", role, "--user", user)


def available():
    status = mesh.kubectl("get", "apiservice", API_SERVICE, "-o",
                          "jsonpath={.status.conditions[?(@.type=='Available')].status}")
    return status == "True"


def call_from_the_bank(where="/from-the-bank"):
    mesh.call("bank/teller", f"http://frontend.shop{where}")
    return ada.read(path(None, query="tap=all&text=teller"))


def records(reader, namespace, query):
    """The records that come of the backlog, once there is one."""
    found = []

    def there():
        found[:] = lines(reader.read(path(namespace, query=query)))[0]
        return found

    wait_until(there, f"{reader.name} sees {query} in {namespace}", SECONDS)
    return found


def audit(*parts):
    """The last line of the audit log that has all the parts."""
    found = []

    def there():
        text = collector.log.read_text()
        found[:] = [x for x in text.splitlines() if " audit: " in x and all(p in x for p in parts)]
        return found

    wait_until(there, f"the audit log says {parts}", SECONDS)
    return found[-1]


class Discovery(unittest.TestCase):
    def test_kubectl_knows_the_resources(self):
        well, text = tina.kubectl("api-resources", "--api-group", "tap.traffictap.io", "--no-headers", "-o", "name")
        self.assertTrue(well, text)
        self.assertEqual(sorted(text.split()), [f"{x}.tap.traffictap.io" for x in ("dumps", "files", "pairs", "summaries", "taps")])

    def test_kubectl_get_says_what_to_use(self):
        well, text = tina.kubectl("get", "pairs", "-n", "shop")
        self.assertFalse(well, text)
        self.assertIn("use kubectl traffictap, or kubectl get --raw", text)

    def test_the_api_server_has_nothing_to_complain_of(self):
        log = mesh.state / "log/kube-apiserver.log"
        before = log.stat().st_size
        time.sleep(7)  # longer than it looks again at an APIService that it has trouble with
        with open(log) as file:
            file.seek(before)
            complaints = [x for x in file if x.startswith("E") and "tap.traffictap.io" in x]
        self.assertEqual(complaints, [])


class WhoMayRead(unittest.TestCase):
    def test_without_a_right_the_api_server_refuses(self):
        for where in (path("shop"), path("shop", query="watch=true"), path(None), path("shop", "taps")):
            well, text = max_.kubectl("get", "--raw", where)
            self.assertFalse(well, text)
            self.assertRegex(text, r'Forbidden.*User "max" cannot \w+ resource "\w+" in API group "tap.traffictap.io"')

    def test_who_may_list_but_not_watch_is_refused_by_the_collector_and_that_is_written_down(self):
        well, text = lea.kubectl("get", "--raw", path("shop", query="text=lea"))
        self.assertFalse(well, text)
        self.assertIn('user "lea" may not watch the records of namespace "shop"', text)
        line = audit("refused", 'user="lea"')
        self.assertIn('groups="shop-team,system:authenticated"', line)
        self.assertIn('namespace="shop" query="text=lea" reason=PERMISSION_DENIED', line)

    def test_a_right_in_a_namespace_is_one_to_its_records(self):
        mesh.call("shop/client", "http://frontend/tinas")
        found = records(tina, "shop", "path=/tinas&source=client-v1")
        self.assertEqual(found[0]["destination"]["name"], "frontend-v1")
        self.assertNotIn("reduced", json.dumps(found))
        for where in (path("bank"), path(None)):
            self.assertIn("Forbidden", tina.kubectl("get", "--raw", where)[1])
        self.assertIn("is not in namespace", tina.kubectl("get", "--raw", path("shop", query="tap=bank/everything"))[1])

    def test_the_side_of_another_namespace_is_reduced_unless_it_may_be_read_too(self):
        call_from_the_bank("/both-sides")
        whole = records(ada, "shop", "clusterTap=all&path=/both-sides&verdict=Ok")[0]
        self.assertEqual(whole["source"]["name"], "teller-v1")
        mine = records(tina, "shop", "clusterTap=all&path=/both-sides")[0]
        self.assertEqual(mine["source"], {"namespace": "bank", "reduced": True})
        self.assertEqual(mine["client"], {"reduced": True, "code": 200})
        self.assertEqual((mine["id"], mine["destination"]["name"]), (whole["id"], "frontend-v1"))
        self.assertNotIn("teller", json.dumps(mine))

    def test_a_filter_tells_nothing_of_a_reduced_side(self):
        call_from_the_bank("/not-told")
        records(tina, "shop", "clusterTap=all&path=/not-told")
        told = tina.read(path("shop", query="clusterTap=all&path=/not-told&source=teller-v1"))
        self.assertEqual(lines(told)[0], [])

    def test_a_namespace_gets_nothing_of_a_tap_of_the_cluster_that_does_not_touch_it(self):
        mesh.call("shop/client", "http://catalog/not-the-banks")
        records(ada, "shop", "clusterTap=all&path=/not-the-banks")
        self.assertEqual(lines(ada.read(path("bank", query="clusterTap=all&path=/not-the-banks")))[0], [])

    def test_all_namespaces_are_for_those_who_may_watch_them_all(self):
        call_from_the_bank("/everywhere")
        taps = {record["tap"] for record in records(ada, None, "path=/everywhere")}
        self.assertEqual(taps, {"shop/everything", "bank/everything", "all"})
        self.assertIn("collector", json.loads(ada.read(path(None, "taps"))))
        self.assertEqual([tap["tap"] for tap in json.loads(tina.read(path("shop", "taps")))["taps"]],
                         ["shop/everything"])
        self.assertGreater(json.loads(tina.read(path("shop", "summaries")))["records"], 0)

    def test_files_are_copied_with_the_right_to_watch_their_namespace_and_by_nobody_else(self):
        mesh.call("shop/client", "http://frontend/copied")
        records(tina, "shop", "path=/copied")
        list_ = path("shop", "files", "tap=everything")
        [output] = json.loads(tina.read(list_))["outputs"]
        self.assertEqual((output["name"], output["files"][-1]["name"]), ("disk", "shop.jsonl"))
        part = path("shop", "files", "tap=everything&output=disk&file=shop.jsonl")
        wait_until(lambda: '"path":"/copied"' in tina.read(part), "the record is in the file", SECONDS)
        audit("files read", 'user="tina"', "tap=shop/everything", "file=shop.jsonl")
        others = part.replace("file=shop.jsonl", "file=all.jsonl")
        self.assertIn("is none of this output", tina.kubectl("get", "--raw", others)[1])
        for user, where in ((max_, list_), (max_, part), (tina, path("bank", "files", "tap=everything")),
                            (tina, path(None, "files", "tap=all"))):
            self.assertIn("Forbidden", user.kubectl("get", "--raw", where)[1])
        self.assertEqual(json.loads(ada.read(path(None, "files", "tap=all")))["tap"], "all")

    def test_a_right_that_is_taken_away_ends_the_stream_within_a_minute(self):
        grant("max", "traffictap-tapper", "shop")
        wait_until(lambda: max_.kubectl("get", "--raw", path("shop"))[0], "max may read", SECONDS)
        stream = max_.follow(path("shop", query="watch=true&path=/nobody-calls-this"))
        audit("began", 'user="max"', "watch=true")
        mesh.kubectl("delete", "rolebinding", "max-traffictap-tapper", "-n", "shop")
        started = time.monotonic()
        text, _ = stream.communicate(timeout=65)
        self.assertLess(time.monotonic() - started, 60)
        self.assertEqual(lines(text)[1][-1], {"type": "End", "reason": "RightRevoked"})
        audit("ended", 'user="max"', "reason=RightRevoked")


class Strangers(unittest.TestCase):
    HEADERS = {"X-Remote-User": "ada", "X-Remote-Group": "system:masters"}

    def test_the_collector_believes_nobody_but_the_front_proxy(self):
        status, text = knock(mesh, path("shop"), headers=self.HEADERS)
        self.assertEqual((status, json.loads(text)["reason"]), (401, "Unauthorized"))
        self.assertIn("Kubernetes API server alone", text)
        for user in (ada, tina):
            status, text = knock(mesh, path("shop"), user.certificate, self.HEADERS)
            self.assertIn(status, (0, 401), text)
            self.assertNotIn("shop/everything", text)
        audit("refused", 'user=""', "reason=UNAUTHENTICATED")

    def test_what_a_user_sends_as_the_front_proxys_headers_is_not_believed(self):
        response = max_.open(path("shop"), headers=self.HEADERS)
        self.assertEqual(response.status, 403)
        self.assertIn('User \\"max\\"', response.read().decode())

    def test_without_the_api_server_nobody_is_let_in(self):
        front_proxy = (mesh.state / "pki/front-proxy.crt", mesh.state / "pki/front-proxy.key")
        as_eve = {"X-Remote-User": "eve", "X-Remote-Group": "system:masters"}
        self.assertEqual(knock(mesh, path("shop"), front_proxy, as_eve)[0], 200)
        mesh.stop("kube-apiserver")
        try:
            time.sleep(5.1)  # for which the answer before is remembered
            status, text = knock(mesh, path("shop"), front_proxy, as_eve)
            self.assertEqual((status, json.loads(text)["reason"]), (503, "ServiceUnavailable"))
        finally:
            mesh.start("kube-apiserver")
            wait_until(available, "the API server has found the collector again", 60)


class Streams(unittest.TestCase):
    def test_a_watch_goes_on_and_its_beginning_and_end_are_written_down(self):
        stream = tina.follow(path("shop", query="watch=true&limit=2&text=watched&since=1s"))
        began = audit("began", "text=watched")
        for word in ('user="tina"', 'groups="shop-team,system:authenticated"', 'namespace="shop"',
                     "taps=shop/everything"):
            self.assertIn(word, began)
        mesh.call("shop/client", "http://frontend/watched")
        mesh.call("shop/client", "http://frontend/watched")
        text, _ = stream.communicate(timeout=SECONDS)
        found, controls = lines(text)
        self.assertEqual((len(found), controls[-1]), (2, {"type": "End", "reason": "Limit"}))
        ended = audit("ended", "text=watched")
        self.assertIn('user="tina"', ended)
        self.assertRegex(ended, r"reason=Limit seconds=\S+ sent=2 filtered=\d+ hidden=0 dropped=0$")

    def test_a_reader_that_goes_away_is_noticed(self):
        stream = tina.follow(path("shop", query="watch=true&text=gone"))
        audit("began", "text=gone")
        stream.kill()
        stream.wait()
        audit("ended", "text=gone", "reason=ReaderGone")

    def test_server_sent_events_come_through(self):
        response = tina.open(path("shop", query="watch=true&limit=1"), {"Accept": "text/event-stream"})
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream")
        mesh.call("shop/client", "http://frontend/event")
        text = response.read().decode()
        self.assertRegex(text, r"(?m)^event: record\ndata: \{")
        self.assertTrue(text.endswith('event: control\ndata: {"type":"End","reason":"Limit"}\n\n'), text[-200:])

    def test_a_certificate_that_somebody_takes_out_of_the_api_service_is_written_again(self):
        before = mesh.kubectl("get", "apiservice", API_SERVICE, "-o", "jsonpath={.spec.caBundle}")
        mesh.kubectl("patch", "apiservice", API_SERVICE, "--type=merge", "-p",
                     '{"spec":{"caBundle":null,"insecureSkipTLSVerify":false}}')
        restored = lambda: before == mesh.kubectl(
            "get", "apiservice", API_SERVICE, "-o", "jsonpath={.spec.caBundle}")
        wait_until(restored, "the collector has written its certificate again", SECONDS)
        wait_until(available, "the API server reaches it", SECONDS)
        tina.read(path("shop", query="limit=1"))


class Harm(unittest.TestCase):
    """What traffic carries, and what a reader asks for, harms nobody who reads it."""

    def test_what_traffic_carries_is_escaped(self):
        where = "/harm%1b[31m%0d%0aX:%20<script>alert(1)</script>"
        agent = "\u009b31m<script>\"',=cmd|'/c'!A1 \u2028."
        mesh.call("shop/client", f"http://frontend{where}", headers={"User-Agent": agent.encode()})
        records(tina, "shop", "text=/harm&source=client-v1")
        text = tina.read(path("shop", query="text=/harm&source=client-v1"))
        self.assertIsNone(re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), ascii(text[:2000]))
        found = lines(text)[0][0]
        self.assertTrue(found["request"]["path"].startswith("/harm%1b[31m%0d%0aX:%20"), found["request"]["path"])
        self.assertIn("<script>", found["request"]["userAgent"])

    def test_a_query_cannot_forge_a_line_of_the_audit_log(self):
        tina.read(path("shop", query='text=x%0a%22%20reason=none%0alive&limit=1'))
        line = audit("ended", "text=x%0A", 'user="tina"')
        self.assertIn('namespace="shop"', line)

    def test_answers_are_not_to_be_kept_or_guessed_at(self):
        response = tina.open(path("shop"))
        self.assertEqual(response.getheader("X-Content-Type-Options"), "nosniff")
        self.assertIn("no-store", response.getheader("Cache-Control"))  # with the API server's own words
        self.assertIn("default-src 'none'", response.getheader("Content-Security-Policy"))
        self.assertEqual(response.getheader("X-Frame-Options"), "DENY")
        self.assertEqual(response.getheader("Content-Type"), "application/x-ndjson")
