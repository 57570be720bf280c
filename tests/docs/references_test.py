# SPDX-License-Identifier: Apache-2.0
"""The reference pages are what their sources say now."""

import unittest

import references


class References(unittest.TestCase):
    def compare(self, pages):
        for name, text in pages.items():
            with self.subTest(name):
                path = references.REFERENCE / name
                self.assertTrue(path.exists() and path.read_text() == text, f"{name} is not current: make docs-reference")

    def test_schemas_records_and_flags(self):
        self.compare(references.quick())

    def test_metrics_of_the_running_programs(self):
        self.compare(references.metrics())

    def test_no_page_is_left_without_a_source(self):
        known = {*(name for name in references.quick() if name.endswith(".md")), "metrics.md"}
        self.assertEqual({path.name for path in references.REFERENCE.glob("*.md")}, known)
