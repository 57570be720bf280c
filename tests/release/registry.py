# SPDX-License-Identifier: Apache-2.0
"""A real registry on the loopback address."""

import os
import pathlib
import re
import select
import subprocess

TOOLS = pathlib.Path(os.environ["TRAFFICTAP_RELEASE_TOOLS"])


class Registry:
    """Listens at `address` until it is closed; what it holds is in memory."""

    def __init__(self):
        self._process = subprocess.Popen([TOOLS / "registry", "-port", "0"], text=True, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE)
        said = ""
        while not (found := re.search(r"serving on port (\d+)", said)):
            if not select.select([self._process.stderr], [], [], 20)[0]:
                raise RuntimeError(f"the registry does not say its port: {said}")
            line = self._process.stderr.readline()
            if not line:
                raise RuntimeError(f"the registry ended: {said}")
            said += line
        self.address = f"127.0.0.1:{found[1]}"

    def close(self):
        self._process.terminate()
        self._process.wait(20)
        self._process.stderr.close()
