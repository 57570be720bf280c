# SPDX-License-Identifier: Apache-2.0
"""A soak of some seconds on the real parts: that the instrument works. Of the collector it proves little; `make soak` does."""
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import evidence
import schedule
import soak
from schedule import Fault

FAULTS = [[Fault("kafka.stop", 0.5, 2), Fault("collector.kill", 1.5, 0), Fault("small.hang", 2.5, 1), Fault("sender.garbage", 3.5, 0)]]


class Soak(unittest.TestCase):
    def test_some_seconds_of_faults_are_explained_and_every_lie_is_found(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to mount small disks")
        run = evidence.Evidence(1, 0.1)
        one = soak.Soak(run, seconds=5)
        with mock.patch.object(schedule, "draw", return_value=FAULTS):
            one.go()
        with tempfile.TemporaryDirectory() as out:
            found = soak.judge(run, pathlib.Path(out))
            self.assertEqual({name: faults for name, faults in found["checks"].items() if faults}, {})
            self.assertEqual((found["liesNotFound"], found["unexplained"]), ([], 0))
            self.assertEqual(evidence.load(pathlib.Path(out, "evidence.json")), run)
            self.assertGreater(found["requests"]["answered"], 150)
            self.assertEqual(sum(found["faults"].values()), 4)
            red = soak.judge(run, pathlib.Path(out), lie="a_record_is_missing_in_one_output")
            self.assertFalse(red["green"])
            self.assertTrue(red["checks"]["explained"])
        one.parts.remove()
