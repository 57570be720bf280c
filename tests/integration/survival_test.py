# SPDX-License-Identifier: Apache-2.0
"""Outputs that are away or hang, and the end of the process: nothing is lost without a word, nothing waits for ever, and
the memory stays in its bound."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest
from unittest import mock

import proxy
import stage
from proxy import Proxy, entry, identifier, message
from stage import Stage, file_output, metric, tap, wait_until

HERE = pathlib.Path(__file__).parent
NOBODY = "127.0.0.1:1"  # refuses
STOP_SECONDS = 20
CGROUPS = {"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"}


def kafka_output(name="kafka", **spec):
    return {"name": name, "type": "Kafka",
            "kafka": {"brokers": [NOBODY], "topic": "records", "deliveryTimeout": "10m"}, **spec}


def send(collector, *messages):
    async def run():
        async with Proxy(collector) as p:
            stream = p.stream()
            await stream.write(identifier())
            for one in messages:
                await stream.write(one)
            await stream.done_writing()
            await proxy.ended(stream, 60)

    proxy.run(run())


def terminate(s):
    """Seconds until the process has ended, and its exit code."""
    start = time.monotonic()
    s.collector.process.send_signal(signal.SIGTERM)
    code = s.collector.process.wait(STOP_SECONDS + 5)
    return time.monotonic() - start, code


def log_of(s):
    return (s.work / "collector.log").read_text()


def final_counters(s, output=True):
    """{(tap, output): counters} of the log's lines; of several lives of an output their sum."""
    out = {}
    pattern = r'final counters tap=(\S+) output="([^"]*)" (.*)' if output else r"final counters tap=(\S+)() (records=.*)"
    for name, which, counters in re.findall(pattern, log_of(s)):
        sums = out.setdefault((name, which), {})
        for key, value in (pair.split("=") for pair in counters.split()):
            sums[key] = sums.get(key, 0) + int(value)
    return out


def balances(counters):
    dropped = sum(v for k, v in counters.items() if k.startswith("dropped."))
    return counters["offered"] == counters["delivered"] + dropped + counters["queued"]


class FinalCounters(unittest.TestCase):
    def test_what_an_output_that_is_away_still_held_at_the_end_is_told(self):
        away = tap("away", outputs=[kafka_output(), file_output("away.jsonl")], pairing={"window": "200ms"})
        with Stage(away, shop=False) as s:
            send(s.collector, message(*(entry() for _ in range(1200))))
            wait_until("all is queued", lambda: metric(s.collector.metrics(), "output_queued", output="kafka") == 1200)
            seconds, code = terminate(s)
            self.assertEqual(code, 0)
            self.assertLess(seconds, STOP_SECONDS)
            counters = final_counters(s)
            kafka, disk = counters["shop/away", "kafka"], counters["shop/away", "disk"]
            self.assertEqual((kafka["offered"], kafka["delivered"], kafka["dropped.Closed"]), (1200, 0, 1200))
            self.assertEqual((disk["offered"], disk["delivered"]), (1200, 1200))
            self.assertEqual(len(s.lines("away.jsonl")), 1200)
            of_tap = final_counters(s, output=False)["shop/away", ""]
            self.assertEqual((of_tap["records"], of_tap["offered"]), (1200, 1200))
            self.assertIn("final counters entries received=1200 kept=1200", log_of(s))

    def test_an_output_that_an_edit_replaced_is_told_too(self):
        def version(topic):
            output = kafka_output()
            output["kafka"]["topic"] = topic
            return tap("away", outputs=[output], pairing={"window": "200ms"})

        def offered():
            return metric(s.collector.metrics(), "output_offered_total", tap="shop/away")

        with Stage(version("first"), shop=False) as s:
            send(s.collector, message(*(entry() for _ in range(100))))
            wait_until("the first ones are offered", lambda: offered() == 100)
            s.put(version("second"))
            # Not forgotten meanwhile, neither before nor after it is closed.
            wait_until("the first life is closed", lambda: metric(
                s.collector.metrics(), "output_dropped_total", tap="shop/away", reason="Closed") == 100)
            send(s.collector, message(*(entry() for _ in range(20))))
            wait_until("the second ones are offered", lambda: offered() == 120)
            stage.check_counters(s.collector.metrics())
            terminate(s)
            counters = final_counters(s)["shop/away", "kafka"]
            self.assertEqual((counters["offered"], counters["dropped.Closed"]), (120, 120))
            self.assertTrue(balances(counters))


