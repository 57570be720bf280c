# SPDX-License-Identifier: Apache-2.0
"""What the API server itself says of a TrafficTap: good ones pass with their defaults, wrong ones are refused at apply
with the field and the rule. Nothing of ours runs here."""
import unittest

from installation import ROOT, create_crds, shared_mesh
from mesh.api import ApiError, path_of

SAMPLES = sorted((ROOT / "crds/samples").glob("*.yaml"))
DISK = {"name": "disk", "type": "File", "file": {"path": "shop/all.jsonl"}}

# (what is wrong, spec, the field, what the answer says of it)
WRONG = [
    ("an unknown kind of target", {"targets": [{"kind": "Node"}]}, "spec.targets[0].kind", "Unsupported value"),
    ("a workload without a name", {"targets": [{"kind": "Workload"}]}, "spec.targets[0]", "name or a selector"),
    ("another namespace", {"targets": [{"kind": "Namespace", "name": "bank"}]}, "spec.targets[0]", "its own namespace"),
    ("a code that is none", {"match": {"responseCodes": ["900"]}}, "spec.match.responseCodes[0]", "must be a code"),
    ("a path matched in two ways", {"match": {"paths": [{"exact": "/a", "prefix": "/b"}]}}, "spec.match.paths[0]", ""),
    ("a broken regular expression", {"match": {"paths": [{"regex": "("}]}}, "spec.match.paths[0].regex", "RE2"),
    ("a header that carries credentials", {"capture": {"requestHeaders": ["Authorization"]}},
     "spec.capture.requestHeaders[0]", "credentials"),
    ("a window of days", {"pairing": {"window": "72h"}}, "spec.pairing.window", "100ms to 10m"),
    ("a window that is no duration", {"pairing": {"window": "long"}}, "spec.pairing.window", "must be a duration"),
    ("an end before the start", {"limits": {"startTime": "2030-01-02T00:00:00Z", "endTime": "2030-01-01T00:00:00Z"}},
     "spec.limits", "after startTime"),
    ("a ratio above one", {"sampling": {"ratio": 1.5}}, "spec.sampling.ratio", "less than or equal to 1"),
    ("a file output without a file", {"outputs": [{"name": "disk", "type": "File"}]}, "spec.outputs[0]", "needs file"),
    ("a path that climbs", {"outputs": [{"name": "disk", "type": "File", "file": {"path": "../etc/passwd"}}]},
     "spec.outputs[0].file.path", ".."),
    ("two outputs of one name", {"outputs": [DISK, DISK]}, "spec.outputs[1]", "Duplicate"),
    ("no block of addresses", {"peers": {"include": [{"ipBlock": "10.0.0.0"}]}},
     "spec.peers.include[0].ipBlock", "CIDR"),
]


def setUpModule():
    global mesh
    mesh = shared_mesh()
    create_crds(mesh)


def create(name="one", **spec):
    """Asks the API server to take a TrafficTap, without keeping it; returns what it would be."""
    body = {"apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap", "metadata": {"name": name}, "spec": spec}
    path = path_of("traffictaps", "shop", group="traffictap.io", version="v1alpha1")
    return mesh.api.create(f"{path}?dryRun=All&fieldValidation=Strict", body)


def spec_of(**parts):
    return {"targets": [{"kind": "Namespace"}], "outputs": [DISK], **parts}


class Admission(unittest.TestCase):
    def test_every_sample_is_taken(self):
        self.assertTrue(SAMPLES)
        for sample in SAMPLES:
            with self.subTest(sample.name):
                mesh.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", sample)

    def test_a_wrong_tap_is_refused_with_its_field_and_the_rule(self):
        for what, parts, field, rule in WRONG:
            with self.subTest(what):
                with self.assertRaises(ApiError) as caught:
                    create(**spec_of(**parts))
                self.assertEqual(caught.exception.status, 422)
                self.assertIn(field, str(caught.exception))
                self.assertIn(rule, str(caught.exception))

    def test_an_unknown_field_is_refused(self):
        with self.assertRaisesRegex(ApiError, 'unknown field "spec.mach"'):
            create(**spec_of(mach={}))

    def test_the_same_rules_hold_for_a_tap_of_the_whole_cluster(self):
        path = path_of("clustertraffictaps", group="traffictap.io", version="v1alpha1")
        body = {"apiVersion": "traffictap.io/v1alpha1", "kind": "ClusterTrafficTap", "metadata": {"name": "one"}}
        with self.assertRaisesRegex(ApiError, "spec.match.responseCodes"):
            mesh.api.create(f"{path}?dryRun=All", {**body, "spec": spec_of(match={"responseCodes": ["99"]})})

    def test_defaults_are_filled_in(self):
        spec = create(outputs=[{"name": "screen", "type": "Stdout"}], pairing={})["spec"]
        self.assertEqual(spec["direction"], "Both")
        self.assertEqual(spec["pairing"]["window"], "5s")
        # A list stays as its author wrote it: a GitOps tool compares it as a whole.
        self.assertEqual(spec["outputs"], [{"name": "screen", "type": "Stdout"}])

    def test_a_class_of_codes_is_taken(self):
        self.assertEqual(create(match={"responseCodes": ["5xx", 404]})["spec"]["match"]["responseCodes"], ["5xx", 404])

    def test_the_largest_tap_is_within_the_cost_of_its_rules(self):
        paths = [{"regex": f"^/api/v{n}/[a-z]+$"} for n in range(32)]
        create(**spec_of(match={"paths": paths, "responseCodes": ["500-599"]}))
