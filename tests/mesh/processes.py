# SPDX-License-Identifier: Apache-2.0
"""Long-running processes with a name and a log file."""

import os
import pathlib
import subprocess
import threading
import time


class Process:
    """A command that can be stopped and started again. Its output is appended to `log`."""

    def __init__(self, name, args, log, env=None, cwd=None):
        self.name, self.args = name, [str(a) for a in args]
        self.log, self.env, self.cwd = pathlib.Path(log), env, cwd
        self._lock, self._child = threading.Lock(), None

    def start(self):
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                with open(self.log, "ab") as out:
                    os.chmod(self.log, 0o666)  # Envoy runs as another user and opens its own /dev/stdout
                    self._child = subprocess.Popen(
                        self.args,
                        env=self.env,
                        cwd=self.cwd,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                    )

    def signal(self, number):
        with self._lock:
            if self._child and self._child.poll() is None:
                self._child.send_signal(number)

    def stop(self, grace_seconds=5):
        """SIGTERM, and SIGKILL when that is not heard in time; 0 kills at once."""
        with self._lock:
            child = self._child
            if child is None or child.poll() is not None:
                return
            if grace_seconds:
                child.terminate()
                try:
                    child.wait(grace_seconds)
                    return
                except subprocess.TimeoutExpired:
                    pass
            child.kill()
            child.wait()

    def exit_code(self):
        """None while it runs."""
        return self._child.poll() if self._child else None

    @property
    def pid(self):
        return self._child.pid if self._child else None

    def tail(self, lines=5):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def wait_until(check, what, seconds, process=None):
    """Calls `check` until it is true. Tells what did not happen, and the end of the process's log."""
    end = time.monotonic() + seconds
    problem = ""
    while time.monotonic() < end:
        if process and process.exit_code() is not None:
            raise RuntimeError(f"{process.name} ended with code {process.exit_code()}:\n{process.tail()}")
        try:
            if check():
                return
        except Exception as error:  # whatever it is, it is why the wait goes on, and is told when it ends
            problem = f": {error}"
        time.sleep(0.1)
    raise RuntimeError(f"{what}: not after {seconds} s{problem}" + (f"\n{process.tail()}" if process else ""))
