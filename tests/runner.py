# SPDX-License-Identifier: Apache-2.0
"""Runs the *_test.py of one folder: a line per test, failures in full, and the closing line that tests/run.sh counts.

A test is a unittest.TestCase method; the environment's TEST selects by a part of its name, "file.Class.method", and
WITHOUT leaves out by parts of names, separated by commas. So that a folder can be run in parts, files are chosen by their
names without _test.py.

    runner.py FOLDER [--only FILE... | --but FILE...]
"""
import argparse
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


def files_of(folder, only, but):
    paths = {path.name.removesuffix("_test.py"): path for path in sorted(folder.glob("*_test.py"))}
    unknown = {*(only or ()), *but} - paths.keys()
    if unknown:
        sys.exit(f"{folder} has no {', '.join(sorted(f'{name}_test.py' for name in unknown))}")
    return [path for name, path in paths.items() if name not in but and (only is None or name in only)]


def load(folder, only=None, but=()):
    sys.path[:0] = [str(folder), str(folder.parent), str(folder.parent / "shop")]
    suite = unittest.TestSuite()
    for path in files_of(folder, only, but):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        for group in unittest.defaultTestLoader.loadTestsFromModule(module):
            suite.addTest(unittest.TestSuite(filter(wanted, group)))
    return suite


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--only", nargs="+", metavar="FILE")
    files.add_argument("--but", nargs="+", metavar="FILE", default=[])
    options = parser.parse_args()
    result = OneLine()
    load(options.folder.resolve(), options.only, options.but).run(result)
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print(f"{result.passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
