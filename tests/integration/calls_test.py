# SPDX-License-Identifier: Apache-2.0
"""Every kind of call, through real Envoys: exactly the record that it should give. Plain and with mTLS."""
import subprocess
import unittest

import stage
from shop import PODS
from stage import Stage, tap

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CANARIES = ("hunter2", "session=secret", "Bearer")


class Calls(unittest.TestCase):
    mtls = False

    @classmethod
    def setUpClass(cls):
        capture = {"requestHeaders": ["x-shop-version"], "responseHeaders": ["x-shop-answer"]}
        everything = {"protocols": ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"]}
        cls.stage = Stage(tap("all", match=everything, capture=capture), tap("bare", capture={"trace": False}), pods=PODS, mtls=cls.mtls)
        try:
            cls.call_everything(cls.stage.shop)
            cls.stage.settle()
            cls.found = cls.stage.records()
        except BaseException:
            cls.stage.close()
            raise

    @classmethod
    def call_everything(cls, shop):
        cls.status = {
            "ok": shop.call("cart", "/ok?token=hunter2", agent="curl/7.88.1"),
            "post": shop.call("catalog", "/post", method="POST"),
            "headers": shop.call("cart", "/headers", headers={
                "x-shop-version": "42", "Authorization": "Bearer hunter2", "Cookie": "id=hunter2",
                "traceparent": f"00-{TRACE}-{SPAN}-01"}),
            "b3": shop.call("cart", "/b3", headers={"b3": f"{TRACE[16:]}-{SPAN}-1"}),
            "retried": shop.call("stock", "/retried"),
            "broken": shop.call("broken", "/broken"),
            "slow": shop.call("payment", "/slow"),
            "aborted": shop.call("payment", "/aborted", abort=True),
            "unmeshed": shop.call("ledger", "/unmeshed"),
            "gone": shop.call("gone", "/gone"),
            "nowhere": shop.call("nowhere", "/nowhere"),
            "outside": shop.call_unmeshed("catalog", "/outside"),
        }
        cls.tcp = [shop.query_db(b"select %d" % n) for n in range(3)]

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__(None)

    def one(self, path):
        found = [r for r in self.found if r["request"].get("path", "").split("?")[0] == f"/{path}"]
        self.assertEqual(len(found), 1, f"records of /{path}: {found}")
        return found[0]

    def expect(self, path, verdict, code, reason=None, sides=(1, 1), flags=None):
        record = self.one(path)
        got = {"verdict": record["verdict"], "code": record["response"].get("code"),
               "reason": record.get("orphanReason"), "flags": record["response"].get("flags"),
               "sides": (1 if "client" in record else 0, len(record.get("server", [])))}
        self.assertEqual(got, {"verdict": verdict, "code": code, "reason": reason, "flags": flags, "sides": sides})
        return record

    def test_an_answered_request_is_one_pair(self):
        self.assertEqual(self.status["ok"], 200)
        record = self.expect("ok", "Ok", 200)
        self.assertEqual((record["source"]["name"], record["destination"]["name"]), ("frontend", "cart"))
        self.assertEqual(record["destination"]["service"], "cart.shop.svc.cluster.local")
        self.assertEqual(record["request"]["path"], "/ok?token=REDACTED")
        self.assertGreaterEqual(record["timings"]["clientMs"], record["timings"]["serverMs"] - 5)
        self.assertAlmostEqual(record["timings"]["betweenMs"],
                               record["timings"]["clientMs"] - record["timings"]["serverMs"], places=2)

    def test_mtls_shows_both_identities_and_plain_text_none(self):
        side = self.one("ok")["server"][0]
        self.assertEqual(side.get("peerPrincipal"), "spiffe://cluster.local/ns/shop/sa/frontend" if self.mtls else None)
        self.assertEqual(side.get("localPrincipal"), "spiffe://cluster.local/ns/shop/sa/cart" if self.mtls else None)
        self.assertEqual(side.get("tlsVersion", 0) >= 3, self.mtls)

    def test_methods_are_told(self):
        self.assertEqual(self.expect("post", "Ok", 200)["request"]["method"], "POST")

    def test_a_retried_request_is_one_record_with_each_attempt(self):
        self.assertEqual(self.status["retried"], 200)
        record = self.expect("retried", "Retried", 200, sides=(1, 2))
        self.assertEqual([s["code"] for s in record["server"]], [503, 200])
        self.assertEqual(record["client"]["attempts"], 2)

    def test_a_server_error_is_the_servers(self):
        self.expect("broken", "ServerError", 500)

    def test_a_timeout_is_told_by_both(self):
        self.assertEqual(self.status["slow"], 504)
        self.expect("slow", "ServerError", 504, flags=["UT"])

    def test_a_caller_that_gives_up_is_told_by_both(self):
        self.expect("aborted", "ClientAborted", None, flags=["DC"])

    def test_an_unmeshed_server_leaves_the_client_alone(self):
        record = self.expect("unmeshed", "Ok", 200, "PeerNotMeshed", (1, 0))
        self.assertEqual((record["reporter"], record["destination"]["service"]),
                         ("source", "ledger.shop.svc.cluster.local"))

    def test_an_unmeshed_client_leaves_the_server_alone(self):
        if self.mtls:  # the server's proxy refuses it before there is a request
            self.assertIsNone(self.status["outside"])
            self.assertEqual([r for r in self.found if r["request"].get("path") == "/outside"], [])
        else:
            self.assertEqual(self.expect("outside", "Ok", 200, "PeerNotMeshed", (0, 1))["reporter"], "destination")

    def test_a_server_that_is_gone_is_the_networks_fault(self):
        self.assertEqual(self.status["gone"], 503)
        self.expect("gone", "NetworkOrProxy", 503, "NeverArrived", (1, 0), ["UF"])

    def test_a_host_without_a_route_is_the_proxys_answer(self):
        self.assertEqual(self.status["nowhere"], 404)
        self.expect("nowhere", "NetworkOrProxy", 404, "NeverArrived", (1, 0), ["NR"])

    def test_tcp_connections_are_paired(self):
        self.assertEqual(self.tcp, [b"select 0", b"select 1", b"select 2"])
        found = [r for r in self.found if r["request"]["protocol"] == "TCP"]
        self.assertEqual([(r["verdict"], r.get("orphanReason"), r["destination"]["name"]) for r in found],
                         [("Ok", None, "db")] * 3)
        self.assertEqual([r["request"]["bodyBytes"] for r in found], [8, 8, 8])

    def test_nothing_else_is_recorded(self):
        self.assertEqual(len(self.found), 14 if self.mtls else 15)
        self.assertEqual(len({r["id"] for r in self.found}), len(self.found))

    def test_the_issues_query_names_the_caller(self):
        out = subprocess.run(["jq", 'select(.request.userAgent=="curl/7.88.1") | .source.name',
                              self.stage.collector.output / "all.jsonl"], check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(out.stdout, '"frontend"\n')

    def test_listed_headers_are_captured_and_credentials_never(self):
        record = self.one("headers")
        self.assertEqual(record["request"]["headers"], {"x-shop-version": "42"})
        self.assertEqual(record["response"]["headers"], {"x-shop-answer": "cart"})
        for path in ("all.jsonl", "bare.jsonl"):
            text = "".join(self.stage.lines(path))
            self.assertEqual([c for c in CANARIES if c in text], [])
        told = (self.stage.work / "collector.log").read_text() + self.stage.collector.get("/metrics")[1]
        self.assertEqual([c for c in CANARIES if c in told], [])
        self.assertEqual([r for r in self.stage.records("bare.jsonl") if "headers" in r["request"]], [])

    def test_traces_are_recorded_and_their_headers_are_not_unless_the_tap_leaves_them_out(self):
        record = self.one("headers")
        self.assertEqual(record["trace"], {"traceId": TRACE, "spanId": SPAN})
        self.assertEqual([side for side in (record["client"], *record["server"]) if "spanId" in side], [])
        self.assertEqual(self.one("b3")["trace"], {"traceId": "0" * 16 + TRACE[16:], "spanId": SPAN})
        self.assertNotIn("trace", self.one("ok"))
        self.assertEqual([r for r in self.stage.records("bare.jsonl") if "trace" in r], [])

    def test_the_books_agree_with_the_envoys_own(self):
        metrics, sent = self.stage.collector.metrics(), self.stage.shop.entries_sent()
        stage.check_counters(metrics)
        self.assertEqual(metrics["traffictap_entries_received_total"], sent["flushed"])
        self.assertEqual((sent["dropped"], sent["failed"]), (0, 0))


class CallsWithMutualTls(Calls):
    mtls = True
