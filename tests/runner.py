# SPDX-License-Identifier: Apache-2.0
"""Runs the *_test.py of one folder: a line per test, failures in full, and the closing line that tests/run.sh counts.

A test is a unittest.TestCase method; the environment's TEST selects by a part of its name, "file.Class.method", and
WITHOUT leaves out by parts of names, separated by commas."""
import importlib.util
import os
import pathlib
import sys
import time
import unittest


class OneLine(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed, self.started = 0, time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def line(self, word, test, text=""):
        seconds = time.monotonic() - self.started
        print(f"{word:<5}{name(test)} ({seconds:.1f} s){text}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line("skip", test, f": {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line("FAIL", test, f"\n{self.failures[-1][1]}")

    def addError(self, test, err):
        super().addError(test, err)
        self.line("FAIL", test, f"\n{self.errors[-1][1]}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = self.failures if issubclass(err[0], test.failureException) else self.errors
            self.line("FAIL", test, f" {subtest._subDescription()}\n{kind[-1][1]}")


def name(test):
    parts = test.id().split(".")
    return ".".join(parts[-3:])


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def wanted(test):
    without = os.environ.get("WITHOUT", "")
    return os.environ.get("TEST", "") in test.id() and not any(part in test.id() for part in without.split(",") if part)


def load(folder):
    sys.path[:0] = [str(folder), str(folder.parent), str(folder.parent / "shop")]
    suite = unittest.TestSuite()
    for path in sorted(folder.glob("*_test.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        for group in unittest.defaultTestLoader.loadTestsFromModule(module):
            suite.addTest(unittest.TestSuite(filter(wanted, group)))
    return suite


def main(folder):
    result = OneLine()
    load(pathlib.Path(folder).resolve()).run(result)
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print(f"{result.passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
