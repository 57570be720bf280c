# SPDX-License-Identifier: Apache-2.0
"""helm on a mesh of its own."""

import os
import pathlib
import subprocess

from mesh import namespaces

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/traffictap"
HELM = os.environ["TRAFFICTAP_HELM"]
NAMESPACE, RELEASE = "traffictap-system", "traffictap"


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
