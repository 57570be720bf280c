# SPDX-License-Identifier: Apache-2.0
"""Outputs whose records go into the pairers' transactions: who reads what was committed finds each record once."""
import collections
import signal
import time

import proxy
import stage
from on_a_broker import GuardedBroker, OnABroker
from over_kafka import PARTITIONS, Mesh, all_taken
from stage import metric, wait_until

ONCE = "traffictap.once"
# Longer than a session, and than the broker waits for a transaction.
STILL_SECONDS = 13


def counted(pairer, what, output="once"):
    return metric(pairer.metrics(), f"output_{what}_total", output=output)


class Transactions(OnABroker):
    make_broker = GuardedBroker

    def tap_once(self, *outputs):
        """A tap whose outputs are part of the pairers' transactions: topics, by name, or with brokers of their own."""
        specs = [{"name": name, "type": "Kafka", "delivery": {"class": "ExactlyOnce"},
                  "kafka": {"brokers": [brokers or self.broker.address()], "topic": topic, "security": "Plaintext"}}
                 for name, topic, brokers in outputs]
        self.tap("all", specs)

    def test_readers_of_committed_records_find_each_once_whoever_dies_or_stops(self):
        self.have_topics()
        self.broker.create(ONCE, 3)
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
        self.broker.create(topic, 3)
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
            self.broker.kill()
            time.sleep(3)
            self.broker.start()
            time.sleep(2)

        proxy.run(mesh.run([(2, go_away)]))
        wait_until("the pairer has all", lambda: all_taken(receivers, [pairer], mesh), 60)
        print(f"     {pairer.of('transactions_aborted_total'):.0f} transactions aborted")
        self.assertEqual(pairer.stop(), 0)
        self.check_once(mesh, topic)

    def check_once(self, mesh, topic=ONCE):
        def read():
            return [message["record"] for message in self.broker.read(topic)]

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
            self.broker.create(one, 3)
        self.broker.allow_only(denied, "Describe")
        self.tap_once(("elsewhere", topic, "127.0.0.1:1"), ("nowhere", f"{ONCE}.nowhere", None), ("own", self.own[1], None),
                      ("denied", denied, None), ("revoked", revoked, None), ("once", topic, None))
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairer = self.start("pairer", 1).ready()
        mesh = Mesh(receivers)

        def revoke():
            wait_until("it has written", lambda: counted(pairer, "delivered", "revoked"))
            self.broker.allow_only(revoked, "Describe")
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
