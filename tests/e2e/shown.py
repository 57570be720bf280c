# SPDX-License-Identifier: Apache-2.0
"""Commands that are shown, and run as they stand."""

import signal
import subprocess
import sys

from terminal import ROOT, Terminal


def say(text=""):
    print(text, flush=True)


class Failed(Exception):
    """A command of the demo did not do what it was there for."""


def to_the_end(run, down):
    """A demo as a program: run() until it has ended or is interrupted, and down() whatever happens."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run()
    except KeyboardInterrupt:
        pass
    except Failed as failure:
        sys.exit(str(failure))
    finally:
        down()
    say("\nEverything that the demo started has ended.")


class Shown:
    """Runs what it shows, from the project's folder. What a command prints is seen as it comes."""

    def __init__(self, mesh):
        self._terminal = Terminal(mesh, "demo", helm=True)
        self.home = self._terminal.home

    def start(self, line):
        say(f"\n$ {line}")
        # A process group of its own: Ctrl-C reaches it once, from here.
        return self._terminal.start(["bash", "-c", f"exec {line}"], ROOT, process_group=0)

    def run(self, line, seconds=None):
        """To its end; after `seconds` Ctrl-C, as a person ends what would go on."""
        process = self.start(line)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = self.interrupt(process)
        except KeyboardInterrupt:
            self.interrupt(process)
            raise
        if code:
            raise Failed(f"it ended with {code}")

    @staticmethod
    def interrupt(process):
        """Ctrl-C; returns the exit code, 0 if it was for that."""
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
        return 0 if code == 128 + signal.SIGINT else code
