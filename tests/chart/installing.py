# SPDX-License-Identifier: Apache-2.0
"""helm and a small shop on a mesh of its own."""

import os
import pathlib
import re
import subprocess

from mesh import namespaces

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/traffictap"
HELM = os.environ["TRAFFICTAP_HELM"]
NAMESPACE, RELEASE = "traffictap-system", "traffictap"
WORKLOADS = ROOT / "tests/mesh/shop/workloads.yaml"
SHOP = ("shop", "client", "client-v1", "frontend", "frontend-v1", "catalog", "catalog-v1")


class HelmError(Exception):
    """What helm says."""


def environment(directory):
    """helm keeps its own files in the directory, and no installation of the person's is touched."""
    names = {"HELM_CACHE_HOME": "cache", "HELM_CONFIG_HOME": "config", "HELM_DATA_HOME": "data"}
    return {**os.environ, **{name: f"{directory}/{part}" for name, part in names.items()}}


def run(line, directory):
    done = subprocess.run([str(x) for x in line], env=environment(directory), text=True, capture_output=True, check=False)
    if done.returncode:
        raise HelmError(done.stderr + done.stdout)
    return done.stdout


def settings(values):
    """als={"mtls": "Disabled"} or image__tag="1" -> helm's options."""
    return [part for key, value in values.items() for part in ("--set-json", f"{key.replace('__', '.')}={value}")]


class Helm:
    """helm as the administrator of a mesh."""

    def __init__(self, mesh):
        self._mesh = mesh
        self._home = mesh.state / "helm"

    def __call__(self, *args):
        line = [HELM, "--kubeconfig", self._mesh.state / "kubeconfig", "--namespace", NAMESPACE, *args]
        return run(namespaces.command(self._mesh.node_pid, line, directory=os.getcwd()), self._home)


def small_shop(mesh):
    """client -> frontend -> catalog of the sample shop, all with sidecars."""
    wanted = []
    for document in WORKLOADS.read_text().split("---\n"):
        name = re.search(r"^metadata: \{name: ([\w-]+)", document, re.M)
        if name and name[1] in SHOP:
            wanted.append(document)
    mesh.apply("---\n".join(wanted))
