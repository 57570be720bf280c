# SPDX-License-Identifier: Apache-2.0
"""Three brokers, of which those die that lead the halves' partitions: receivers and pairers go on with the others, and every
request comes out."""
import collections
import json
import os
import pathlib
import shutil
import tempfile
import threading
import time
import unittest

import proxy
import stage
from brokers import Brokers
from over_kafka import PARTITIONS, Mesh, Process, all_taken, wait_until_shared
from shop import Network
from stage import metric, wait_until

HALVES, CHECKPOINTS, PROXIES = "traffictap.halves", "traffictap.checkpoints", "traffictap.proxies"
# One after the other; each comes back before the next one dies.
KILLS = int(os.environ.get("BROKER_KILLS", "1"))
AT_ONCE = 50  # requests of a message: 1,000 entries a second
# Records come so late at most while nobody is away, and again before the next kill.
USUAL_SECONDS = 3
# Kafka finds a broker dead after 9 s (broker.session.timeout.ms). If that was the group's coordinator, the pairers' sessions end
# (10 s) before there is another one, and they join again. The rest is for a busy machine.
STALL_SECONDS = 40
# The broker that alone has a topic, and how long that may hold up others: until the shuffle's own topics have other leaders, half a
# minute, and a transaction before and after it. So long at most until it is tried again, too.
LONE, HELD_UP_SECONDS = 2, 150
# What a pairer whose session ended had not saved: a checkpoint interval, and what blocks and outputs add.
REPEATED_SECONDS = 5


class Watch(threading.Thread):
    """Notes when each record comes, as soon as it is in a file of these pairers. Ends with the `with` that it is used in."""

    def __init__(self, pairers):
        super().__init__(daemon=True)
        self.files, self.ended = {pairer.output / "all.jsonl": 0 for pairer in pairers}, threading.Event()
        self.came = collections.defaultdict(list)  # path -> (when, id, sides) of each record

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.wait(0.05):
            self.look()

    def look(self):
        for path, at in self.files.items():
            if not path.exists():
                continue
            with open(path, "rb") as file:
                file.seek(at)
                text = file.read()
            whole = text[:text.rfind(b"\n") + 1]
            self.files[path] = at + len(whole)
            for line in whole.splitlines():
                record = json.loads(line)
                self.came[record["request"]["path"]].append((time.monotonic(), record["id"], stage.sides(record)))


def unexplained(sent_at, came, kills, given):
    """What the deaths of brokers may not do, in words. `kills`: when. `given`: whether pairers were given partitions since; if so, one
    had lost them, and others may write again what it had not saved when the broker died."""
    out = [f"{path} was never sent" for path in came if path not in sent_at]
    for path, sent in sent_at.items():
        records = came.get(path, [])
        if not records:
            out.append(f"{path} did not come out")
        if any(sides != 2 for _, _, sides in records):
            out.append(f"{path} is one-sided")
        if len({one for _, one, _ in records}) > 1:
            out.append(f"{path} has several ids")
        near = any(at - REPEATED_SECONDS < sent < at + STALL_SECONDS for at in kills)
        if len(records) > 1 and not (given and near):
            out.append(f"{path} came {len(records)} times, and no pairer lost a partition about then")
    return out


class TheLedger(unittest.TestCase):
    """Finds what was planted. One request a second; a broker died at 50."""

    def setUp(self):
        self.sent = {f"/{number}": number for number in range(100)}
        self.came = {path: [(at + 1, f"id of {path}", 2)] for path, at in self.sent.items()}

    def found(self, given=True):
        return unexplained(self.sent, self.came, [50], given)

    def test_all_that_was_sent_is_no_fault(self):
        self.assertEqual(self.found(), [])

    def test_what_is_missing_torn_or_unknown_is_a_fault_even_then(self):
        del self.came["/50"]
        self.came["/51"] = [(52, "id of /51", 1)]
        self.came["/100"] = [(101, "id of /100", 2)]
        self.assertEqual(self.found(), ["/100 was never sent", "/50 did not come out", "/51 is one-sided"])

    def test_a_second_record_has_the_first_ones_id_and_a_lost_partition(self):
        self.came["/52"] *= 2
        self.assertEqual(self.found(), [])
        self.assertEqual(len(self.found(given=False)), 1)
        self.came["/40"] *= 2
        self.assertEqual(self.found(), ["/40 came 2 times, and no pairer lost a partition about then"])
        self.came["/52"][1:] = [(53, "another", 2)]
        self.assertIn("/52 has several ids", self.found())


