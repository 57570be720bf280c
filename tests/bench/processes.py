# SPDX-License-Identifier: Apache-2.0
"""Processes under measurement: what they start with, what they use, and the load that is sent to them."""
import contextlib
import os
import pathlib
import resource
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "shop"))
from shop import die_with_parent  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def raise_fd_limit():
    """Each stream is a connection: as many files as the machine allows, here and in the children."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User and system time of all threads so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Measured:
    """A child process whose CPU time and memory are read from the kernel."""

    def __init__(self, command, log, **kwargs):
        with open(log, "a") as stderr:
            self.process = subprocess.Popen([str(c) for c in command], preexec_fn=die_with_parent, text=True,
                                            stderr=stderr, start_new_session=True, **kwargs)

    def running(self):
        return self.process.poll() is None

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def memory(self, which):
        """VmRSS (now) or VmHWM (peak) in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"the kernel does not tell {which}")

    def end(self, wait=60):
        """Asks the process to stop and waits until it did."""
        self.process.terminate()
        self.process.wait(wait)

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait()


class Load:
    """bench_load as a child: open() connects all streams, send() sends all requests, close() ends the streams."""

    def __init__(self, binary, address, log, streams=16, requests=1000, rate=50_000, entries=20, namespaces=1,
                 one_sided=False, tls=None):
        command = [binary, "--address", address, "--streams", streams, "--requests", requests, "--rate", rate,
                   "--entries", entries, "--namespaces", namespaces] + (["--one-sided"] if one_sided else [])
        command += ["--tls", tls] if tls else []
        self.child = Measured(command, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.log = log

    def expect(self, word):
        line = self.child.process.stdout.readline().split()
        if not line or line[0] != word:
            raise RuntimeError(f"the load generator said {line}, not {word!r}; see {self.log}")
        return [int(n) for n in line[1:]]

    def tell(self):
        self.child.process.stdin.write("\n")
        self.child.process.stdin.flush()

    def open(self):
        self.expect("ready")

    def send(self):
        """Returns the entries and their bytes."""
        self.tell()
        return self.expect("sent")

    def close(self):
        self.tell()
        self.expect("closed")
        self.child.process.wait()


@contextlib.contextmanager
def started(child):
    """`child` until the end of the block, whatever happens in it."""
    try:
        yield child
    finally:
        getattr(child, "child", child).kill()


def wait_until(condition, what, child, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if not child.running():
            raise RuntimeError(f"{child.process.args[0]} ended while waiting for {what}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
