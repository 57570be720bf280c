# SPDX-License-Identifier: Apache-2.0
"""What /metrics says of a tap with `metrics`, in both formats, with the calls of real Envoys."""
import http.client
import re
import unittest

import stage
from stage import Stage, tap

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
# As Prometheus 3 asks.
ACCEPT = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
          "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
LABELS = r'\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\}'
NUMBER = r"(?:-?\d+(?:\.\d+)?(?:e[+-]\d+)?|[+-]Inf|NaN)"
SAMPLE = re.compile(rf"(\w+)({LABELS})? {NUMBER}( # {LABELS} {NUMBER} \d+\.\d+)?")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def families(text):
    """{name: (type, its lines)}; every line must be one that OpenMetrics has, in the place that it has there."""
    lines = text.split("\n")
    if lines[-2:] != ["# EOF", ""]:
        raise AssertionError(f"ends with {lines[-2:]}")
    out, name = {}, None
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in out:
                raise AssertionError(f"{name} comes twice")
            out[name] = (kind, [])
        elif not line.startswith(f"# HELP {name} "):
            found = SAMPLE.fullmatch(line)
            kind, samples = out[name]
            if not found or found[1] not in [name + suffix for suffix in SUFFIXES[kind]]:
                raise AssertionError(f"of {name}, a {kind}: {line}")
            if found[3] and not found[1].endswith("_bucket"):
                raise AssertionError(f"an exemplar where there can be none: {line}")
            samples.append(line)
    return out


class MetricsOfATap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        metrics = {"by": ["Source", "Destination", "Verdict", "ResponseClass"], "buckets": ["1ms", "10s"]}
        cls.stage = Stage(tap("all", metrics=metrics), tap("plain"))
        try:
            for path in ("/a", "/b"):
                cls.stage.shop.call("cart", path)
            cls.stage.shop.call("cart", "/traced", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
            cls.stage.shop.call_unmeshed("cart", "/outside")
            cls.stage.settle()
        except BaseException:
            cls.stage.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__(None)

    def ask(self, accept):
        collector = self.stage.collector
        connection = http.client.HTTPConnection(collector.ip, collector.http_port, timeout=5)
        try:
            connection.request("GET", "/metrics", headers={"Accept": accept})
            answer = connection.getresponse()
            return answer.headers["Content-Type"], answer.read().decode()
        finally:
            connection.close()

    def test_requests_are_counted_by_edge_verdict_and_class(self):
        metrics = self.stage.collector.metrics()
        edge = {"tap": "shop/all", "source_workload": "frontend", "source_workload_namespace": "shop", "destination_workload": "cart",
                "destination_workload_namespace": "shop", "verdict": "Ok", "response_class": "2xx"}
        self.assertEqual(stage.metric(metrics, "requests_total", **edge), 3)
        self.assertEqual(stage.metric(metrics, "request_duration_seconds_bucket", le="+Inf", **edge), 3)
        self.assertEqual(stage.metric(metrics, "request_duration_seconds_count", **edge), 3)
        spent = stage.metric(metrics, "request_duration_seconds_sum", **edge)
        self.assertTrue(0 < spent < 30, spent)
        self.assertEqual(stage.metric(metrics, "requests_total", **{**edge, "source_workload": "unknown",
                                                                    "source_workload_namespace": "unknown"}), 1)
        self.assertEqual(stage.metric(metrics, "requests_total"), 4, "and nothing else is")
        self.assertEqual(stage.metric(metrics, "tap_metrics_series", tap="shop/all"), 2)
        self.assertEqual(stage.metric(metrics, "tap_metrics_other_total", tap="shop/all"), 0)

    def test_who_asks_for_open_metrics_gets_it_with_the_trace_as_exemplar(self):
        kind, text = self.ask(ACCEPT)
        self.assertEqual(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8")
        kind, buckets = families(text)["traffictap_request_duration_seconds"]
        self.assertEqual(kind, "histogram")
        self.assertEqual(sum(f'# {{trace_id="{TRACE}"}}' in line for line in buckets), 1)
        self.assertTrue(any('le="10.0"' in line for line in buckets))

    def test_others_get_the_older_format_without_exemplars(self):
        for accept in ("*/*", "text/plain;version=0.0.4"):
            kind, text = self.ask(accept)
            self.assertEqual(kind, "text/plain; version=0.0.4")
            self.assertNotIn(TRACE, text)
            self.assertIn("# TYPE traffictap_requests_total counter", text)


if __name__ == "__main__":
    unittest.main()
