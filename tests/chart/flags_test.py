# SPDX-License-Identifier: Apache-2.0
"""Values that become flags: the chart takes what the programs take, and refuses what they would refuse when they start. Needs
the programs, and no cluster."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from installing import ROOT, HelmError
from rendered_test import LEAST, MOST, NAMED
from rendering import SHUFFLED, SHUFFLED_LIVE, SHUFFLED_MOST, pods_of, rendered, shuffled

BUILD = pathlib.Path(os.environ["TRAFFICTAP_BUILD"])
COLLECTOR, OPERATOR = BUILD / "src/collector/traffictap-collector", BUILD / "operator/traffictap-operator"
SIZES = (["1b", "64mb", "1 gib", "9999999999kb", "16tb"], ["0b", "1ib", "17tb", "-1mb", "99999999999999b", "much"])
TIMES = (["0s", "500ms", "1h30m5s", "999999h"], ["1m1h", "1s1s", "01s", "5", "-1s", "1.5h", "99999999h", "1d"])
NAMES = (["a", "A.b_c-9", "a" * 249], [".", "..", "a/b", "é", "a" * 250])
HEADERS = ([["x-a", "X-B"], ["a!#$%&'*+.^_`|~-9"]], [["x:a"], ["é"], ["a b"], ["Cookie"], ["x-a", "x-api-key"]])
# (the value's path, its program, the flag, what both take, what both refuse, what else has to be set)
BOUNDED = [
    ("api.removeAfter", OPERATOR, "--api-remove-after", *TIMES, {}),
    ("api.traceUrl", COLLECTOR, "--trace-url", ["https://jaeger.example/{traceId}", "http://a:1/x?y=[{traceId}]&z=~a;b"],
     ["ftp://a/{traceId}", "https://a/", "https://é/{traceId}", "https://a/{traceId}|", "https://a\x01/{traceId}", "https://a b/{traceId}"], {}),
    ("operator.patchGrace", OPERATOR, "--patch-grace", *TIMES, {}),
    ("operator.standing.openStreams", OPERATOR, "--standing-open-streams", ["1s", "59m60s", "1h"], ["500ms", "1h1ms", "61m", "30", "1m1m"], {}),
    ("operator.standing.namespaceLabels", OPERATOR, "--standing-namespaces", [{"a": "b", "c": ""}, {"example.com/a": "b"}],
     [{"a=b": "c"}, {"a,b": "c"}, {"": "c"}, {"a": "b=c"}, {"a": "b,c"}], {}),
    ("operator.standing.requestHeaders", OPERATOR, "--standing-request-headers", *HEADERS, {}),
    ("operator.standing.responseHeaders", OPERATOR, "--standing-response-headers", *HEADERS, {}),
    ("collector.pairingThreads", COLLECTOR, "--pairing-threads", [2, 64], [0, 65], {}),
    *((f"collector.{value}", COLLECTOR, flag, *SIZES, {}) for value, flag in (
        ("memory", "--memory"), ("queueSize", "--queue-size"), ("waitingSize", "--waiting-size"), ("liveBacklogSize", "--live-backlog-size"))),
    *((f"shuffle.receivers.{value}", COLLECTOR, flag, *SIZES, SHUFFLED) for value, flag in (
        ("memory", "--memory"), ("queueSize", "--queue-size"))),
    *((f"shuffle.pairers.{value}", COLLECTOR, flag, *SIZES, SHUFFLED) for value, flag in (
        ("memory", "--memory"), ("waitingSize", "--waiting-size"), ("liveBacklogSize", "--live-backlog-size"))),
    ("shuffle.receivers.streamMaxAge", COLLECTOR, "--als-stream-max-age", [0, "0", "0s", "1s", "15m", "1440m", "24h"],
     ["500ms", "48h", "24h1ms", "1441m", "15", "1m1h"], SHUFFLED),
    ("shuffle.brokers", COLLECTOR, "--shuffle-brokers", [["kafka:1"], ["a:9092", "b.kafka:65535"]],
     [["kafka"], ["kafka:0"], ["kafka:65536"], ["kafka:99999"], ["a/b:9092"]], SHUFFLED),
    ("shuffle.topic", COLLECTOR, "--shuffle-topic", *NAMES, SHUFFLED),
    ("shuffle.checkpoints", COLLECTOR, "--shuffle-checkpoints", *NAMES, SHUFFLED),
    ("shuffle.proxies", COLLECTOR, "--shuffle-proxies", *NAMES, SHUFFLED),
    ("shuffle.group", COLLECTOR, "--shuffle-group", *NAMES, SHUFFLED),
    ("shuffle.partitions", COLLECTOR, "--shuffle-partitions", [16, 4096], [0, 4097], SHUFFLED),
    ("shuffle.security", COLLECTOR, "--shuffle-security", ["Plaintext", "Ssl"], ["TLS", "plaintext"], SHUFFLED),
    ("shuffle.sasl.mechanism", COLLECTOR, "--shuffle-sasl", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"], ["GSSAPI"],
     shuffled(security="SaslSsl", credentialsSecret="k")),
]
# Flags without bounds: addresses, names and files that the chart or the cluster chooses, switches, and words of which the schema has
# the same list.
FREE = {
    "--als", "--als-cert", "--als-client-ca", "--als-identity", "--als-key", "--als-trust-domain", "--api", "--api-cert", "--api-key",
    "--api-owner", "--api-readers-ca", "--api-service", "--check", "--cluster-domain", "--collector-service", "--discovery", "--http",
    "--istiod-token", "--log-format", "--log-level", "--name", "--namespace", "--no-node-zones", "--operator", "--output-dir",
    "--pairers-ca", "--pairers-cert", "--pairers-key", "--pairers-server-name", "--pairers-statefulset", "--role", "--root-namespace",
    "--shuffle-accept-plain", "--shuffle-credentials", "--shuffle-encryption", "--spool-dir", "--tap-cache", "--uninstall"}


def merged(base, path, value):
    name, _, rest = path.partition(".")
    return {**base, name: merged(base.get(name, {}), rest, value) if rest else value}


def args_of(objects):
    """Of the containers that run our programs as the release's parts."""
    for pod in pods_of(objects).values():
        for container in pod["spec"]["containers"]:
            yield from (arg for arg in container.get("args", []) if arg.startswith("--"))


