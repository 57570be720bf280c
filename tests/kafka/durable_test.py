# SPDX-License-Identifier: Apache-2.0
"""Outputs with delivery.class Durable against a real broker: what the spool has taken arrives, under the same ids, whatever
dies in between."""
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time
import unittest

import broker as kafka
import proxy
import stage
from proxy import Proxy, entry, identifier, message
from shop import Network
from stage import Stage, file_output, metric, tap, wait_until

TOPIC = "traffictap.durable"
# How long Kafka stays away; SURVIVAL_SECONDS=600 is the outage that docs/reliability.md tells of.
AWAY_SECONDS = float(os.environ.get("SURVIVAL_SECONDS", "20"))


def setUpModule():
    global WORK, NETWORK, BROKER
    WORK, NETWORK = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-durable-")), Network()
    BROKER = kafka.Broker(WORK, NETWORK)
    BROKER.create(TOPIC)


def tearDownModule():
    BROKER.kill()
    NETWORK.close()
    shutil.rmtree(WORK, ignore_errors=True)


def durable(name, **settings):
    """A tap to a file and, durably, to Kafka: the file has the records in the order in which the spool gets them. Both have room
    for the longest outage."""
    output = {"name": "kafka", "type": "Kafka", "delivery": {"class": "Durable", "maxSize": "8Gi"},
              "kafka": {"brokers": [BROKER.address()], "topic": TOPIC, "deliveryTimeout": "1s", **settings}}
    whole = file_output(f"{name}.jsonl")
    whole["file"]["rotation"] = {"maxSize": "64Gi"}
    return tap(name, outputs=[whole, output], pairing={"window": "200ms"})


def send(collector, count, at_once=100):
    """Returns once the collector has read them all."""
    async def run():
        async with Proxy(collector) as p:
            stream = p.stream()
            await stream.write(identifier())
            for first in range(0, count, at_once):
                await stream.write(message(*(entry() for _ in range(min(at_once, count - first)))))
            await stream.done_writing()
            await proxy.ended(stream, 60)

    proxy.run(run())


class Spooled(Stage):
    """With a spool; kill() and start() make another life of the same collector."""

    def __init__(self, one):
        self.spool = tempfile.mkdtemp(prefix="traffictap-test-spool-")
        self.name = one["metadata"]["name"]
        super().__init__(one, shop=False, options=["--spool-dir", self.spool])

    def close(self):
        super().close()
        shutil.rmtree(self.spool, ignore_errors=True)

    def kill(self):
        self.collector.process.kill()
        self.collector.process.wait()

    def of(self, name, **labels):
        return metric(self.collector.metrics(), f"output_{name}", output="kafka", **labels)

    def ids(self):
        # One by one, as there are many after ten minutes.
        with open(self.collector.output / f"{self.name}.jsonl") as lines:
            return [json.loads(line)["id"] for line in lines]

    def arrived(self):
        return collections.Counter(m["record"]["id"] for m in BROKER.each(TOPIC, 60 + AWAY_SECONDS)
                                   if m["record"]["tap"] == f"shop/{self.name}")

    def drained(self, seconds=60):
        wait_until("the spool is empty", lambda: self.of("queued") == 0, seconds)
        stage.check_counters(self.collector.metrics())


