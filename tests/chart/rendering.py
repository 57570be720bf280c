# SPDX-License-Identifier: Apache-2.0
"""What the chart renders, read. Needs no cluster."""

import json
import tempfile

import yaml
from installing import CHART, HELM, NAMESPACE, run


def helm(*args):
    return run([HELM, *args], tempfile.gettempdir() + "/traffictap-helm")


def values_file(values):
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
    json.dump(values, file)
    file.flush()
    return file


def rendered(values, chart=CHART):
    """{kind/name: object} of the release and its hooks; kind/namespace/name for what is in another namespace."""
    with values_file(values) as file:
        text = helm("template", "traffictap", chart, "--namespace", NAMESPACE, "--values", file.name)
    out = {}
    for item in filter(None, yaml.safe_load_all(text)):
        namespace = item["metadata"].get("namespace", NAMESPACE)
        key = f"{item['kind']}/{item['metadata']['name'] if namespace == NAMESPACE else namespace + '/' + item['metadata']['name']}"
        assert key not in out, f"{key} is rendered twice"
        out[key] = item
    return out


def pods_of(objects):
    """{kind/name: pod template} of what runs pods."""
    out = {key: item["spec"]["template"] for key, item in objects.items() if "template" in item.get("spec", {})}
    return out | {key: item for key, item in objects.items() if item["kind"] == "Pod"}
