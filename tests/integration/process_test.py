# SPDX-License-Identifier: Apache-2.0
"""The collector's life under load: taps change, it is stopped, it is killed."""
import collections
import signal
import time
import unittest

import stage
from stage import Load, Stage, file_output, sides, tap, wait_until


class TapsChange(unittest.TestCase):
    def test_reloading_under_load_loses_and_doubles_nothing(self):
        with Stage(tap("all")) as s:
            with Load(s.shop) as load:
                for round_ in range(8):
                    s.put(tap("all", limits={"maxRecords": 1_000_000 + round_}))
                    s.put(tap("other", match={"methods": ["GET"]}, outputs=[file_output("other.jsonl")]))
                    time.sleep(0.4)
                    s.remove("other")
                    time.sleep(0.2)
                answered = load.stop()
            s.settle()
            found = s.records()
            kinds = collections.Counter((r["verdict"], r.get("orphanReason")) for r in found)
            self.assertEqual(kinds, {("Ok", None): answered})
            self.assertEqual(len({r["id"] for r in found}), answered)
            metrics = s.collector.metrics()
            stage.check_counters(metrics)
            self.assertEqual(stage.metric(metrics, "tap_faults"), 0)

    def test_a_broken_file_keeps_the_last_good_version_in_force(self):
        with Stage(tap("all")) as s:
            (s.taps / "all.yaml").write_text("spec: [\n")
            wait_until("the fault is counted", lambda: stage.metric(s.collector.metrics(), "tap_faults") == 1)
            s.shop.call("cart", "/still")
            s.settle()
            self.assertEqual([r["request"]["path"] for r in s.records()], ["/still"])
            s.put(tap("all", match={"paths": [{"exact": "/wanted"}]}))
            wait_until("the fault is gone", lambda: stage.metric(s.collector.metrics(), "tap_faults") == 0)
            s.shop.call("cart", "/wanted")
            s.shop.call("cart", "/unwanted")
            s.settle()
            self.assertEqual([r["request"]["path"] for r in s.records()], ["/still", "/wanted"])


class Stopped(unittest.TestCase):
    def test_sigterm_under_load_reads_and_writes_all_that_was_flushed(self):
        with Stage(tap("all")) as s:
            load = Load(s.shop)
            wait_until("records are written", lambda: len(s.lines()) > 500)
            asked = time.monotonic()
            s.collector.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            unready = s.collector.get("/readyz")[0], s.collector.get("/healthz")[0]
            time.sleep(0.5)
            answered = load.stop()
            code = s.collector.process.wait(20)
            took = time.monotonic() - asked
            self.assertEqual(unready, (503, 200), "readiness goes first, the process lives on")
            self.assertEqual(code, 0)
            self.assertLess(took, 20)
            sent = s.shop.entries_sent()
            self.assertEqual(sum(sides(r) for r in s.records()), sent["flushed"])
            self.assertEqual((sent["flushed"], sent["dropped"]), (2 * answered, 0))


class Killed(unittest.TestCase):
    RATE = 1000

    def test_kill_9_under_load_tears_no_line_and_serves_again_at_once(self):
        with Stage(tap("all")) as s, Load(s.shop, self.RATE) as load:
            for _ in range(3):
                before = len(s.lines())
                wait_until("records are written", lambda: len(s.lines()) > before + 500)
                s.collector.process.kill()
                s.collector.process.wait()
                started = time.monotonic()
                s.collector.start()
                took = time.monotonic() - started
                self.assertEqual(s.collector.get("/readyz")[0], 200)
                self.assertLess(took, 3)
                before = len(s.lines())
                wait_until("records come again", lambda: len(s.lines()) > before, 10)
            answered = load.stop()
            wait_until("Envoy has flushed or given up", lambda: self.accounted(s.shop.entries_sent()))
            s.settle_after_loss()
            found, sent = s.records(), s.shop.entries_sent()
            self.assertEqual(len({r["id"] for r in found}), len(found))
            # Every request left two entries; each was flushed, failed or dropped by the counters of the Envoys.
            self.assertEqual(sent["written"] + sent["dropped"], 2 * answered)
            in_files = sum(sides(r) for r in found)
            in_flight = sent["flushed"] - in_files
            print(f"     3 kills: {2 * answered} entries, {in_files} in records, Envoy gave up {sent['failed']} and "
                  f"dropped {sent['dropped']}, {in_flight} were under way or waiting when the collector died")
            self.assertGreaterEqual(in_flight, 0)
            # Per kill: what Envoy buffers (1 s) and what waits for its other half (3 s at most), of both sides.
            self.assertLessEqual(in_flight, 3 * 2 * self.RATE * 4)
            reasons = {r["orphanReason"] for r in found if "orphanReason" in r}
            self.assertLessEqual(reasons, {"DrainingConnection", "LostInBuffer", "PeerNotTapped"})
            self.assertGreater(len(found), answered // 2)

    @staticmethod
    def accounted(sent):
        return sent["written"] == sent["flushed"] + sent["failed"]


class CutOff(unittest.TestCase):
    """What requests notice of a collector that does not read, or is not there: nothing."""
    RATE, SECONDS = 500, 8

    def test_a_collector_that_is_frozen_or_gone_delays_no_request(self):
        with Stage(tap("all")) as s, Load(s.shop, self.RATE):
            usual = self.took(s)
            s.collector.process.send_signal(signal.SIGSTOP)
            try:
                frozen = self.took(s)
            finally:
                s.collector.process.send_signal(signal.SIGCONT)
            thawed = self.recorded_again(s)
            s.collector.process.kill()
            s.collector.process.wait()
            gone = self.took(s)
            s.collector.start()
            back = self.recorded_again(s)
            print("     median and 95 % of a call: " + ", ".join(
                f"{name} {1000 * median:.1f} and {1000 * slow:.1f} ms" for name, (median, slow) in
                (("usual", usual), ("frozen", frozen), ("gone", gone))) + f"; recorded {thawed:.1f} and {back:.1f} s afterwards")
            for name, (median, slow) in (("frozen", frozen), ("gone", gone)):
                self.assertLess(median, 2 * usual[0] + 0.005, name)
                self.assertLess(slow, 2 * usual[1] + 0.1, name)

    def took(self, s):
        """What half and what 95 % of the calls of some seconds took at most; each was answered."""
        seconds, end = [], time.monotonic() + self.SECONDS
        while time.monotonic() < end:
            begin = time.monotonic()
            self.assertEqual(s.shop.call("fast", "/load"), 200)
            seconds.append(time.monotonic() - begin)
            time.sleep(0.02)
        seconds.sort()
        return seconds[len(seconds) // 2], seconds[len(seconds) * 95 // 100]

    @staticmethod
    def recorded_again(s):
        """Seconds until there are new records."""
        begin, before = time.monotonic(), len(s.lines())
        wait_until("records come again", lambda: len(s.lines()) > before + 20, 5)
        return time.monotonic() - begin