class Durable(unittest.TestCase):
    def test_what_was_spooled_arrives_after_a_kill_and_an_absence(self):
        BROKER.kill()
        with Spooled(durable("killed")) as s:
            try:
                send(s.collector, 3000)
                wait_until("all is on disk", lambda: s.of("spooled_total") == 3000)
                s.kill()
                s.collector.start()
                wait_until("all is found again", lambda: s.of("recovered_total") == 3000)
                begin = time.monotonic()
                while time.monotonic() - begin < AWAY_SECONDS:
                    send(s.collector, 500)
                    time.sleep(0.5)
                self.assertEqual(s.of("dropped_total"), 0)
                self.assertEqual(s.of("healthy"), 0)
            finally:
                BROKER.start()
            begin = time.monotonic()
            s.drained(60 + AWAY_SECONDS)
            ids, arrived = s.ids(), s.arrived()
            print(f"     {len(ids)} records, Kafka away for {AWAY_SECONDS:.0f} s, drained in {time.monotonic() - begin:.1f} s, "
                  f"{sum(arrived.values()) - len(arrived)} doubled")
            self.assertEqual(set(arrived), set(ids))
            self.assertEqual(s.of("dropped_total"), 0)
            self.assertLessEqual(sum(arrived.values()) - len(arrived), s.of("replayed_total"))

    def test_kills_under_load_lose_nothing_that_was_spooled(self):
        draw = random.Random(1)
        with Spooled(durable("again")) as s:
            expected, doubled = set(), 0
            for _ in range(6):
                before = len(s.lines("again.jsonl"))
                wait_until("it serves", lambda: s.of("healthy") == 1)
                send(s.collector, 1500)
                time.sleep(draw.random() * 2)  # the window, and half a second until it is on disk
                spooled = int(s.of("spooled_total"))
                s.kill()
                s.collector.start()
                # The file, too, has them in the order in which they were offered; a torn line is cut off by now.
                expected.update(s.ids()[before:before + spooled])
                doubled += s.of("recovered_total")
            s.drained()
            arrived = s.arrived()
            print(f"     {len(expected)} of 9000 records spooled before a kill, {sum(arrived.values()) - len(arrived)} doubled, "
                  f"at most {doubled:.0f} of those may be")
            self.assertGreater(len(expected), 0)
            self.assertEqual(expected - set(arrived), set())
            self.assertLessEqual(sum(arrived.values()) - len(arrived), doubled)
            self.assertEqual(s.of("dropped_total"), 0)

    def test_a_hung_broker_costs_nothing_however_short_the_delivery_timeout(self):
        with Spooled(durable("hung")) as s:
            send(s.collector, 100)
            s.drained()
            BROKER.signal(signal.SIGSTOP)
            try:
                send(s.collector, 2000)
                wait_until("all is on disk", lambda: s.of("spooled_total") == 2100)
                time.sleep(5)  # five times deliveryTimeout
                self.assertEqual(s.of("dropped_total"), 0)
            finally:
                BROKER.signal(signal.SIGCONT)
            s.drained()
            self.assertEqual(set(s.arrived()), set(s.ids()))

    def test_what_is_left_at_sigterm_is_kept_and_told(self):
        BROKER.kill()
        with Spooled(durable("stopped")) as s:
            try:
                send(s.collector, 200)
                wait_until("all is on disk", lambda: s.of("spooled_total") == 200)
                start = time.monotonic()
                self.assertEqual(s.collector.stop(), 0)
                self.assertLess(time.monotonic() - start, 20)
                log = (s.work / "collector.log").read_text()
                self.assertRegex(log, r'final counters tap=shop/stopped output="kafka" offered=200 delivered=0 .*kept=200')
            finally:
                BROKER.start()
            s.collector.start()
            s.drained()
            self.assertEqual(set(s.arrived()), set(s.ids()))
            self.assertEqual(s.of("recovered_total"), 200)

    def test_a_topic_that_is_made_later_gets_what_waited(self):
        one = durable("later", topic="traffictap.later")
        with Spooled(one) as s:
            send(s.collector, 50)
            wait_until("all is on disk", lambda: s.of("spooled_total") == 50)
            wait_until("it is told", lambda: s.of("failing", reason="FAILED_PRECONDITION") == 1)
            BROKER.create("traffictap.later", 1)
            s.drained()
            ids = {m["record"]["id"] for m in BROKER.read("traffictap.later")}
            self.assertEqual(ids, set(s.ids()))

    def test_removing_the_tap_removes_its_records_from_the_disk(self):
        BROKER.kill()
        with Spooled(durable("removed")) as s:
            try:
                send(s.collector, 10)
                wait_until("all is on disk", lambda: s.of("spooled_total") == 10)
                spool = pathlib.Path(s.spool)
                self.assertEqual({p.stat().st_mode & 0o777 for p in spool.rglob("*") if p.is_file()}, {0o600})
                s.remove("removed")
                wait_until("nothing is left", lambda: not list(spool.iterdir()))
                wait_until("it is told", lambda: "dropped.Closed=10" in (s.work / "collector.log").read_text())
            finally:
                BROKER.start()


class Refused(unittest.TestCase):
    def test_without_a_spool_the_log_says_what_is_missing(self):
        with Stage(durable("nowhere"), shop=False) as s:
            self.assertEqual(metric(s.collector.metrics(), "tap_faults"), 1)
            self.assertIn("--spool-dir", (s.work / "collector.log").read_text())
