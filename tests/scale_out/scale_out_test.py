# SPDX-License-Identifier: Apache-2.0
"""Requests whose sides come to different receivers, joined by pairers that die and stop meanwhile."""
import base64
import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import types
import unittest

import broker as kafka
import proxy
import shop
import stage
from over_kafka import PARTITIONS, Mesh, Process, all_taken, shared, wait_until_shared
from shop import Network
from stage import metric, wait_until

HALVES, CHECKPOINTS, PLAIN = "traffictap.halves", "traffictap.checkpoints", "traffictap.plain"
ONCE = "traffictap.once"
# What a kill repeats: a checkpoint interval, and what blocks, outputs and a busy machine add.
REPEATED_SECONDS = 5
# How long a pairer stands still, which has to be longer than its session; without it none does.
FROZEN_SECONDS = float(os.environ.get("FROZEN_SECONDS", "0"))
BROKER_AWAY_SECONDS = 8
STILL_SECONDS = 13
# Streams that each receiver has to see move, and the entries that a move may cost: a message has some thirty. The load comes
# in bursts of a hundred requests, so that there is often a message right behind another one.
MOVES_EACH, MOVES_LOSS = 10, 30
# What is in every block of the test's mesh: a pod's name, and a part of each request's id.
IN_CLEAR = (b"caller-0", b"-0000-4000-8000-")
# Longer than between two looks at the files of keys.
KEYS_SECONDS = 4
# Receivers that are not heard for longer are dead to the others.
SILENCE_SECONDS = 25


class Broker(kafka.Broker):
    """Everybody may do everything, but for topics with rules of their own."""

    def properties(self):
        return {**super().properties(), "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found": "true"}

    def forbid_writing(self, topic):
        self.tool("org.apache.kafka.tools.AclCommand", "--bootstrap-server", self.address(), "--add", "--allow-principal",
                  "User:ANONYMOUS", "--operation", "Describe", "--topic", topic)


def setUpModule():
    global WORK, NETWORK, BROKER
    WORK, NETWORK = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-scale-")), Network()
    BROKER = Broker(WORK, NETWORK)
    BROKER.create(HALVES, PARTITIONS, message_timestamp_type="LogAppendTime")
    BROKER.create(CHECKPOINTS, PARTITIONS, cleanup_policy="compact")
    BROKER.create(PLAIN, PARTITIONS)
    BROKER.create(ONCE, 3)


def tearDownModule():
    BROKER.kill()
    NETWORK.close()
    shutil.rmtree(WORK, ignore_errors=True)


def counted(pairer, what, output="once"):
    return metric(pairer.metrics(), f"output_{what}_total", output=output)


