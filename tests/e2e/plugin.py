# SPDX-License-Identifier: Apache-2.0
"""kubectl traffictap as several people have it: each with a kubeconfig of their own, and with a shell's signals."""

import contextlib
import signal
import subprocess
import threading

from installation import kubeconfig
from mesh.processes import wait_until
from terminal import Terminal


class Plugin:
    def __init__(self, mesh):
        self._mesh, self._terminal = mesh, Terminal(mesh, "cli")
        self._configs = {"admin": None}

    def add_user(self, account, role=None, namespace="shop"):
        """A person with the token of a ServiceAccount in default, and `role` in `namespace`."""
        self._mesh.kubectl("create", "serviceaccount", "-n", "default", account)
        if role:
            self._mesh.kubectl("create", "rolebinding", f"{account}-{role}", "-n", namespace,
                               f"--clusterrole={role}", f"--serviceaccount=default:{account}")
        file = self._terminal.home / f"{account}.kubeconfig"
        file.write_text(kubeconfig(self._mesh, self._mesh.token("default", account)))
        self._configs[account] = file

    def start(self, *args, user="admin", shell=None, program=("kubectl", "traffictap")):
        """`shell`: a command line in which "$@" stands for the program and its arguments."""
        line = [*program, *args] if shell is None else ["bash", "-c", shell, "bash", *program, *args]
        return Run(self._terminal.start(line, kubeconfig=self._configs[user], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True))

    def run(self, *args, seconds=90, **kwargs):
        """To its end."""
        run = self.start(*args, **kwargs)
        run.wait(seconds)
        return run


class Run:
    """One process and what it says, read as it comes."""

    def __init__(self, process):
        self.process, self.lines, self.said = process, [], []
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((process.stdout, self.lines), (process.stderr, self.said))]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    @property
    def output(self):
        return "\n".join(self.lines)

    @property
    def errors(self):
        return "\n".join(self.said)

    @property
    def code(self):
        return self.process.returncode

    def wait(self, seconds=60):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {seconds} s; it said: {self.errors}") from None
        for reader in self._readers:
            reader.join(10)
        return self.code

    def until(self, done, what, seconds=60):
        """Waits for `done()` while it runs."""
        def check():
            if self.process.poll() is not None and not done():
                raise RuntimeError(f"ended with {self.code} before {what}: {self.errors}")
            return done()
        wait_until(check, what, seconds)
        return self

    def until_said(self, text, seconds=60):
        return self.until(lambda: text in self.errors, f"it says {text!r}", seconds)

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
