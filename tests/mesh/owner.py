# SPDX-License-Identifier: Apache-2.0
"""Starting and ending the process that owns a mesh, from outside of it."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from mesh import namespaces
from mesh.processes import wait_until

HERE = pathlib.Path(__file__).parent
START_SECONDS = 420  # on a machine that has much else to do; alone it takes a dozen


class MeshError(Exception):
    """What a person has to know, in one sentence."""


class Owner:
    """The node process of the mesh whose state is in the directory, whoever started it."""

    def __init__(self, state):
        self._state, self._child = state, None

    @property
    def pid(self):
        """As /proc shows it; 0 where none has been started."""
        try:
            return int((self._state / "node.pid").read_text())
        except (OSError, ValueError):
            return 0

    def running(self):
        return bool(self.pid) and namespaces.alive(self.pid, f"node-process {self._state}")

    def start(self, detached):
        """Returns when the mesh is ready. Unless detached, it ends with the calling thread."""
        line = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child=SIGKILL"]
        line += [sys.executable, HERE, "node-process", self._state]
        with open(self._state / "node.log", "wb") as log:
            self._child = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if detached else namespaces.die_with_parent,
            )
        try:
            self._wait()
        except BaseException:
            self.end()
            raise

    def _wait(self):
        failed = self._state / "failed"
        end = time.monotonic() + START_SECONDS
        while not (self._state / "ready").exists():
            if failed.exists() or self._child.poll() is not None or time.monotonic() > end:
                why = (failed if failed.exists() else self._state / "node.log").read_text()
                raise MeshError(f"the mesh does not come up: {why.strip()}")
            time.sleep(0.1)

    def end(self):
        """Returns when the whole mesh has ended."""
        if self.running():
            os.kill(self.pid, signal.SIGKILL)
        if self._child and self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        wait_until(lambda: not self.running(), "the mesh's processes have ended", 30)