class ScaleOut(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-"))
        self.tap("all")
        self.processes, self.own = [], ()

    def tap(self, name, outputs=None, folder="taps"):
        path = self.work / folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(stage.tap(name, outputs)))

    def have_topics(self):
        """Topics and a group of its own: what pairers count moves on to the next owner of a partition."""
        name = self._testMethodName.removeprefix("test_")[:40]
        halves, checkpoints = f"traffictap.{name}.halves", f"traffictap.{name}.checkpoints"
        BROKER.create(halves, PARTITIONS, message_timestamp_type="LogAppendTime")
        BROKER.create(checkpoints, PARTITIONS, cleanup_policy="compact")
        self.own = ("--shuffle-topic", halves, "--shuffle-checkpoints", checkpoints, "--shuffle-group", name)

    def tearDown(self):
        for process in self.processes:
            process.kill()
        if self._outcome.success:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            print(f"     the files of this test: {self.work}")

    def start(self, role, number, *options, taps="taps"):
        self.processes.append(Process(NETWORK, [BROKER.address()], self.work, role, number, *self.own, *options, taps=taps))
        return self.processes[-1]

    def two_of_each(self):
        """Receivers, and pairers that share the partitions."""
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairers = [self.start("pairer", n) for n in (1, 2)]
        for pairer in pairers:
            pairer.ready()
        wait_until_shared(pairers)
        return receivers, pairers

    def test_what_is_wrong_with_a_topic_is_named_with_the_fix_and_none_is_made(self):
        wrong = [
            (self.start("receiver", 1, "--shuffle-topic", "traffictap.nowhere"), '"traffictap.nowhere" does not exist; create it'),
            (self.start("receiver", 2, "--shuffle-topic", PLAIN), "message.timestamp.type=CreateTime: set it to LogAppendTime"),
            (self.start("receiver", 3, "--shuffle-partitions", "4"), f"has {PARTITIONS} partitions and --shuffle-partitions is 4"),
            (self.start("pairer", 1, "--shuffle-checkpoints", PLAIN, "--shuffle-group", "wrong"),
             "cleanup.policy=delete: set it to compact"),
        ]
        for process, words in wrong:
            with self.subTest(words):
                wait_until(f"{process.name} says what is wrong", lambda p=process, w=words: w in p.readyz()[1])
                self.assertEqual(process.readyz()[0], 503)
        listed = subprocess.run(["kcat", "-L", "-b", BROKER.address()], check=True, text=True, stdout=subprocess.PIPE).stdout
        self.assertNotIn("traffictap.nowhere", listed)
        # The topic that was missing is there at last.
        BROKER.create("traffictap.nowhere", PARTITIONS, message_timestamp_type="LogAppendTime")
        wrong[0][0].ready()

    def test_every_request_comes_out_whole_whoever_dies_or_stops(self):
        self.have_topics()
        receivers, pairers = self.two_of_each()
        mesh, killed = Mesh(receivers), {}

        def kill():
            wait_until("the first pairer has written", pairers[0].records)
            killed["at"] = time.monotonic()
            pairers[0].kill()
            pairers.append(self.start("pairer", 3))

        def stop():
            wait_until("the third pairer is there", lambda: len(pairers) == 3)
            pairers[2].ready()
            wait_until("two own all", lambda: sum(p.of("partitions") for p in pairers[1:]) == PARTITIONS, 30)
            killed["code"] = pairers[1].stop()

        proxy.run(mesh.run([(3, kill), (5, stop)]))
        self.assertEqual(killed["code"], 0)
        last = pairers[2]
        wait_until("the last pairer has all", lambda: all_taken(receivers, [last], mesh), 40)
        self.check_records(pairers, mesh, killed["at"])
        self.check_books(receivers, last, mesh)

    def test_a_broker_that_goes_away_and_a_pairer_that_stood_still_cost_nothing(self):
        self.have_topics()
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairers = [self.start("pairer", n).ready() for n in (1, 2)]
        mesh, at = Mesh(receivers), {}

        def stand_still():
            wait_until_shared(pairers)
            wait_until("the first pairer has written", pairers[0].records)
            at["frozen"] = at["thawed"] = time.monotonic()
            if not FROZEN_SECONDS:
                return
            pairers[0].process.send_signal(signal.SIGSTOP)
            time.sleep(FROZEN_SECONDS)
            wait_until("the other one owns all", lambda: pairers[1].of("partitions") == PARTITIONS, 30)
            pairers[0].process.send_signal(signal.SIGCONT)
            at["thawed"] = time.monotonic()
            wait_until("they share them again", lambda: shared(pairers), 30)

        def go_away():
            at["away"] = time.monotonic()
            BROKER.kill()
            time.sleep(BROKER_AWAY_SECONDS)
            BROKER.start()
            at["back"] = time.monotonic()
            time.sleep(2)

        proxy.run(mesh.run([(2, lambda: (stand_still(), go_away()))]))
        wait_until("the pairers have all", lambda: all_taken(receivers, pairers, mesh), 60)
        away = at["back"] - at["away"]
        print(f"     stood still for {at['thawed'] - at['frozen']:.0f} s, the broker away for {away:.0f} s")
        if away > SILENCE_SECONDS:
            self.skipTest(f"Kafka took {away:.0f} s to come back")
        times, ids = collections.Counter(), collections.defaultdict(set)
        for record in (record for pairer in pairers for record in pairer.records()):
            path = record["request"]["path"]
            self.assertNotIn("orphanReason", record)
            self.assertEqual(stage.sides(record), 2, path)
            times[path] += 1
            ids[path].add(record["id"])
        self.assertEqual(set(times), set(mesh.sent_at))
        self.assertEqual([path for path, of in ids.items() if len(of) != 1], [])
        repeated = [path for path, count in times.items() if count > 1]
        print(f"     {len(times)} requests, {len(repeated)} repeated")
        # What was not saved when the broker went, if sessions ended before it was back; what the one that stood still had not
        # saved, and what it wrote until it heard that it was out.
        for path in repeated:
            since_away = mesh.sent_at[path] - at["away"]
            stood_still = at["frozen"] - REPEATED_SECONDS < mesh.sent_at[path] < at["thawed"] + REPEATED_SECONDS
            self.assertTrue(-REPEATED_SECONDS < since_away < 1 or FROZEN_SECONDS and stood_still, path)
        for receiver in receivers:
            self.assertEqual(receiver.of("halves_lost_total"), 0)
        self.assertEqual(sum(p.of("partition_halves", result="lost") for p in pairers), 0)

    def tap_once(self, *outputs):
        """A tap whose outputs are part of the pairers' transactions: topics, by name, or with brokers of their own."""
        specs = [{"name": name, "type": "Kafka", "delivery": {"class": "ExactlyOnce"},
                  "kafka": {"brokers": [brokers or BROKER.address()], "topic": topic, "security": "Plaintext"}}
                 for name, topic, brokers in outputs]
        self.tap("all", specs)

    def test_readers_of_committed_records_find_each_once_whoever_dies_or_stops(self):
        self.have_topics()
        self.tap_once(("once", ONCE, None))
        receivers, pairers = self.two_of_each()
        mesh, state = Mesh(receivers), {}

        def owned(some):
            wait_until("they own all", lambda: sum(p.of("partitions") for p in some) == PARTITIONS, 40)

        def kill():
            wait_until("the first pairer has written", lambda: counted(pairers[0], "delivered"))
            pairers[0].kill()
            pairers.append(self.start("pairer", 3).ready())
            owned(pairers[1:])
            wait_until("the third pairer has written", lambda: counted(pairers[2], "delivered"))
            pairers[2].kill()
            pairers.append(self.start("pairer", 4).ready())
            owned((pairers[1], pairers[3]))

        def stop():
            wait_until("the fourth pairer has written", lambda: counted(pairers[3], "delivered"), 30)
            state["code"] = pairers[1].stop()
            owned(pairers[3:])

        proxy.run(mesh.run([(2, lambda: (kill(), stop()))]))
        self.assertEqual(state["code"], 0)
        wait_until("the last pairer has all", lambda: all_taken(receivers, [pairers[3]], mesh), 40)
        self.assertEqual(pairers[3].stop(), 0)
        self.check_once(mesh)

    def test_a_transaction_that_the_broker_ends_or_forgets_repeats_and_loses_nothing(self):
        self.have_topics()
        topic = f"{ONCE}.away"
        BROKER.create(topic, 3)
        self.tap_once(("once", topic, None))
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairer = self.start("pairer", 1).ready()
        mesh = Mesh(receivers)

        def go_away():
            wait_until("it has written", lambda: counted(pairer, "delivered"))
            # Longer than its session, and than the broker waits for its transaction.
            pairer.process.send_signal(signal.SIGSTOP)
            time.sleep(STILL_SECONDS)
            pairer.process.send_signal(signal.SIGCONT)
            before = counted(pairer, "delivered")
            wait_until("it writes again", lambda: counted(pairer, "delivered") > before, 40)
            BROKER.kill()
            time.sleep(3)
            BROKER.start()
            time.sleep(2)

        proxy.run(mesh.run([(2, go_away)]))
        wait_until("the pairer has all", lambda: all_taken(receivers, [pairer], mesh), 60)
        print(f"     {pairer.of('transactions_aborted_total'):.0f} transactions aborted")
        self.assertEqual(pairer.stop(), 0)
        self.check_once(mesh, topic)

    def check_once(self, mesh, topic=ONCE):
        def read():
            return [message["record"] for message in BROKER.read(topic)]

        # A reader of committed records waits for the transactions of those that were killed.
        wait_until("the transactions of the dead are over", lambda: len(read()) >= len(mesh.sent_at), 40)
        records = read()
        for record in records:
            self.assertNotIn("orphanReason", record)
            self.assertEqual(stage.sides(record), 2)
        times = collections.Counter(record["request"]["path"] for record in records)
        self.assertEqual(set(times), set(mesh.sent_at))
        self.assertEqual([path for path, count in times.items() if count != 1], [])
        self.assertEqual(len({record["id"] for record in records}), len(records))
        written = self.messages(topic, "-X", "isolation.level=read_uncommitted")
        print(f"     {len(records)} requests, {written} records written with those that were taken back")

    def test_an_output_that_cannot_be_part_of_a_transaction_costs_its_own_records_alone(self):
        self.have_topics()
        topic, denied, revoked = (f"{ONCE}.{word}" for word in ("alone", "denied", "revoked"))
        for one in (topic, denied, revoked):
            BROKER.create(one, 3)
        BROKER.forbid_writing(denied)
        self.tap_once(("elsewhere", topic, "127.0.0.1:1"), ("nowhere", f"{ONCE}.nowhere", None), ("own", self.own[1], None),
                      ("denied", denied, None), ("revoked", revoked, None), ("once", topic, None))
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairer = self.start("pairer", 1).ready()
        mesh = Mesh(receivers)

        def revoke():
            wait_until("it has written", lambda: counted(pairer, "delivered", "revoked"))
            BROKER.forbid_writing(revoked)
            wait_until("it is refused", lambda: counted(pairer, "dropped", "revoked"))

        proxy.run(mesh.run([(2, revoke)]))
        wait_until("the pairer has all", lambda: all_taken(receivers, [pairer], mesh), 60)
        metrics, log = pairer.metrics(), self.log_of(pairer)
        for output, words in (("nowhere", "does not exist; create it"), ("own", "is the shuffle's own"),
                              ("elsewhere", "do not say which cluster they are"), ("denied", "takes no records from the user")):
            with self.subTest(output):
                self.assertEqual(metric(metrics, "output_delivered_total", output=output), 0)
                self.assertGreaterEqual(metric(metrics, "output_dropped_total", output=output, reason="WriteFailed"), len(mesh.sent_at))
                self.assertIn(words, log)
        self.assertEqual(metric(metrics, "output_dropped_total", output="once"), 0)
        print(f"     {pairer.of('transactions_aborted_total'):.0f} transactions aborted as a right was revoked")
        self.assertLessEqual(pairer.of("transactions_aborted_total"), 3)
        self.assertEqual(pairer.stop(), 0)
        self.check_once(mesh, topic)

    def test_keys_keep_entries_from_anybody_who_reads_kafka_and_plain_ones_are_refused(self):
        self.have_topics()
        keys = self.work / "keys"
        keys.mkdir()
        self.put(keys / "2026-10", base64.b64encode(os.urandom(32)).decode())
        self.put(keys / "current", "2026-10")
        receivers = [self.start("receiver", n, "--shuffle-encryption", keys).ready() for n in (1, 2)]
        pairer = self.start("pairer", 1, "--shuffle-encryption", keys).ready()
        mesh = Mesh(receivers)
        proxy.run(mesh.run([
            (1, lambda: self.put(keys / "2026-11", base64.b64encode(os.urandom(32)).decode())),
            (1 + KEYS_SECONDS, lambda: self.put(keys / "current", "2026-11")),
            (1 + 2 * KEYS_SECONDS, lambda: None)]))
        wait_until("the pairer has all", lambda: all_taken(receivers, [pairer], mesh), 40)
        paths = collections.Counter(record["request"]["path"] for record in pairer.records() if stage.sides(record) == 2)
        self.assertEqual(paths, collections.Counter(list(mesh.sent_at)))
        self.assertEqual(pairer.of("partition_refused_blocks"), 0)
        # A topic that nobody writes to has an end.
        self.assertEqual([receiver.stop() for receiver in receivers], [0, 0])
        bytes_of_topic = self.contents(self.own[1])
        for key in (b"2026-10", b"2026-11"):
            self.assertIn(key, bytes_of_topic)  # the header names it
        for words in IN_CLEAR:
            self.assertNotIn(words, bytes_of_topic)
            self.assertNotIn(words, self.contents(self.own[3]))
        plain = self.start("receiver", 3).ready()
        proxy.run(Mesh([plain, plain]).run([(2, lambda: None)]))
        wait_until("blocks are refused", lambda: pairer.of("partition_refused_blocks") > 0)
        wait_until("the receiver has sent all", lambda: plain.of("halves_acked_total") == plain.of("halves_produced_total") > 0)
        self.assertEqual(plain.stop(), 0)
        for words in IN_CLEAR:
            self.assertIn(words, self.contents(self.own[1]))
        self.assertIn("it is not encrypted", self.log_of(pairer))
        self.assertEqual(len(pairer.records()), len(mesh.sent_at))

    @staticmethod
    def put(path, text):
        """At one moment, as the kubelet does."""
        new = path.with_name(f".{path.name}")
        new.write_text(text)
        new.replace(path)

    @staticmethod
    def contents(topic, form="%s", *options):
        """Of each message as kcat prints it."""
        command = ["kcat", "-C", "-b", BROKER.address(), "-t", topic, "-o", "beginning", "-e", "-q", *options, "-f", form]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=30).stdout

    def test_of_two_clusters_a_tap_of_both_gets_all_and_a_tap_of_one_what_its_own_pairers_own(self):
        """Each has taps of its own, a receiver and a pairer; topics and group are the same."""
        self.tap("one")
        self.tap("all", folder="other-taps")
        self.have_topics()
        folders = ("taps", "other-taps")
        receivers = [self.start("receiver", n, taps=taps).ready() for n, taps in enumerate(folders, 1)]
        pairers = [self.start("pairer", n, taps=taps).ready() for n, taps in enumerate(folders, 1)]
        wait_until_shared(pairers)
        mesh = Mesh(receivers)
        # Longer than the other cluster's pairer waits for a tap that it does not know.
        proxy.run(mesh.run([(7, lambda: None)]))
        wait_until("the pairers have all", lambda: all_taken(receivers, pairers, mesh), 40)
        records = [pairer.records() for pairer in pairers]
        self.assertEqual(collections.Counter(r["request"]["path"] for of in records for r in of), collections.Counter(mesh.sent_at.keys()))
        self.assertEqual({stage.sides(r) for of in records for r in of}, {2})
        own, others = ({r["request"]["path"] for r in of} for of in records)
        self.assertTrue(own and others)
        self.assertEqual({r["request"]["path"] for r in pairers[0].records("one")}, own)
        self.assertEqual(pairers[1].records("one"), [])

    def test_envoys_move_to_another_receiver_and_lose_a_message_at_most(self):
        self.have_topics()
        receivers = [self.start("receiver", n, "--als-stream-max-age", "1s").ready() for n in (1, 2)]
        pairer = self.start("pairer", 1).ready()

        def moved():
            return [metric(r.metrics(), "als_streams_ended_total", how="moved") for r in receivers]

        envoys = shop.Shop(types.SimpleNamespace(network=NETWORK), self.work, pods=(stage.FRONTEND, stage.FAST),
                           receivers=[(r.ip, r.als_port, r.http_port) for r in receivers])
        try:
            with stage.Load(envoys, 300) as load:
                wait_until("streams move to and from both", lambda: min(moved()) >= MOVES_EACH, 60)
                before = moved()[0]
                received = [metric(r.metrics(), "entries_received_total") for r in receivers]
                # In order, under load: its streams move as well, and nobody opens one with it.
                self.assertEqual(receivers[0].stop(), 0)
                broken = [line for line in self.log_of(receivers[0]).splitlines() if "entries lost" in line]
                self.assertEqual(broken, [])
                time.sleep(2)
                answered = load.stop()
            state = {}

            def quiet():
                sent, taken = envoys.entries_sent(), pairer.of("partition_halves", result="taken")
                same, state["now"] = state.get("now") == (sent, taken), (sent, taken)
                time.sleep(2 * stage.FLUSH_SECONDS)
                return same

            wait_until("nothing new comes", quiet, 40)
            sent, taken = state["now"]
            lost, moves = sent["flushed"] - taken, before + metric(receivers[1].metrics(), "als_streams_ended_total", how="moved")
            print(f"     {answered} requests, {moves:.0f} moves, {lost:.0f} of {sent['flushed']} entries lost: {lost / moves:.1f} a move")
            self.assertGreater(min(received), 0.2 * sum(received), "one receiver has next to all")
            self.assertGreaterEqual(lost, 0)
            self.assertLess(lost, MOVES_LOSS * moves)
        finally:
            envoys.stop()

    def log_of(self, process):
        return (self.work / f"{process.name}.log").read_text()

    def test_partitions_that_are_added_stop_everybody_who_says_why(self):
        halves, checkpoints = "traffictap.altered", "traffictap.altered-checkpoints"
        BROKER.create(halves, 2, message_timestamp_type="LogAppendTime")
        BROKER.create(checkpoints, 2, cleanup_policy="compact")
        options = ("--shuffle-topic", halves, "--shuffle-checkpoints", checkpoints, "--shuffle-group", "altered",
                   "--shuffle-partitions", "2")
        processes = [self.start(role, 1, *options).ready() for role in ("receiver", "pairer")]
        BROKER.add_partitions(halves, 3)
        since = time.monotonic()
        for process in processes:
            wait_until(f"{process.name} says why", lambda p=process: "has 3 partitions and --shuffle-partitions is 2" in p.readyz()[1])
        print(f"     told within {time.monotonic() - since:.1f} s")
        blocks = self.messages(halves)
        time.sleep(1.5)
        self.assertEqual(self.messages(halves), blocks, "the receiver goes on writing")

    def messages(self, topic, *options):
        return self.contents(topic, "%p %o\n", *options).count(b"\n")

    def check_records(self, pairers, mesh, killed_at):
        times, ids, writers = collections.Counter(), collections.defaultdict(set), collections.defaultdict(set)
        for pairer in pairers:
            for record in pairer.records():
                path = record["request"]["path"]
                self.assertNotIn("orphanReason", record)
                self.assertEqual(stage.sides(record), 2, path)
                times[path] += 1
                ids[path].add(record["id"])
                writers[path].add(pairer.name)
        self.assertEqual(set(times), set(mesh.sent_at))
        self.assertEqual([path for path, of in ids.items() if len(of) != 1], [])
        self.assertEqual(len({one for of in ids.values() for one in of}), len(mesh.sent_at))
        repeated = [path for path, count in times.items() if count > 1]
        print(f"     {len(times)} requests, {len(repeated)} repeated after the kill")
        for path in repeated:
            self.assertEqual(times[path], 2, path)
            self.assertIn("pairer-1", writers[path])
            self.assertEqual(len(writers[path]), 2, path)
            self.assertLess(mesh.sent_at[path], killed_at)
            self.assertGreater(mesh.sent_at[path], killed_at - REPEATED_SECONDS)

    def check_books(self, receivers, last, mesh):
        for receiver in receivers:
            metrics = receiver.metrics()
            stage.check_counters(metrics)
            produced = metric(metrics, "shuffle_halves_produced_total")
            self.assertEqual(metric(metrics, "entries_kept_total"), produced)
            self.assertEqual(produced, metric(metrics, "shuffle_halves_acked_total"))
            self.assertEqual(metric(metrics, "shuffle_halves_lost_total"), 0)
        metrics = last.metrics()
        stage.check_counters(metrics)
        self.assertEqual(metric(metrics, "shuffle_partition_halves", result="taken"), 2 * len(mesh.sent_at))
        for result in ("lost", "filtered"):
            self.assertEqual(metric(metrics, "shuffle_partition_halves", result=result), 0)
        self.assertEqual(metric(metrics, "shuffle_partitions_held"), 0)
        self.assertGreater(metric(metrics, "shuffle_checkpoints_total"), 0)


if subprocess.run(["which", "kcat", "java"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
    raise SystemExit("needs kcat and java: make deps")
