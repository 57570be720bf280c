# SPDX-License-Identifier: Apache-2.0
"""The tree keeps the rules of tidy.py."""
import pathlib
import unittest

import tidy

TREE = tidy.Tree(pathlib.Path(__file__).resolve().parents[2])


class TheTree(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        print(tidy.largest(TREE))


def keeps(rule):
    def test(self):
        faults = rule(TREE)
        if faults:
            self.fail(f"{rule.__doc__}\n" + "\n".join(faults))

    return test


for rule in tidy.RULES:
    setattr(TheTree, f"test_{rule.__name__}", keeps(rule))
