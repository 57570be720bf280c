# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schema of a record holds for the records that other tests are held to."""

import copy
import json
import unittest

import jsonschema

import programs
import references

record_schema = references.record_schema
ROOT = programs.ROOT
GOLDEN = ROOT / "tests/cli/print/golden"


def published():
    return json.loads((ROOT / "docs/public/record.schema.json").read_text())


def faults(schema, record):
    return [f"{fault.json_path}: {fault.message}" for fault in jsonschema.Draft202012Validator(schema).iter_errors(record)]


def golden(name):
    return json.loads((GOLDEN / f"{name}.ndjson").read_text())


class RecordSchema(unittest.TestCase):
    def setUp(self):
        self.closed = record_schema.schema(ROOT, closed=True)

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(published())

    def test_has_every_field_of_the_golden_records(self):
        files = sorted(GOLDEN.glob("*.ndjson"))
        self.assertGreaterEqual(len(files), 4)
        for file in files:
            with self.subTest(file.name):
                for line in file.read_text().splitlines():
                    self.assertEqual(faults(self.closed, json.loads(line)), [])

    def test_lets_new_fields_pass_and_nothing_else(self):
        record = golden("pair")
        self.assertEqual(faults(published(), {**record, "newer": {"x": 1}}), [])
        wrong = [("a number as text", ("response", "code"), "503"), ("an address as a number", ("source", "ip"), 7),
                 ("a negative size", ("request", "bodyBytes"), -1), ("a time that is none", ("timings", "startTime"), "now"),
                 ("one side instead of a list", ("server",), {}), ("a header that is no text", ("request", "headers"), {"a": 1}),
                 ("another version", ("schemaVersion",), "v2")]
        for what, where, value in wrong:
            with self.subTest(what):
                changed = copy.deepcopy(record)
                inner = changed
                for part in where[:-1]:
                    inner = inner[part]
                inner[where[-1]] = value
                self.assertTrue(faults(published(), changed))
        for field in ("id", "tap", "verdict", "schemaVersion"):
            self.assertTrue(faults(published(), {k: v for k, v in record.items() if k != field}), field)
