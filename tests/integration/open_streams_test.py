# SPDX-License-Identifier: Apache-2.0
"""What has not ended, through real Envoys that log it once a second: records with the state Open, and then the end's."""
import contextlib
import dataclasses
import json
import subprocess
import unittest

import stage
from shop import Pod
from stage import CART, FRONTEND, Stage, tap, wait_until

PODS = [dataclasses.replace(pod, open_streams="1s") for pod in (FRONTEND, CART, Pod("db", 8, tcp=5432))]
KINDS = ("TCP", "HTTP/1.1")


class OpenStreams(unittest.TestCase):
    def test_a_connection_and_a_stream_are_seen_while_they_are_open_and_once_at_their_end(self):
        with Stage(tap("all", match={"protocols": list(KINDS)}), pods=PODS) as self.stage:
            shop = self.stage.shop
            shop.call("cart", "/")  # how old a stream is, is known once the proxy's clock is
            with shop.connect_db() as db, contextlib.closing(shop.hold("cart", "/feed")):
                self.query(db)
                first = {kind: wait_until(f"open: {kind}", lambda kind=kind: self.of(kind)) for kind in KINDS}
                self.query(db)
                for kind in KINDS:
                    wait_until(f"more of {kind}", lambda kind=kind: len(self.of(kind)) > len(first[kind]))
                self.assertTrue(all(record["state"] == "Open" for kind in KINDS for record in self.of(kind)))
            self.stage.settle()
            for kind in KINDS:
                self.check(self.of(kind))
            for state, value in (("Open", "Open"), ("Ended", None)):
                wanted = [record["id"] for record in self.stage.records() if record.get("state") == value]
                self.assertEqual(self.ids("--state", state), sorted(wanted))
            metrics = self.stage.collector.metrics()
            stage.check_counters(metrics)
            opened = sum(len(self.of(kind)) - 1 for kind in KINDS)
            self.assertEqual(stage.metric(metrics, "tap_open_total"), opened)
            self.assertEqual(stage.metric(metrics, "open_total"), 2 * opened)

    def query(self, db):
        db.sendall(b"select 1")
        self.assertEqual(db.recv(4096), b"select 1")

    def of(self, kind):
        return [record for record in self.stage.records()
                if record["request"]["protocol"] == kind and record["request"].get("path") != "/"]

    def ids(self, *options):
        line = [stage.CLI, "open", self.stage.collector.output / "all.jsonl", *options, "-o", "json"]
        done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True)
        return sorted(json.loads(record)["id"] for record in done.stdout.splitlines())

    def check(self, records):
        *opened, last = records
        self.assertGreaterEqual(len(opened), 2)
        self.assertEqual({record["id"] for record in records}, {last["id"]})
        self.assertEqual([record.get("state") for record in records], ["Open"] * len(opened) + [None])
        self.assertTrue(all("client" in record and len(record["server"]) == 1 for record in records), records)
        self.assertEqual({record["verdict"] for record in opened}, {"Ok"})
        for older, newer in zip(records, records[1:]):
            self.assertLess(older["timings"]["clientMs"], newer["timings"]["clientMs"])
            self.assertLessEqual(older["response"].get("bodyBytes", 0), newer["response"]["bodyBytes"])
        self.assertGreater(last["response"]["bodyBytes"], opened[0]["response"].get("bodyBytes", 0))


if __name__ == "__main__":
    unittest.main()
