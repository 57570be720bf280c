# SPDX-License-Identifier: Apache-2.0
"""A release is made alike twice, its checksums are right, and what is not of it is refused."""

import os
import subprocess
import unittest

import artifacts


class Release(unittest.TestCase):
    def test_is_the_same_when_it_is_made_again_at_another_time_place_and_umask(self):
        first = artifacts.made()
        second = artifacts.temporary() / "again"
        before = os.umask(0o077)
        try:
            done = artifacts.make(second, "--registry", "registry.example.com/tap", "--url", "https://downloads.example.com/tap",
                                  TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1", PYTHONDONTWRITEBYTECODE="1")
        finally:
            os.umask(before)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({path.name for path in first.iterdir()}, {path.name for path in second.iterdir()})
        for path in first.iterdir():
            self.assertEqual(path.read_bytes(), (second / path.name).read_bytes(), path.name)

    def test_is_what_its_checksums_say(self):
        folder = artifacts.made()
        done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), len(list(folder.iterdir())) - 1)

    def test_does_not_mix_with_what_lies_in_the_folder_already(self):
        folder = artifacts.temporary()
        (folder / "traffictap-0.0.1.tgz").write_text("of last year")
        done = artifacts.make(folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("traffictap-0.0.1.tgz", done.stderr)
        self.assertEqual([path.name for path in folder.iterdir()], ["traffictap-0.0.1.tgz"])

    def test_says_when_its_commit_has_no_tag(self):
        tagged = subprocess.run(["git", "tag", "--points-at", "HEAD"], cwd=artifacts.ROOT, text=True, capture_output=True, check=True).stdout
        self.assertEqual("not a release yet" in artifacts.said(), f"v{artifacts.number()}" not in tagged.split())
