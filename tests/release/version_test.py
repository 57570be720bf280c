# SPDX-License-Identifier: Apache-2.0
"""Version, tag, changelog, upgrade notes and support matrix hold together; and each way to tear them apart is told."""

import dataclasses
import pathlib
import re
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "release"))

import version  # noqa: E402

# Of a project that has released 1.0.0 and 1.1.0, and stands at the latter's tag.
GOOD = version.Tree(
    cmake="project(traffictap VERSION 1.1.0 LANGUAGES CXX)\n", chart="version: 1.1.0\nappVersion: 1.1.0\n",
    changelog="# Changelog\n\n## 1.1.0 (2027-03-01)\nMore.\n\n## 1.0.0 (2027-01-01)\nFirst.\n",
    upgrade="# Upgrade\n\n## To 1.1.0\nNothing.\n", documents={"docs/install.md": "traffictap-collector:1.1.0"},
    tags_here=frozenset({"v1.1.0"}), tags=frozenset({"v1.0.0", "v1.1.0"}))
# (what is changed, what is said)
TORN = [
    ({"chart": "version: 1.1.0\nappVersion: 1.0.0\n"}, "Chart.yaml: appVersion is 1.0.0"),
    ({"cmake": "project(traffictap VERSION 1.2.0 LANGUAGES CXX)\n"}, "its first section is not of 1.2.0"),
    ({"changelog": GOOD.changelog.replace("2027-03-01", "unreleased")}, "give its date"),
    ({"changelog": GOOD.changelog.replace("(2027-03-01)", "")}, "a heading is not"),
    ({"changelog": GOOD.changelog.replace("2027-01-01", "unreleased")}, "1.0.0 is unreleased, and newer ones follow it"),
    ({"changelog": GOOD.changelog + "\n## 1.0.1 (2027-02-01)\n"}, "from the newest to the oldest"),
    ({"upgrade": "# Upgrade\n"}, 'no "## To 1.1.0"'),
    ({"documents": {"docs/install.md": "traffictap-operator:1.0.0"}}, "docs/install.md: names 1.0.0"),
    ({"tags_here": frozenset({"v1.1.1"})}, "the commit has the tag v1.1.1"),
    ({"tags_here": frozenset()}, "raise the version"),
    ({"tags": frozenset({"v1.1.0"})}, "tag v1.0.0 is missing"),
]


class Version(unittest.TestCase):
    def test_everything_in_the_tree_that_names_it_agrees(self):
        self.assertEqual(version.faults(version.read()), [])

    def test_a_tree_that_holds_together_has_no_fault(self):
        self.assertEqual(version.faults(GOOD), [])
        unreleased = dataclasses.replace(GOOD, changelog=GOOD.changelog.replace("2027-03-01", "unreleased"),
                                         tags_here=frozenset(), tags=frozenset({"v1.0.0"}))
        self.assertEqual(version.faults(unreleased), [])

    def test_each_way_to_tear_it_apart_is_told(self):
        for change, said in TORN:
            with self.subTest(said):
                self.assertIn(said, "\n".join(version.faults(dataclasses.replace(GOOD, **change))))


class Support(unittest.TestCase):
    def test_the_matrix_says_what_the_tests_run_with(self):
        def pin(path, pattern):
            return re.search(pattern, (ROOT / path).read_text(), re.M).groups()

        year, month, day = pin("tests/mesh/build/istio/go.mod", r"istio\.io/istio v\S+-(\d{4})(\d\d)(\d\d)\d{6}-")
        kafka = sorted(path.stem.removeprefix("jars-") for path in (ROOT / "tests/kafka").glob("jars-*.lock"))
        tested = {
            "Kubernetes": pin("tests/mesh/build/kubernetes/go.mod", r"k8s\.io/kubernetes v(\S+)$")[0],
            "Envoy": pin("tests/shop/fetch_envoy.sh", r"^version=(\S+)$")[0],
            "Helm": pin("tests/chart/build/helm/go.mod", r"helm\.sh/helm/v4 v(\S+)$")[0],
            "Helm 3": pin("tests/release/build/helm3/go.mod", r"helm\.sh/helm/v3 v(\S+)$")[0] + ": lint and rendering only",
            "Istio, sidecar mode": f"1.31 (development, {year}-{month}-{day})",
            "Apache Kafka": ", ".join(kafka),
        }
        rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", (ROOT / "SUPPORT.md").read_text(), re.M))
        self.assertEqual({name: rows[name] for name in tested}, tested)
        least = re.search(r"^\| Kubernetes .* (\d+\.\d+): the CRDs", (ROOT / "SUPPORT.md").read_text(), re.M)[1]
        self.assertIn(f'kubeVersion: ">={least}.0-0"', (ROOT / "charts/traffictap/Chart.yaml").read_text())


# Since which Kubernetes new rules may call a function: one version after the one that introduced it, so that an API server
# that is rolled back understands what is stored (k8s.io/apiserver, pkg/cel/environment/base.go).
CEL = {
    **dict.fromkeys("all contains duration endsWith exists exists_one filter has indexOf int lastIndexOf lowerAscii "
                    "matches size split startsWith string substring timestamp type".split(), "1.25"),
    "compareTo": "1.29", "quantity": "1.29", "isCIDR": "1.31",
}


def rules(schema):
    if isinstance(schema, dict):
        yield from (rule["rule"] for rule in schema.get("x-kubernetes-validations", []))
        for part in schema.values():
            yield from rules(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from rules(part)


class OldestKubernetes(unittest.TestCase):
    def test_is_the_one_that_takes_every_function_of_the_kinds_rules(self):
        called = set()
        for path in (ROOT / "crds").glob("traffictap.io_*.yaml"):
            for rule in rules(yaml.safe_load(path.read_text())):
                called.update(re.findall(r"\b([a-zA-Z]\w*)\(", re.sub(r"r?\"[^\"]*\"|r?'[^']*'", "''", rule)))
        self.assertEqual(called - set(CEL), set(), "say above since which Kubernetes these may be called")
        needed = max((CEL[name] for name in called), key=lambda v: int(v.split(".")[1]))
        self.assertIn(f'kubeVersion: ">={needed}.0-0"', (ROOT / "charts/traffictap/Chart.yaml").read_text())
        table = re.search(r"## Older Kubernetes.*", (ROOT / "docs/install.md").read_text(), re.S)[0]
        for name in ("isCIDR", "quantity"):
            self.assertRegex(table, rf"\| {re.escape(CEL[name])} \| `{name}")


class Templates(unittest.TestCase):
    def test_of_issues_are_forms_that_can_be_filled_in(self):
        """By GitHub's syntax for issue forms."""
        forms = [p for p in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if p.name != "config.yml"]
        self.assertGreaterEqual(len(forms), 2)
        for path in forms:
            form = yaml.safe_load(path.read_text())
            self.assertLessEqual({"name", "description", "body"}, set(form), path.name)
            ids = [item["id"] for item in form["body"] if item["type"] != "markdown"]
            self.assertEqual(len(ids), len(set(ids)), path.name)
            for item in form["body"]:
                self.assertIn(item["type"], ("markdown", "textarea", "input", "dropdown", "checkboxes"))
                self.assertIn("value" if item["type"] == "markdown" else "label", item["attributes"])
                if item["type"] == "dropdown":
                    self.assertTrue(all(isinstance(option, str) for option in item["attributes"]["options"]))
