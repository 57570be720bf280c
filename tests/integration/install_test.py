# SPDX-License-Identifier: Apache-2.0
"""`make install`: what a package of a distribution would contain."""
import pathlib
import subprocess
import tempfile
import unittest

from stage import COLLECTOR

BUILD = pathlib.Path(COLLECTOR).parents[2]
PROGRAMS = ("traffictap-operator", "traffictap-collector", "kubectl-traffictap")


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp())
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.root], check=True, stdout=subprocess.DEVNULL)

    def test_it_holds_the_programs_the_completion_and_the_man_page(self):
        files = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(files, {*(f"bin/{name}" for name in PROGRAMS), "bin/kubectl_complete-traffictap",
                                 "share/man/man1/kubectl-traffictap.1"})

    def test_an_installed_program_runs_and_knows_no_folder_of_its_build(self):
        for name in PROGRAMS:
            done = subprocess.run([self.root / "bin" / name, "--version"], check=True, text=True, stdout=subprocess.PIPE)
            self.assertIn("0.1.0", done.stdout, name)
            header = subprocess.run(["readelf", "--dynamic", self.root / "bin" / name], check=True, text=True, stdout=subprocess.PIPE)
            self.assertNotIn("RUNPATH", header.stdout, name)
