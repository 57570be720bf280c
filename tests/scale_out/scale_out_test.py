# SPDX-License-Identifier: Apache-2.0
"""Requests whose sides come to different receivers, joined by pairers that die and stop meanwhile."""
import base64
import collections
import os
import secrets
import signal
import subprocess
import time
import types

import proxy
import shop
import stage
from on_a_broker import OnABroker
from over_kafka import PARTITIONS, Mesh, all_taken, shared, wait_until_shared
from stage import metric, wait_until

PLAIN = "traffictap.plain"
# What a kill repeats: a checkpoint interval, and what blocks, outputs and a busy machine add.
REPEATED_SECONDS = 5
# How long a pairer stands still, which has to be longer than its session; without it none does.
FROZEN_SECONDS = float(os.environ.get("FROZEN_SECONDS", "0"))
BROKER_AWAY_SECONDS = 8
# Streams that each receiver has to see move, and the entries that a move may cost: a message has some thirty. The load comes
# in bursts of a hundred requests, so that there is often a message right behind another one.
MOVES_EACH, MOVES_LOSS = 10, 30
# What is in every block of the test's mesh: a pod's name, and a part of each request's id.
IN_CLEAR = (b"caller-0", b"-0000-4000-8000-")
# Longer than between two looks at the files of keys.
KEYS_SECONDS = 4
# The smallest max.message.bytes that the topic of halves may have, and more than a receiver has on its way in requests of one
# block each: so what has gathered goes out in batches of the largest size.
MESSAGE_BYTES = 512 * 1024
GATHERED_BYTES = 4 << 20
# Receivers that are not heard for longer are dead to the others.
SILENCE_SECONDS = 25


class ScaleOut(OnABroker):
    def test_what_is_wrong_with_a_topic_is_named_with_the_fix_and_none_is_made(self):
        self.broker.create(PLAIN, PARTITIONS)
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
        listed = subprocess.run(["kcat", "-L", "-b", self.broker.address()], check=True, text=True, stdout=subprocess.PIPE).stdout
        self.assertNotIn("traffictap.nowhere", listed)
        # The topic that was missing is there at last.
        self.broker.create("traffictap.nowhere", PARTITIONS, message_timestamp_type="LogAppendTime")
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
            self.broker.kill()
            time.sleep(BROKER_AWAY_SECONDS)
            self.broker.start()
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
        # The pods of both sides, with each receiver.
        self.assertEqual((pairer.of("proxies"), pairer.of("proxies_skipped_total")), (4, 0))
        # A topic that nobody writes to has an end.
        self.assertEqual([receiver.stop() for receiver in receivers], [0, 0])
        bytes_of_topic = self.contents(self.own[1])
        for key in (b"2026-10", b"2026-11"):
            self.assertIn(key, bytes_of_topic)  # the header names it
        for words in IN_CLEAR:
            self.assertNotIn(words, bytes_of_topic)
            self.assertNotIn(words, self.contents(self.own[3]))
            self.assertNotIn(words, self.contents(self.own[5]))
        plain = self.start("receiver", 3).ready()
        proxy.run(Mesh([plain, plain]).run([(2, lambda: None)]))
        wait_until("blocks are refused", lambda: pairer.of("partition_refused_blocks") > 0)
        wait_until("so is what is said of proxies", lambda: pairer.of("proxies_skipped_total", reason="Refused") > 0)
        wait_until("the receiver has sent all", lambda: plain.of("halves_acked_total") == plain.of("halves_produced_total") > 0)
        self.assertEqual(plain.stop(), 0)
        for words in IN_CLEAR:
            self.assertIn(words, self.contents(self.own[1]))
        self.assertIn("it is not encrypted", self.log_of(pairer))
        self.assertEqual(len(pairer.records()), len(mesh.sent_at))

    def test_what_gathers_while_kafka_stands_still_is_taken_encrypted_or_not(self):
        """In one partition, and of what becomes smaller by a quarter alone."""
        keys = self.work / "keys"
        keys.mkdir()
        self.put(keys / "a", base64.b64encode(os.urandom(32)).decode())
        self.put(keys / "current", "a")
        for number, (kind, options) in enumerate((("encrypted", ("--shuffle-encryption", keys)), ("plain", ()))):
            with self.subTest(kind):
                halves = f"traffictap.gathered.{kind}"
                self.broker.create(halves, 1, message_timestamp_type="LogAppendTime", max_message_bytes=MESSAGE_BYTES)
                self.own = ("--shuffle-topic", halves, "--shuffle-partitions", "1", *options)
                self.check_gathered([self.start("receiver", 2 * number + n).ready() for n in (1, 2)])

    def check_gathered(self, receivers):
        mesh = Mesh(receivers, agent=lambda: secrets.token_urlsafe(9000))

        def stand_still():
            self.broker.signal(signal.SIGSTOP)
            try:
                wait_until("enough has gathered", lambda: min(r.of("pending_bytes") for r in receivers) > GATHERED_BYTES)
            finally:
                self.broker.signal(signal.SIGCONT)

        def told(name):
            return sum(receiver.of(name) for receiver in receivers)

        proxy.run(mesh.run([(1, stand_still)]))
        wait_until("Kafka has told of all", lambda: told("halves_acked_total") + told("halves_lost_total") == 2 * len(mesh.sent_at), 40)
        self.assertEqual(told("halves_lost_total"), 0)

    @staticmethod
    def put(path, text):
        """At one moment, as the kubelet does."""
        new = path.with_name(f".{path.name}")
        new.write_text(text)
        new.replace(path)

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

        envoys = shop.Shop(types.SimpleNamespace(network=self.network), self.work, pods=(stage.FRONTEND, stage.FAST),
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

    def test_partitions_that_are_added_stop_everybody_who_says_why(self):
        halves, checkpoints = "traffictap.altered", "traffictap.altered-checkpoints"
        self.broker.create(halves, 2, message_timestamp_type="LogAppendTime")
        self.broker.create(checkpoints, 2, cleanup_policy="compact")
        options = ("--shuffle-topic", halves, "--shuffle-checkpoints", checkpoints, "--shuffle-group", "altered",
                   "--shuffle-partitions", "2")
        processes = [self.start(role, 1, *options).ready() for role in ("receiver", "pairer")]
        self.broker.add_partitions(halves, 3)
        since = time.monotonic()
        for process in processes:
            wait_until(f"{process.name} says why", lambda p=process: "has 3 partitions and --shuffle-partitions is 2" in p.readyz()[1])
        print(f"     told within {time.monotonic() - since:.1f} s")
        blocks = self.messages(halves)
        time.sleep(1.5)
        self.assertEqual(self.messages(halves), blocks, "the receiver goes on writing")

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
