# SPDX-License-Identifier: Apache-2.0
"""The Otlp output against a real receiver: what arrives, what a receiver that is away costs, what faults are called."""
import collections
import pathlib
import shutil
import tempfile
import time
import unittest

import stage
from receiver import PROTOCOLS, Receiver
from shop import Network
from stage import Load, Stage, file_output, metric, tap, wait_until

QUICK = {"maxAge": "100ms"}


def setUpModule():
    global WORK, NETWORK, RECEIVER
    WORK, NETWORK = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-otlp-")), Network()
    RECEIVER = Receiver(WORK, NETWORK)
    RECEIVER.start()


def tearDownModule():
    if RECEIVER.process:
        RECEIVER.stop()
    NETWORK.close()
    shutil.rmtree(WORK, ignore_errors=True)


def otlp_output(protocol="Grpc", listener="plain", name="otlp", **settings):
    return {"name": name, "type": "Otlp",
            "otlp": {"endpoint": RECEIVER.endpoint(listener, protocol), "protocol": protocol, "batch": QUICK, **settings}}


def tls(**files):
    return {k: str(RECEIVER.tls / v) for k, v in files.items()}


def both(name, *outputs, **spec):
    """A tap to a file and by OTLP: the file says what must arrive."""
    return tap(name, outputs=[file_output(f"{name}.jsonl"), *outputs], **spec)


def arrived(signal, name, count):
    """Waits for `count` of them: the receiver writes a moment after it took them."""
    wait_until(f"{count} {signal}", lambda: len(RECEIVER.read(signal, name)) >= count, 10)
    return RECEIVER.read(signal, name)


def span_of(record):
    """A span's id has 8 bytes, a record's 16."""
    return record["id"][16:]


