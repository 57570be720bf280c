# SPDX-License-Identifier: Apache-2.0
"""Every object that the compiler's golden cases render is accepted by the API server, istiod and a real Envoy."""
import json
import unittest

from installation import ROOT, answer_to, shared_mesh
from mesh.api import path_of

GOLDEN = ROOT / "tests/operator/golden"
# Ours. A Telemetry's provider is on TCP proxies as well.
LOGGERS = {"HTTP": "HttpGrpcAccessLogConfig", "TCP": "TcpGrpcAccessLogConfig"}
KINDS = {
    "EnvoyFilter": ("envoyfilters", "networking.istio.io", "v1alpha3"),
    "Telemetry": ("telemetries", "telemetry.istio.io", "v1"),
}


def setUpModule():
    global mesh
    mesh = shared_mesh()


def objects_of(file):
    """kubectl reads the YAML, and says it as JSON objects one after another."""
    text = mesh.kubectl("create", "--dry-run=client", "-o", "json", "-f", file)
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        item, at = decoder.raw_decode(text, at)
        yield from item["items"] if item["kind"] == "List" else [item]
        while at < len(text) and text[at].isspace():
            at += 1


def renderings():
    """{text of the spec: (case, kind, spec)}: each different rendering once, aimed at the shop's frontend."""
    out = {}
    for file in sorted(GOLDEN.glob("*.objects.yaml")):
        if "kind:" not in file.read_text():
            continue
        for item in objects_of(file):
            spec = item["spec"]
            for aim in ("workloadSelector", "selector", "targetRefs"):
                spec.pop(aim, None)
            if item["kind"] == "EnvoyFilter":
                for patch in spec["configPatches"]:
                    patch["match"].get("listener", {}).pop("name", None)  # a waypoint's, which a sidecar has not
                spec["workloadSelector"] = {"labels": {"app": "frontend"}}
            else:
                spec["selector"] = {"matchLabels": {"app": "frontend"}}
                for logging in spec["accessLogging"]:
                    for provider in logging.get("providers", []):
                        if not provider["name"].startswith("traffictap"):
                            provider["name"] = "envoy"  # the user's own: here it is Istio's built-in one
            out.setdefault(json.dumps(spec, sort_keys=True), (file.name, item["kind"], spec))
    return out.values()


class Rendered(unittest.TestCase):
    def test_a_real_envoy_takes_every_rendering_and_logs_to_the_collector(self):
        found = list(renderings())
        self.assertGreater(len(found), 1)
        for case, kind, spec in found:
            with self.subTest(f"{case} {kind}"):
                self.applied(kind, spec)

    def applied(self, kind, spec):
        plural, group, version = KINDS[kind]
        path = path_of(plural, "shop", "rendered", group=group, version=version)
        body = {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": "rendered"}, "spec": spec}
        try:
            self.assertEqual(answer_to(mesh, "shop/frontend", lambda: mesh.api.apply(path, body)), "")
            config = mesh.envoy_admin("shop/frontend", "/config_dump?resource=dynamic_listeners")
            wanted = {name for name in LOGGERS.values() if kind == "Telemetry" or name in json.dumps(spec)}
            wanted -= {LOGGERS["TCP"]} if kind == "Telemetry" else set()
            self.assertEqual({name for name in LOGGERS.values() if name in config}, wanted)
            self.assertIn("FileAccessLog", config)  # the user's stays beside ours
            if kind == "EnvoyFilter":
                sides = {side for side in ("inbound", "outbound") if f'"value": "{side}"' in config}
                asked = {side for side in ("inbound", "outbound") if f'"value": "{side}"' in json.dumps(spec)}
                self.assertEqual(sides, asked)
        finally:
            answer_to(mesh, "shop/frontend", lambda: mesh.api.delete(path))
