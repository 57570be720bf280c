# SPDX-License-Identifier: Apache-2.0
"""An upgrade from the chart of the last release: kinds, values and objects go on, or docs/upgrade.md says what to do. Needs no
cluster; install_test.py does such an upgrade on one."""

import copy
import re
import unittest

import previous
import yaml
from installing import ROOT
from rendering import helm, rendered

# What an installation may have of its own, where objects come and go with it.
OWN = {
    "collector": {"persistence": {"enabled": True}, "spool": {"persistent": True}},
    "networkPolicy": {"restrictEgress": True, "egressTo": [{"ports": [{"port": 9092}]}]},
    "monitoring": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}, "dashboards": {"enabled": True}},
}


def kinds(folder):
    return {(one := yaml.safe_load(path.read_text()))["metadata"]["name"]: one for path in folder.glob("traffictap.io_*.yaml")}


def bounds(old, new):
    """Keywords of a schema that leave less room than they did."""
    for word, narrower in (("max", lambda o, n: n < o), ("min", lambda o, n: n > o)):
        for what in ("imum", "Length", "Items", "Properties"):
            key = word + what
            if key in new and (key not in old or narrower(old[key], new[key])):
                yield f"{key} is {new[key]}, was {old.get(key)}"


def additions(old, new):
    """The fields and the values below `new` that were not there before."""
    yield from set(new.get("enum", [])) - set(old.get("enum", []))
    for name, field in new.get("properties", {}).items():
        if name in old.get("properties", {}):
            yield from additions(old["properties"][name], field)
        else:
            yield name


def of_something_new(rule, old, new):
    """Whether a rule speaks of a field or a value that was not there before."""
    return not set(additions(old, new)).isdisjoint(re.findall(r"\w+", rule))


def narrowed(old, new, path):
    """Why an object that fits `old` may not fit `new`, or means something else there."""
    for key in ("type", "format", "pattern", "default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
                "x-kubernetes-int-or-string"):
        if old.get(key) != new.get(key) and not (key == "pattern" and key not in new):
            yield f"{path}: {key} is {new.get(key)}, was {old.get(key)}"
    yield from (f"{path}: {fault}" for fault in bounds(old, new))
    if "enum" in new and not set(old.get("enum", ["anything"])) <= set(new["enum"]):
        yield f"{path}: takes {new['enum']} alone"
    yield from (f"{path}: needs {name}" for name in new.get("required", []) if name not in old.get("required", []))
    rules = {rule["rule"] for rule in old.get("x-kubernetes-validations", [])}
    yield from (f"{path}: has the rule {rule['rule']}" for rule in new.get("x-kubernetes-validations", [])
                if rule["rule"] not in rules and not of_something_new(rule["rule"], old, new))
    for name, field in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from narrowed(field, new["properties"][name], f"{path}.{name}")
        else:
            yield f"{path}.{name}: is gone"
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict):
            yield from narrowed(old[key], new.get(key, {}), f"{path}[]")


def torn(old, new):
    """What makes a kind's stored objects unusable, a sentence each."""
    name, before, now = old["metadata"]["name"], old["spec"], new["spec"]
    for key in ("group", "scope"):
        if before[key] != now[key]:
            yield f"{name}: {key} is {now[key]}, was {before[key]}"
    yield from (f"{name}: {key} is another" for key in ("plural", "kind") if before["names"][key] != now["names"][key])
    versions = {version["name"]: version for version in now["versions"]}
    for version in before["versions"]:
        if version["served"] and not versions.get(version["name"], {}).get("served"):
            yield f"{name}: {version['name']} is not served"
        else:
            yield from narrowed(version["schema"]["openAPIV3Schema"],
                                versions[version["name"]]["schema"]["openAPIV3Schema"], name)


class Kinds(unittest.TestCase):
    def test_take_what_was_stored_before_and_read_it_as_before(self):
        before, now = kinds(previous.tree() / "crds"), kinds(ROOT / "crds")
        self.assertGreaterEqual(set(now), set(before))
        self.assertEqual([fault for name, old in before.items() for fault in torn(old, now[name])], [])

    def test_that_would_not_are_told(self):
        now = kinds(ROOT / "crds")["traffictaps.traffictap.io"]

        def faults(change):
            other = copy.deepcopy(now)
            spec = other["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
            change(spec["properties"], spec, other["spec"]["versions"])
            return "\n".join(torn(now, other))

        for change, said in (
                (lambda fields, *_: fields.pop("sampling"), "spec.sampling: is gone"),
                (lambda fields, *_: fields["match"].update(type="array"), "spec.match: type is array, was object"),
                (lambda fields, *_: fields["direction"].update(enum=["Inbound"]), "spec.direction: takes ['Inbound'] alone"),
                (lambda fields, *_: fields["outputs"].update(maxItems=1), "spec.outputs: maxItems is 1"),
                (lambda _, spec, *rest: spec.update(required=["outputs"]), "spec: needs outputs"),
                (lambda _, spec, *rest: spec["x-kubernetes-validations"].append({"rule": "has(self.outputs)"}), "spec: has the rule"),
                (lambda fields, *_: fields["direction"].update(default="Inbound"), "spec.direction: default is Inbound"),
                (lambda _, spec, versions: versions[0].update(served=False), "v1alpha1 is not served")):
            with self.subTest(said):
                self.assertIn(said, faults(change))


class Chart(unittest.TestCase):
    def setUp(self):
        self.notes = (ROOT / "docs/upgrade.md").read_text()

    def test_takes_every_value_of_the_previous_one(self):
        """An installation that reuses its values is refused where one of them is gone."""
        helm("template", "traffictap", ROOT / "charts/traffictap", "--values", previous.chart() / "values.yaml")

    def test_changes_nothing_that_the_api_server_does_not_let_it_change(self):
        before, now = rendered(OWN, previous.chart()), rendered(OWN)
        fixed = {"Deployment": lambda i: i["spec"]["selector"], "PersistentVolumeClaim": lambda i: i["spec"],
                 "ClusterRoleBinding": lambda i: i["roleRef"], "RoleBinding": lambda i: i["roleRef"]}
        compared = [key for key, item in before.items() if item["kind"] in fixed and key in now]
        self.assertGreater(len(compared), 8)
        for key in compared:
            of = fixed[before[key]["kind"]]
            self.assertEqual(of(before[key]), of(now[key]), key)

    def test_keeps_every_object_or_its_notes_name_it(self):
        gone = set(rendered(OWN, previous.chart())) - set(rendered(OWN))
        self.assertEqual([key for key in sorted(gone) if key.split("/")[-1] not in self.notes], [])