class Delivery(unittest.TestCase):
    def test_a_call_is_a_log_record_and_a_span_of_each_side(self):
        with Stage(both("one", otlp_output()), pods=(stage.FRONTEND, stage.CART)) as s:
            s.shop.call("cart", "/one?token=1")
            s.settle()
            record, = s.records("one.jsonl")
            log, = arrived("logs", "one", 1)
            spans = {span["kind"]: span for span in arrived("traces", "one", 2)}
        client, server = spans[3], spans[2]
        self.assertEqual(len(spans), 2)
        self.assertEqual(log["attributes"]["traffictap.record.id"], record["id"])
        self.assertEqual(log["spanId"], span_of(record))
        self.assertEqual(client["spanId"], span_of(record))
        self.assertEqual(server["parentSpanId"], client["spanId"])
        self.assertNotIn("parentSpanId", {k: v for k, v in client.items() if v})
        masked = record["request"]["id"].replace("-", "")
        self.assertEqual({log["traceId"], client["traceId"], server["traceId"]}, {masked[:12] + "0" + masked[13:]})
        self.assertEqual((client["name"], client["status"].get("code", 0)), ("GET", 0))
        self.assertEqual(client["resource"]["service.name"], record["source"]["name"])
        self.assertEqual(server["resource"]["service.name"], record["destination"]["name"])
        self.assertEqual(server["resource"]["k8s.namespace.name"], record["destination"]["namespace"])
        for span, side in ((client, record["client"]), (server, record["server"][0])):
            nanos = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
            self.assertAlmostEqual(nanos / 1e6, side["durationMs"], 2)
            self.assertEqual(span["attributes"]["http.response.status_code"], side["code"])
        for told in (log, client, server):
            self.assertEqual(told["attributes"]["http.request.method"], "GET")
            self.assertEqual(told["attributes"]["url.path"], "/one")
            self.assertEqual(told["attributes"]["url.query"], "token=REDACTED")
        self.assertEqual(log["severityText"], "INFO")

    def test_attempts_are_further_server_spans_and_failures_are_errors(self):
        with Stage(both("tries", otlp_output()), pods=(stage.FRONTEND, stage.CART, stage.STOCK)) as s:
            for n in range(3):
                s.shop.call("stock", f"/retried/{n}")
            s.shop.call("cart", "/status/503")
            s.settle()
            records = s.records("tries.jsonl")
            wanted = sum(stage.sides(r) for r in records)
            spans = arrived("traces", "tries", wanted)
            logs = {log["attributes"]["traffictap.record.id"]: log for log in arrived("logs", "tries", len(records))}
        self.assertEqual(len(spans), wanted)
        self.assertEqual(len({span["spanId"] for span in spans}), wanted)
        self.assertTrue(any(len(r["server"]) > 1 for r in records if "server" in r), "nothing was retried")
        children = collections.Counter(span.get("parentSpanId") for span in spans if span["kind"] == 2)
        for record in records:
            self.assertEqual(children[span_of(record)], len(record.get("server", [])))
            self.assertEqual(logs[record["id"]]["attributes"]["traffictap.verdict"], record["verdict"])
        for span in spans:
            code = span["attributes"].get("http.response.status_code", 0)
            failed = code >= 500 or (span["kind"] == 3 and code >= 400) or code == 0
            self.assertEqual(span["status"].get("code", 0), 2 if failed else 0, span["attributes"])

    def test_the_requests_own_trace_goes_on(self):
        trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        with Stage(both("own", otlp_output()), pods=(stage.FRONTEND, stage.CART)) as s:
            s.shop.call("cart", "/own", headers={"traceparent": f"00-{trace}-{parent}-01"})
            s.settle()
            client, = (span for span in arrived("traces", "own", 2) if span["kind"] == 3)
            log, = arrived("logs", "own", 1)
        self.assertEqual((client["traceId"], client["parentSpanId"], log["traceId"]), (trace, parent, trace))

    def test_every_way_to_the_receiver_delivers_every_record(self):
        ways = {f"w{i}": output for i, output in enumerate(
            otlp_output(protocol, listener, compression=compression, tls=files)
            for protocol in PROTOCOLS
            for listener, files in (("plain", {}), ("tls", tls(caFile="ca.pem")),
                                    ("mtls", tls(caFile="ca.pem", certificateFile="client.pem", keyFile="client.key")))
            for compression in ("None", "Gzip"))}
        for output in ways.values():
            if not output["otlp"]["tls"]:
                del output["otlp"]["tls"]
        with Stage(*(both(name, output) for name, output in ways.items())) as s:
            s.shop.load("fast", 30)
            s.settle()
            for name in ways:
                ids = {r["id"] for r in s.records(f"{name}.jsonl")}
                self.assertEqual(len(ids), 30)
                logs = arrived("logs", name, 30)
                self.assertEqual(collections.Counter(x["attributes"]["traffictap.record.id"] for x in logs),
                                 collections.Counter(ids), name)
                self.assertEqual(len(arrived("traces", name, 60)), 60)
            stage.check_counters(s.collector.metrics())

    def test_a_signal_that_is_not_asked_for_is_not_sent(self):
        with Stage(both("logs-only", otlp_output(signals=["Logs"])), both("traces-only", otlp_output(signals=["Traces"]))) as s:
            s.shop.load("fast", 10)
            s.settle()
            arrived("logs", "logs-only", 10)
            arrived("traces", "traces-only", 20)
        self.assertEqual(RECEIVER.read("traces", "logs-only") + RECEIVER.read("logs", "traces-only"), [])

    def test_a_receiver_that_goes_and_comes_back_under_load_loses_nothing(self):
        taps = {p: both(f"away-{p.lower()}", otlp_output(p)) for p in PROTOCOLS}
        with Stage(*taps.values()) as s:
            with Load(s.shop, 500) as load:
                wait_until("some have arrived", lambda: self.delivered(s) > 500)
                RECEIVER.stop()
                wait_until("both say so", lambda: metric(s.collector.metrics(), "output_failing", reason="UNAVAILABLE") == 2)
                time.sleep(2)
                RECEIVER.start()
                before = self.delivered(s)
                wait_until("more arrive", lambda: self.delivered(s) > before + 500, 60)
                answered = load.stop()
            s.settle(60)
            metrics = s.collector.metrics()
            stage.check_counters(metrics)
            self.assertEqual(metric(metrics, "output_dropped_total"), 0)
            self.assertEqual(metric(metrics, "output_failing"), 0)
            for one in taps.values():
                name = one["metadata"]["name"]
                ids = {r["id"] for r in s.records(f"{name}.jsonl")}
                self.assertEqual(len(ids), answered)
                # One whose answer was cut off is sent again: more than once is possible, never is not.
                wait_until("all are written", lambda: {  # noqa: B023
                    x["attributes"]["traffictap.record.id"] for x in RECEIVER.read("logs", name)} == ids)  # noqa: B023

    @staticmethod
    def delivered(s):
        return metric(s.collector.metrics(), "output_delivered_total", output="otlp")


