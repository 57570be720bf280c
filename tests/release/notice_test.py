# SPDX-License-Identifier: Apache-2.0
"""NOTICE names what the programs are made of: no more, no less, with the licence of each."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "charts/image"))

import sbom  # noqa: E402
import system  # noqa: E402

BUILD = pathlib.Path(os.environ["TRAFFICTAP_BUILD"])
PROGRAMS = {"O": "operator/traffictap-operator", "C": "src/collector/traffictap-collector", "K": "src/cli/kubectl-traffictap"}
SYSTEM = system.System()
NOTICE = (ROOT / "NOTICE").read_text()
ROW = re.compile(r"^  (\S+) +(\S+(?: WITH \S+)?)(?: +(.+))?$", re.M)
# The kernel's interface, which its own note keeps out of what is built on it.
NOT_OURS_TO_NAME = {"linux"}


def section(beginning):
    """{name: (licence, the rest of its row)} of the table below the line that begins so."""
    text = next(part for part in re.split(r"\n(?=\S)", NOTICE) if part.startswith(beginning))
    return {name: (licence, rest) for name, licence, rest in ROW.findall(text)}


def source_of(package):
    return sbom.source_of(package, SYSTEM)


def compiled_headers():
    """The headers of packages that went into objects of src, operator and proto."""
    told = subprocess.run(["ninja", "-C", BUILD, "-t", "deps"], text=True, capture_output=True, check=True).stdout
    found = set()
    for part in told.split("\n\n"):
        if part.startswith(("src/", "operator/", "proto/")):
            found.update(re.findall(r"^    (/usr/include/\S+)", part, re.M))
    return sorted(found)


class Debian(unittest.TestCase):
    ROWS = section("Debian source packages")

    def test_every_library_that_a_program_loads_has_its_row_and_every_row_its_library(self):
        for letter, path in PROGRAMS.items():
            loaded = {source_of(sbom.owner(library, SYSTEM)) for library in SYSTEM.libraries_of(BUILD / path)}
            compiled_in = {source_of(package) for package in sbom.HEADERS}
            named = {name for name, (_, programs) in self.ROWS.items() if letter in programs.split()}
            self.assertEqual(named, loaded | compiled_in, path)

    def test_every_header_that_is_compiled_in_is_of_a_named_package(self):
        headers = compiled_headers()
        self.assertGreater(len(headers), 1000)
        told = subprocess.run(["dpkg-query", "--search", *headers], text=True, capture_output=True, check=False).stdout
        packages = {line.split(":")[0] for line in told.splitlines() if not line.startswith("diversion")}
        self.assertEqual({source_of(package) for package in packages} - set(self.ROWS) - NOT_OURS_TO_NAME, set())

    def test_what_a_licence_says_is_a_name_of_spdx(self):
        for table in (self.ROWS, section("npm packages"), section("Protocol definitions")):
            self.assertGreater(len(table), 4)
            for name, (licence, _) in table.items():
                self.assertRegex(licence, r"^[A-Za-z0-9.-]+( WITH [A-Za-z0-9.-]+)?$", name)


class Others(unittest.TestCase):
    def test_of_the_page_are_the_packages_of_its_lock(self):
        locked = {name: licence for name, _, licence in sbom.npm_packages(ROOT / "src/web/ui/package-lock.json")}
        self.assertEqual({name: licence for name, (licence, _) in section("npm packages").items()}, locked)

    def test_of_the_protocols_are_those_of_the_locks(self):
        locked = set()
        for lock in (ROOT / "proto").glob("*.lock"):
            locked.update(re.findall(r"^file \S+ ([\w-]+)/", lock.read_text(), re.M))
        self.assertEqual(set(section("Protocol definitions")), locked)
