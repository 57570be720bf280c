# SPDX-License-Identifier: Apache-2.0
"""A websocket, a streaming call and a connection, held for half a minute between real sidecars: their records while they are
open, which a tap's own patch asks the proxies for, and the one of their end."""

import json
import time
import unittest

from held import Held, Place
from installation import Operator, create_crds, recorded_collector, run_cli, shared_mesh
from mesh.processes import wait_until

TAP, INTERVAL, HELD_MS = "held", "5s", 30_000
PROTOCOLS = ["HTTP/1.1", "HTTP/2", "TCP"]
KINDS = {"websocket": {"path": "/held/websocket"}, "gRPC stream": {"path": "/held.Held/Watch"}, "TCP": {"protocol": "TCP"}}


def setUpModule():
    global mesh, operator, collector, recorder, place
    mesh = shared_mesh()
    create_crds(mesh)
    operator = Operator(mesh).start()
    collector, recorder = recorded_collector(mesh, operator)
    place = Place(mesh, collector)
    # First the tap: proxies report only what began under its patch.
    place.taps.apply(TAP, match={"protocols": PROTOCOLS}, capture={"openStreams": INTERVAL})


def tearDownModule():
    if recorder:
        recorder.terminate()
        recorder.wait(30)
    place.remove()
    operator.stop()
    collector.stop()


def records(kind):
    """Those of one kind, in the order in which they were written."""
    return [record for record in collector.records.all(place.taps.file(TAP))
            if KINDS[kind].items() <= record["request"].items()]


def is_open(record):
    return record.get("state") == "Open"


def longest(kind):
    return max((record["timings"].get("clientMs", 0) for record in records(kind)), default=0)


class HeldForHalfAMinute(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        begin, held = time.time(), Held(place)
        try:
            wait_until(lambda: all(longest(kind) >= HELD_MS for kind in KINDS), "each was open for half a minute", 90)
            cls.cut = [event for kind in KINDS for event in held.happened("cut", kind, begin)]
            cls.while_open = {kind: records(kind) for kind in KINDS}
        finally:
            held.end()
        wait_until(lambda: all(not is_open(records(kind)[-1]) for kind in KINDS), "each has the record of its end", 30)

    def test_a_nothing_ends_them_and_each_is_told_of_while_it_is_open(self):
        self.assertEqual(self.cut, [])
        for kind, found in self.while_open.items():
            with self.subTest(kind):
                self.assertGreaterEqual(len(found), 3)
                self.assertEqual({(record.get("state"), record["verdict"]) for record in found}, {("Open", "Ok")})
                self.assertEqual([r for r in found if not (r.get("client") and r.get("server"))], [], "both sides tell of it")
                times = [record["timings"].get("clientMs", 0) for record in found]
                self.assertEqual(times, sorted(times))

    def test_b_the_record_of_the_end_takes_the_place_of_all_others(self):
        for kind in KINDS:
            with self.subTest(kind):
                *opened, last = records(kind)
                self.assertEqual([record for record in opened if not is_open(record)], [])
                self.assertEqual({record["id"] for record in opened}, {last["id"]})
                self.assertGreaterEqual(last["timings"]["clientMs"], HELD_MS)
                self.assertGreater(last["response"]["bodyBytes"], opened[0].get("response", {}).get("bodyBytes", 0))
                self.assertIn(last["verdict"], ("Ok", "ClientAborted"))
        self.assertEqual(records("websocket")[-1]["response"]["code"], 101)

    def test_c_the_command_line_tells_them_apart_and_counts_each_once(self):
        opened = [r["id"] for r in self.read("open", "--state", "Open") if r["request"].get("path") == "/held/websocket"]
        ended = [r["id"] for r in self.read("open", "--state", "Ended", "--path", "/held/websocket")]
        self.assertGreaterEqual(len(opened), 3)
        self.assertEqual(ended, opened[:1])
        counted = run_cli(mesh, "top", "--path", "/held/websocket", "--file", self.file())
        self.assertTrue(counted.startswith("1 record"), counted)

    def file(self):
        return collector.records.directory / place.taps.file(TAP)

    def read(self, command, *options):
        return [json.loads(line) for line in run_cli(mesh, command, self.file(), *options, "-o", "json").splitlines()]


if __name__ == "__main__":
    unittest.main()