def as_flags(flag, value):
    if isinstance(value, dict):
        value = ",".join(f"{name}={text}" for name, text in value.items())
    if isinstance(value, list):
        if flag == "--shuffle-brokers":
            return [f"{flag}={one}" for one in value]
        value = ",".join(value)
    return [f"{flag}={value}"]


def refusal(program, flags):
    """What the program says against its flags; empty: nothing. Its last option is a wrong one, so that it never starts."""
    done = subprocess.run([program, *flags, "--log-format=none"], text=True, capture_output=True, check=False, timeout=30)
    assert done.returncode == 2, done
    return "" if done.stderr.startswith("--log-format: ") else done.stderr


class Flags(unittest.TestCase):
    def test_what_one_takes_the_other_takes_too(self):
        for path, program, flag, taken, refused, base in BOUNDED:
            for value in taken:
                with self.subTest(path, value=value):
                    flags = as_flags(flag, value)
                    self.assertLessEqual(set(flags), set(args_of(rendered(merged(base, path, value)))))
                    self.assertEqual(refusal(program, flags), "")
            for value in refused:
                with self.subTest(path, value=value):
                    with self.assertRaises(HelmError) as caught:
                        rendered(merged(base, path, value))
                    # helm names another path than that of a wrong name
                    self.assertRegex(str(caught.exception), f"{path.split('.')[-1]}|invalid propertyName")
                    self.assertIn(flag, refusal(program, as_flags(flag, value)))

    def test_every_flag_has_bounds_here_or_none(self):
        bounded = {flag for _, _, flag, *_ in BOUNDED}
        found = {arg.split("=")[0] for values in ({}, LEAST, MOST, NAMED, SHUFFLED, SHUFFLED_MOST, SHUFFLED_LIVE)
                 for arg in args_of(rendered(values))}
        self.assertEqual(found - bounded - FREE, set())
        self.assertEqual(bounded & FREE, set())

    def test_a_duration_out_of_bounds_is_refused_in_words(self):
        for path, value, words, base in (
                ("shuffle.receivers.streamMaxAge", "500ms", "it must be 0, or from 1s to 24h", SHUFFLED),
                ("shuffle.receivers.streamMaxAge", "48h", "it must be 0, or from 1s to 24h", SHUFFLED),
                ("operator.standing.openStreams", "2h", "it must be 0, or from 1s to 1h", {})):
            with self.assertRaises(HelmError) as caught:
                rendered(merged(base, path, value))
            self.assertIn(f"{path} is {value}: {words}", str(caught.exception))

    def test_memory_that_does_not_hold_its_parts_is_refused(self):
        """As far as both are given: what follows from a container's limit, the program knows alone."""
        parts = {"memory": "16mb", "waitingSize": "9mb"}  # 2 x 1 + 9 + 2 + 2 for streams + 1 for outputs
        for part, base in (("collector", {}), ("shuffle.pairers", SHUFFLED)):
            rendered(merged(base, part, parts))
            with self.assertRaises(HelmError) as caught:
                rendered(merged(base, part, {**parts, "waitingSize": "10mb"}))
            self.assertIn(f"{part}.memory is 16mb: that does not hold", str(caught.exception))
        with self.assertRaises(HelmError):
            rendered(merged(SHUFFLED, "shuffle.receivers", {"memory": "16mb", "queueSize": "8mb"}))
        with tempfile.TemporaryDirectory() as folder:  # one for two: the program ends after it has looked at its memory
            line = [COLLECTOR, f"--taps={folder}", f"--output-dir={folder}", f"--spool-dir={folder}", "--memory=16mb"]
            for size, option in (("9mb", "--spool-dir"), ("10mb", "--memory")):
                done = subprocess.run([*line, f"--waiting-size={size}"], text=True, capture_output=True, check=False, timeout=30)
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr.startswith(option), done.stderr)

    def test_the_headers_that_carry_credentials_are_those_of_the_programs(self):
        own = (ROOT / "src/tap/credential_headers.h").read_text().split("kCredentialHeaders[] = {")[1].split("}")[0]
        chart = (ROOT / "charts/traffictap/templates/_flags.tpl").read_text()
        listed = re.search(r"has \(lower \.\) \(list ([^)]+)\)", chart)[1]
        self.assertEqual(re.findall(r'"([^"]+)"', listed), re.findall(r'"([^"]+)"', own))

