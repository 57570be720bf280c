# SPDX-License-Identifier: Apache-2.0
"""A person's shell beside the cluster: kubectl with the plugin traffictap, a kubeconfig and, if wanted, helm."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Terminal:
    """Its home is the folder `name` of the mesh's state, its kubeconfig the administrator's unless told otherwise. `plugin`: the
    folder that kubectl-traffictap is in, if not that of the build."""

    def __init__(self, mesh, name, helm=False, plugin=None):
        self._mesh, self.home = mesh, mesh.state / name
        self.home.mkdir(exist_ok=True)
        path = [plugin or mesh.build / "src/cli", mesh.binaries()]
        if helm:
            found = subprocess.run([ROOT / "tests/chart/helm.sh"], check=True, text=True, stdout=subprocess.PIPE).stdout
            path.append(pathlib.Path(found.strip()).parent)
        self._path = ":".join(map(str, [*path, os.environ["PATH"]]))

    def start(self, line, directory=None, kubeconfig=None, **kwargs):
        """A Popen of `line`, in its home unless told otherwise; it dies with this process."""
        environment = {**os.environ, "PATH": self._path, "HOME": str(self.home),
                       "KUBECONFIG": str(kubeconfig or self._mesh.state / "kubeconfig")}
        return self._mesh.run_on_node(line, cwd=directory or self.home, env=environment, **kwargs)

    def run(self, line, directory=None, seconds=300):
        """To its end; the exit code, what it prints, and its errors."""
        process = self.start(line, directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, output, errors