class ThreeBrokers(unittest.TestCase):
    def setUp(self):
        self.work, self.network, self.processes = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-")), Network(), []
        self.brokers = Brokers(self.work, self.network)
        self.addCleanup(self.end)
        self.brokers.create(HALVES, PARTITIONS, message_timestamp_type="LogAppendTime")
        self.brokers.create(CHECKPOINTS, PARTITIONS, cleanup_policy="compact")
        self.brokers.create(PROXIES, 2, cleanup_policy="compact")
        (self.work / "taps").mkdir()
        (self.work / "taps" / "all.yaml").write_text(json.dumps(stage.tap("all")))

    def end(self):
        for process in self.processes:
            process.kill()
        self.brokers.kill()
        self.network.close()
        if self._outcome.success:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            print(f"     the files of this test: {self.work}")

    def start(self, role, number):
        self.processes.append(Process(self.network, self.brokers.addresses(), self.work, role, number))
        return self.processes[-1].ready()

    def test_leaders_that_are_killed_under_load_cost_time_and_no_entry(self):
        receivers = [self.start("receiver", n) for n in (1, 2)]
        pairers = [self.start("pairer", n) for n in (1, 2)]
        wait_until_shared(pairers)
        wait_until("all replicas are in sync", self.brokers.whole, 30)
        mesh, kills, before = Mesh(receivers, AT_ONCE), [], self.assignments()
        with Watch(pairers) as watch:
            proxy.run(mesh.run([(2, lambda: self.kill_leaders(mesh, watch, kills))]))
            wait_until("the pairers have all", lambda: all_taken(receivers, pairers, mesh), 60)
        watch.look()
        self.assertEqual(unexplained(mesh.sent_at, watch.came, [at for at, _, _ in kills], self.assignments() > before), [])
        self.tell(mesh, watch, kills)
        print(f"     {len(watch.came)} requests, {sum(len(came) > 1 for came in watch.came.values())} repeated")
        self.check_counters(receivers, pairers)

    if os.environ.get("LEADERLESS"):  # takes more than two minutes
        def test_a_topic_without_a_leader_costs_its_own_records_alone(self):
            """Of two outputs that are written in one transaction, when the broker that has all of one's topic dies for a while."""
            once, alone, there = "traffictap.once", "traffictap.alone", self.brokers.members[LONE]
            self.brokers.create(once, 3)
            self.brokers.create_at(LONE, alone)
            outputs = [{"name": topic.split(".")[1], "type": "Kafka", "delivery": {"class": "ExactlyOnce"},
                        "kafka": {"brokers": self.brokers.addresses(), "topic": topic, "security": "Plaintext"}} for topic in (once, alone)]
            (self.work / "taps" / "all.yaml").write_text(json.dumps(stage.tap("all", outputs)))
            receivers = [self.start("receiver", n) for n in (1, 2)]
            pairer = self.start("pairer", 1)
            mesh = Mesh(receivers)

            def counted(what, output):
                return metric(pairer.metrics(), f"output_{what}_total", output=output)

            def more(what, output, seconds):
                before = counted(what, output)
                wait_until(f"more records of {output} are {what}", lambda: counted(what, output) > before, seconds)

            def kill():
                more("delivered", "alone", 40)
                there.kill()
                killed = time.monotonic()
                more("dropped", "alone", HELD_UP_SECONDS)
                more("delivered", "once", STALL_SECONDS)
                print(f"     held up for {time.monotonic() - killed:.0f} s,"
                      f" {pairer.of('transactions_aborted_total'):.0f} transactions aborted")
                there.start()
                started = time.monotonic()
                more("delivered", "alone", HELD_UP_SECONDS)
                print(f"     back {time.monotonic() - started:.0f} s after its broker")

            proxy.run(mesh.run([(2, kill)]))
            wait_until("the pairer has all", lambda: all_taken(receivers, [pairer], mesh), 60)
            self.assertIn(f'"{alone}" takes no records', (self.work / f"{pairer.name}.log").read_text())
            self.assertEqual(counted("dropped", "once"), 0)

            def paths():
                return collections.Counter(message["record"]["request"]["path"] for message in self.brokers.members[0].read(once))

            wait_until("all is committed", lambda: len(paths()) == len(mesh.sent_at), 40)
            self.assertEqual(paths(), collections.Counter(list(mesh.sent_at)))

    def kill_leaders(self, mesh, watch, kills):
        for _ in range(KILLS):
            wait_until("records come", lambda: self.late(mesh, watch) < USUAL_SECONDS)
            leaders = collections.Counter(self.brokers.leaders(HALVES))
            leader, partitions = leaders.most_common(1)[0]
            kills.append((time.monotonic(), leader, partitions))
            self.brokers.members[leader].kill()
            time.sleep(USUAL_SECONDS)
            wait_until("records come again", lambda: self.late(mesh, watch) < USUAL_SECONDS, STALL_SECONDS)
            self.brokers.members[leader].start()
            wait_until("all replicas are in sync", self.brokers.whole, 60)

    def assignments(self):
        """How often a pairer was given partitions."""
        return sum((self.work / f"{one.name}.log").read_text().count("partitions assigned") for one in self.processes)

    @staticmethod
    def late(mesh, watch):
        """For how long the oldest request has waited that has not come out."""
        now = time.monotonic()
        return max((now - sent for path, sent in list(mesh.sent_at.items()) if path not in watch.came), default=0)

    def tell(self, mesh, watch, kills):
        moments = sorted(came[0][0] for came in watch.came.values())
        ends = [at for at, _, _ in kills[1:]] + [moments[-1]]
        for (at, leader, partitions), end in zip(kills, ends):
            after = [moment for moment in moments if at <= moment <= end]
            silence = max(b - a for a, b in zip([at, *after], after))
            latest = max(watch.came[path][0][0] - sent for path, sent in mesh.sent_at.items() if at - 1 < sent < end)
            print(f"     broker {leader} led {partitions} of {PARTITIONS} partitions: no record for {silence:.1f} s, none came later than"
                  f" {latest:.1f} s")
            self.assertLess(latest, STALL_SECONDS)

    def check_counters(self, receivers, pairers):
        for receiver in receivers:
            metrics = receiver.metrics()
            stage.check_counters(metrics)
            self.assertEqual(metric(metrics, "entries_rejected_total"), 0)
            self.assertEqual(metric(metrics, "shuffle_halves_lost_total"), 0)
            self.assertEqual(metric(metrics, "shuffle_halves_produced_total"), metric(metrics, "shuffle_halves_acked_total"))
        for pairer in pairers:
            stage.check_counters(pairer.metrics())
        for result in ("lost", "filtered"):
            self.assertEqual(sum(p.of("partition_halves", result=result) for p in pairers), 0)
