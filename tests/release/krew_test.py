# SPDX-License-Identifier: Apache-2.0
"""krew, kubectl's package manager, takes the manifest and installs the archive with it."""

import os
import pathlib
import subprocess
import unittest

import artifacts
import yaml

TOOLS = pathlib.Path(os.environ["TRAFFICTAP_RELEASE_TOOLS"])


def krew(home, *args):
    line = [TOOLS / "krew", *args]
    environment = {"HOME": str(home), "KREW_ROOT": f"{home}/krew", "PATH": os.environ["PATH"], "KREW_NO_UPGRADE_CHECK": "1"}
    return subprocess.run(line, env=environment, text=True, capture_output=True, timeout=60, check=False)


class Manifest(unittest.TestCase):
    def test_passes_krews_own_validator(self):
        done = subprocess.run([TOOLS / "validate-krew-manifest", "-manifest", artifacts.one("traffictap.yaml"), "-skip-install"],
                              text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_names_the_archive_at_the_url_that_it_was_made_for_with_its_hash(self):
        archive = artifacts.one("kubectl-traffictap-*.tar.gz")
        sums = dict(reversed(line.split()) for line in artifacts.one("SHA256SUMS").read_text().splitlines())
        platform, = yaml.safe_load(artifacts.one("traffictap.yaml").read_text())["spec"]["platforms"]
        self.assertEqual(platform["uri"], f"https://downloads.example.com/tap/{archive.name}")
        self.assertEqual(platform["sha256"], sums[archive.name])

    def test_installs_a_plugin_that_runs_and_completes(self):
        home = artifacts.temporary()
        archive = artifacts.one("kubectl-traffictap-*.tar.gz")
        done = krew(home, "install", f"--manifest={artifacts.one('traffictap.yaml')}", f"--archive={archive}")
        self.assertEqual(done.returncode, 0, done.stderr)
        installed = home / "krew/bin/kubectl-traffictap"
        told = subprocess.run([installed, "version"], text=True, capture_output=True, check=True).stdout
        self.assertIn(artifacts.number(), told)
        # What the manifest tells to do for completion, and krew shows.
        caveat = next(line.strip() for line in done.stderr.splitlines() if "ln -s" in line).lstrip("| ")
        subprocess.run(["bash", "-c", caveat.replace("~/.krew", str(home / "krew"))], check=True)
        told = subprocess.run([home / "krew/bin/kubectl_complete-traffictap", "ta"], text=True, capture_output=True, check=True)
        self.assertIn("tap\t", told.stdout)
