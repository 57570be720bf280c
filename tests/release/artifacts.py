# SPDX-License-Identifier: Apache-2.0
"""A release of TRAFFICTAP_BUILD, made once for all tests, and a root file system with nothing but busybox in it."""

import atexit
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "release/build.py"
BUSYBOX = "/bin/busybox"
USER = "65532:65532"


def temporary():
    """A folder that goes with the tests."""
    directory = tempfile.mkdtemp(prefix="traffictap-release-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return pathlib.Path(directory)


def make(out, *options, builds=None, **environment):
    """Runs release/build.py, for the build of this machine unless others are named; returns what it did."""
    line = [sys.executable, SCRIPT, *(builds or [os.environ["TRAFFICTAP_BUILD"]]), out, *options]
    return subprocess.run(line, env={**os.environ, **environment}, text=True, capture_output=True, check=False)


@functools.lru_cache(None)
def _made():
    out = temporary() / "out"
    done = make(out, "--registry", "registry.example.com/tap", "--url", "https://downloads.example.com/tap")
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def made():
    """The folder with the release. Its images are said to be in registry.example.com/tap."""
    return _made()[0]


def said():
    """What making it printed."""
    return _made()[1]


@functools.lru_cache(None)
def number():
    return re.search(r"VERSION (\d+\.\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def one(pattern):
    """The one file of the release that the pattern names."""
    found, = made().glob(pattern)
    return found


class BusyboxRoot:
    """What a machine of another distribution has at the least: a shell, its tools, and a name for itself."""

    def __init__(self):
        self.path = temporary()
        self.path.chmod(0o755)
        for folder in ("bin", "etc/ssl", "somewhere", "tmp", "dev"):
            (self.path / folder).mkdir(parents=True)
        shutil.copy(BUSYBOX, self.path / "bin/busybox")
        subprocess.run(["chroot", self.path, BUSYBOX, "--install", "-s", "/bin"], check=True)
        (self.path / "etc/hosts").write_text("127.0.0.1 localhost\n")
        self.home = self.path / "somewhere"
        self.give(self.home)

    def give(self, path):
        os.chown(path, *map(int, USER.split(":")))

    def run(self, script, **environment):
        """The script as somebody without rights, with ~/.local/bin on the PATH."""
        home = "/somewhere"
        line = ["chroot", "--groups=", f"--userspec={USER}", self.path, "/bin/sh", "-ec", f"cd; {script}"]
        return subprocess.run([str(part) for part in line], text=True, capture_output=True, timeout=60, check=False,
                              env={"HOME": home, "PATH": f"{home}/.local/bin:/bin:/usr/sbin", **environment})