class HungDisk(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        library = pathlib.Path(self.work.name, "hang_write.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, HERE / "hang_write.c", "-ldl"], check=True)
        self.library = library

    def hung_stage(self):
        """A collector whose writes to hung.jsonl do not return."""
        s = Stage(tap("hung", pairing={"window": "200ms"}), tap("all", pairing={"window": "200ms"}), shop=False)
        s.collector.stop()
        self.path = s.collector.output / "hung.jsonl"
        with mock.patch.dict(os.environ, LD_PRELOAD=str(self.library), HANG_PATH=str(self.path)):
            s.collector.start()
        return s

    def test_a_hung_disk_holds_neither_edits_nor_the_end(self):
        with self.hung_stage() as s:
            send(s.collector, message(*(entry() for _ in range(50))))
            wait_until("the other tap has all", lambda: len(s.lines("all.jsonl")) == 50)
            self.assertEqual(metric(s.collector.metrics(), "output_queued", tap="shop/hung"), 50)
            s.remove("hung")
            s.put(tap("new", pairing={"window": "200ms"}))
            start = time.monotonic()
            wait_until("the edit is in force", lambda: metric(s.collector.metrics(), "tap_completed", tap="shop/new") == 0
                       and 'tap="shop/new"' in s.collector.get("/metrics")[1], 5)
            print(f"     an edit beside a hung output: {time.monotonic() - start:.1f} s")
            send(s.collector, message(entry()))
            wait_until("the new tap records", lambda: len(s.lines("new.jsonl")) == 1, 5)
            wait_until("the hung writer is abandoned", lambda: "was abandoned" in log_of(s), 20)
            counters = final_counters(s)["shop/hung", "disk"]
            self.assertEqual((counters["offered"], counters["dropped.Abandoned"]), (50, 50))
            self.assertEqual(metric(s.collector.metrics(), "output_writers_abandoned"), 1)
            seconds, code = terminate(s)
            self.assertEqual(code, 0)
            self.assertLess(seconds, STOP_SECONDS)

    def test_the_end_waits_for_no_hung_disk_and_tells_what_it_took_along(self):
        with self.hung_stage() as s:
            send(s.collector, message(*(entry() for _ in range(50))))
            wait_until("the other tap has all", lambda: len(s.lines("all.jsonl")) == 50)
            seconds, code = terminate(s)
            print(f"     ended {seconds:.1f} s after SIGTERM")
            self.assertEqual(code, 0)
            self.assertLess(seconds, STOP_SECONDS)
            counters = final_counters(s)
            self.assertEqual(counters["shop/hung", "disk"]["dropped.Abandoned"], 50)
            self.assertEqual(counters["shop/all", "disk"]["delivered"], 50)

    def test_a_disk_that_answers_again_frees_its_writer(self):
        with self.hung_stage() as s:
            send(s.collector, message(*(entry() for _ in range(50))))
            wait_until("the other tap has all", lambda: len(s.lines("all.jsonl")) == 50)
            s.remove("hung")
            wait_until("the hung writer is abandoned",
                       lambda: metric(s.collector.metrics(), "output_writers_abandoned") == 1, 20)
            pathlib.Path(f"{self.path}.free").touch()
            wait_until("it is gone", lambda: metric(s.collector.metrics(), "output_writers_abandoned") == 0)
            # What it had in its hands got through after all; it is told as lost, never as delivered.
            self.assertEqual(len(s.lines("hung.jsonl")), 50)
            s.put(tap("hung", pairing={"window": "200ms"}))
            wait_until("the tap is back", lambda: 'tap="shop/hung"' in s.collector.get("/metrics")[1])
            send(s.collector, message(entry()))
            wait_until("it writes again", lambda: len(s.lines("hung.jsonl")) == 51)
            self.assertEqual(terminate(s)[1], 0)


class Memory(unittest.TestCase):
    """Bound by --memory; inside a memory cgroup where this machine lets us make one."""
    LIMIT_MB = 512
    # 20 s as fast as they are taken fill an output's share many times. `make nightly` has ten minutes at RATE records a
    # second, and takes nothing but a cgroup.
    SECONDS = float(os.environ.get("SURVIVAL_SECONDS", "20"))
    LONG, RATE = SECONDS > 60, 1000

    def cgroup(self):
        for root, limit in CGROUPS.items():
            group = pathlib.Path(root, f"traffictap-test-{os.getpid()}")
            try:
                group.mkdir()
                (group / limit).write_text(str(self.LIMIT_MB << 20))
            except OSError:
                if group.is_dir():
                    group.rmdir()
                continue
            self.addCleanup(group.rmdir)
            return group
        return None

    def start(self, *taps):
        """A collector with 512 MiB, and what it runs in: "" where that is --memory alone."""
        group = self.cgroup()
        if group is None:
            return Stage(*taps, shop=False, options=["--memory", f"{self.LIMIT_MB * 7 // 10}MB"]), ""
        wrapper = tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False)
        self.addCleanup(os.unlink, wrapper.name)
        wrapper.write(f'#!/bin/sh\necho $$ >{group}/cgroup.procs\nexec {os.path.abspath(stage.COLLECTOR)} "$@"\n')
        wrapper.close()
        os.chmod(wrapper.name, 0o755)
        with mock.patch.object(stage, "COLLECTOR", wrapper.name):
            return Stage(*taps, shop=False), f"in a cgroup of {self.LIMIT_MB} MB"

    def test_outputs_that_are_away_for_long_cost_no_more_than_their_share(self):
        window = {"window": "200ms"}
        away = tap("away", outputs=[kafka_output("all"), kafka_output("few", match={"responseCodes": ["500-599"]})],
                   pairing=window)
        more = [tap(f"more-{i}", outputs=[kafka_output()], pairing=window) for i in range(2)]
        healthy = file_output("all.jsonl")
        healthy["file"]["rotation"] = {"maxFiles": 1000}
        s, where = self.start(away, tap("all", outputs=[healthy], pairing=window), *more)
        with s:
            self.assertTrue(where or not self.LONG, "this machine lets us make no memory cgroup")
            pid, sent = s.collector.process.pid, 0
            begin, peak = time.monotonic(), 0

            def burst():
                return message(*(entry(agent="a" * 3000, code=500 if i == 0 else 200) for i in range(400)))

            while time.monotonic() - begin < self.SECONDS:
                # No more at a time than the healthy output takes: it is to miss nothing.
                send(s.collector, *(burst() for _ in range(5)))
                sent += 2000
                wait_until("the healthy output has them",
                           lambda: metric(s.collector.metrics(), "output_delivered_total", tap="shop/all") == sent)
                peak = max(peak, stage.status_of(pid, "VmRSS") >> 10)
                if self.LONG:
                    time.sleep(max(0, begin + sent / self.RATE - time.monotonic()))
            rate = sent / (time.monotonic() - begin)
            metrics = s.collector.metrics()
            stage.check_counters(metrics)
            dropped = metric(metrics, "output_dropped_total", tap="shop/away")
            print(f"     {sent} entries {where}, {rate:.0f} a second, {dropped:.0f} records dropped by outputs that are away, peak {peak} MB, "
                  f"held {metric(metrics, 'output_memory_bytes') / 2**20:.0f} MB")
            self.assertGreater(dropped, 0)
            self.assertEqual(metric(metrics, "output_dropped_total", tap="shop/all"), 0)
            # So many that the file was rotated.
            files = [path for path in s.collector.output.iterdir() if path.name.startswith("all")]
            self.assertEqual(sum(stage.count_lines(path) for path in files), sent)
            self.assertGreater(rate, 0.9 * self.RATE if self.LONG else 0)
            self.assertLess(peak, self.LIMIT_MB)
            self.assertIsNone(s.collector.process.poll(), "it was killed")
            seconds, code = terminate(s)
            self.assertEqual(code, 0)
            self.assertLess(seconds, STOP_SECONDS)
            self.assertTrue(all(balances(c) and c["queued"] == 0 for c in final_counters(s).values()))
