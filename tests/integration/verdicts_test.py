# SPDX-License-Identifier: Apache-2.0
"""What the sidecars of a real mesh once sent, replayed: the records say what they said of the mesh itself.

tests/e2e/verdicts_test.py made the capture, and makes it anew with RECORD=tests/captures/verdicts.jsonl.gz."""

import base64
import contextlib
import gzip
import json
import pathlib
import queue
import re
import subprocess
import sys
import unittest

import grpc
import jsonschema

import proxy
from captures import table
from stage import CLI, Stage, file_output, tap, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "docs"))

from generate import record_schema  # noqa: E402

CAPTURE = ROOT / "tests/captures/verdicts.jsonl.gz"
WIDE = {"protocols": ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "TCP"]}


class Replay:
    """The streams of the capture, open until it is closed."""

    def __init__(self, target):
        self._channel, self._streams = grpc.insecure_channel(target), {}
        call = self._channel.stream_unary(proxy.METHOD)
        with gzip.open(CAPTURE, "rt") as lines:
            for line in map(json.loads, lines):
                if line["stream"] not in self._streams:
                    messages = queue.SimpleQueue()
                    self._streams[line["stream"]] = messages, call.future(iter(messages.get, None))
                self._streams[line["stream"]][0].put(base64.b64decode(line["message"]))

    def close(self):
        for messages, ended in self._streams.values():
            messages.put(None)
            ended.result(30)
        self._channel.close()


def setUpModule():
    global stage
    stage = Stage(tap("all", [file_output("all.jsonl")], namespace="rules", match=WIDE), shop=False)
    replay = Replay(f"{stage.collector.ip}:{stage.collector.als_port}")
    with contextlib.suppress(AssertionError):  # each row tells by itself what is missing
        wait_until("every call has its record", lambda: not table.missing(stage.records()), 30)
    replay.close()


def tearDownModule():
    stage.close()


def rows_below(head, document):
    """The cells of each row of the table that has this head."""
    _, found, rest = (ROOT / document).read_text().partition(f"\n{head}\n")
    if not found:
        raise AssertionError(f"{document} has no table with the head {head}")
    lines = rest.partition("\n\n")[0].split("\n")[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


class Documents(unittest.TestCase):
    def test_each_verdict_is_in_both_tables_and_seen_but_mismatch(self):
        seen = {record["verdict"] for record in stage.records()} | {"Mismatch"}
        for document in ("README.md", "docs/concepts.md"):
            rows = rows_below("| Verdict | Who is to blame |", document)
            self.assertEqual({verdict.strip("`") for verdict, _ in rows}, seen, document)
            self.assertEqual(len(rows), len(seen), document)

    def test_each_status_of_grpc_has_the_verdict_of_the_concepts(self):
        written = {}
        for statuses, verdict, _ in rows_below("| Status | Verdict | Source |", "docs/concepts.md"):
            named = re.match(r"`(\w+)`", verdict)  # otherwise it is no failure
            written.update(dict.fromkeys(re.findall(r"\w+", statuses), named[1] if named else "Ok"))
        calls = table.GROUPS["each_status_of_grpc_is_judged_by_whose_fault_it_is"]
        self.assertEqual(len(written), 17)
        self.assertEqual(written, {row.expect["rpc"]["method"]: row.expect["verdict"] for row in calls})


class Schema(unittest.TestCase):
    def test_that_is_published_describes_every_record_and_each_of_its_fields(self):
        self.assertEqual((ROOT / "docs/public/record.schema.json").read_text(), record_schema.page(ROOT))
        closed = jsonschema.Draft202012Validator(record_schema.schema(ROOT, closed=True))
        records = stage.records()
        self.assertGreater(len(records), 50)
        self.assertEqual([f"{fault.json_path}: {fault.message}" for record in records for fault in closed.iter_errors(record)], [])


class CommandLine(table.CommandLine, unittest.TestCase):
    def rows(self, *args):
        line = [CLI, *args, "--no-headers", "--file", stage.collector.output / "all.jsonl"]
        return [row.split() for row in subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()]


Verdicts = table.cases(__name__, lambda: stage.records())
