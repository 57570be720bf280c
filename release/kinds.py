# SPDX-License-Identifier: Apache-2.0
"""What Artifact Hub and the Operator Lifecycle Manager both show of our kinds: their newest versions, and samples of them."""

import pathlib

import yaml

CRDS = pathlib.Path(__file__).resolve().parents[1] / "crds"
SAMPLES = ("errors-only", "to-otlp", "cluster-wide")


def files():
    return sorted(CRDS.glob("traffictap.io_*.yaml"))


def described():
    """Both have the same words for these facts."""
    out = []
    for path in files():
        kind = yaml.safe_load(path.read_text())
        spec, newest = kind["spec"], kind["spec"]["versions"][-1]
        out.append({"kind": spec["names"]["kind"], "version": newest["name"], "name": kind["metadata"]["name"],
                    "displayName": spec["names"]["kind"], "description": newest["schema"]["openAPIV3Schema"]["description"]})
    return out


def samples():
    return [item for name in SAMPLES for item in yaml.safe_load_all((CRDS / f"samples/{name}.yaml").read_text())]