class Faults(unittest.TestCase):
    """Each has its own words in the log and its own reason in the metrics, and touches no other output."""

    def outcomes(self, *expected):
        """Each: an output and the reason and words of its failure."""
        with Stage(*(both(f"f{i}", output) for i, (output, _, _) in enumerate(expected))) as s:
            s.shop.load("fast", 3)
            for i, (_, reason, words) in enumerate(expected):
                wait_until("the file has all", lambda: len(s.lines(f"f{i}.jsonl")) == 3)  # noqa: B023
                wait_until(f"output {i} ends with {reason} {words}", lambda: self.failed(s, f"shop/f{i}", reason, words))  # noqa: B023
            stage.check_counters(s.collector.metrics())
            self.assertEqual(metric(s.collector.metrics(), "output_queued"), 3 * len(expected))
            start = time.monotonic()
            self.assertEqual(s.collector.stop(), 0)
            self.assertLess(time.monotonic() - start, 20)

    @staticmethod
    def failed(s, key, reason, words):
        told = [x for x in (s.work / "collector.log").read_text().splitlines()
                if f'output="{key} otlp"' in x and "output fails" in x]
        return (metric(s.collector.metrics(), "output_failing", tap=key, output="otlp", reason=reason) == 1
                and any(f"reason={reason} " in line and words in line for line in told))

    def test_nobody_there_and_an_unknown_authority(self):
        nobody = [otlp_output(p) for p in PROTOCOLS]
        for output in nobody:
            output["otlp"]["endpoint"] = f"http://{RECEIVER.ip}:9"
        strangers = [otlp_output(p, "tls", tls=tls(caFile="other.pem")) for p in PROTOCOLS]
        unnamed = [otlp_output(p, "tls") for p in PROTOCOLS]
        self.outcomes(*((o, "UNAVAILABLE", f"{RECEIVER.ip}:9)") for o in nobody),
                      *((o, "UNAVAILABLE", "otlp: export") for o in strangers + unnamed))

    def test_a_client_certificate_that_is_missing_or_of_another_authority(self):
        alien = tls(caFile="ca.pem", certificateFile="other.pem", keyFile="other.key")
        self.outcomes(*((otlp_output(p, "mtls", tls=files), "UNAVAILABLE", "otlp: export")
                        for p in PROTOCOLS for files in (tls(caFile="ca.pem"), alien)))

    def test_the_wrong_protocol_and_the_wrong_path(self):
        path = otlp_output("HttpProtobuf")
        path["otlp"]["endpoint"] += "/nowhere"
        crossed = otlp_output("HttpProtobuf")
        crossed["otlp"]["endpoint"] = RECEIVER.endpoint("plain", "Grpc")
        self.outcomes((path, "FAILED_PRECONDITION", "correct endpoint and protocol"),
                      (crossed, "UNAVAILABLE", "otlp: export"))

    def test_files_that_are_missing(self):
        header = otlp_output(headers=[{"name": "authorization", "valueFile": str(WORK / "absent")}])
        ca = otlp_output("Grpc", "tls", tls=tls(caFile="absent.pem"))
        self.outcomes((header, "FAILED_PRECONDITION", "no such file"), (ca, "INVALID_ARGUMENT", "no such file"))
