# SPDX-License-Identifier: Apache-2.0
"""What a proxy, a network, a disk or an output can do to the collector: it loses only what it counts, and lives."""
import asyncio
import itertools
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

import grpc

import proxy
import shop
import stage
from proxy import Proxy, ended, entry, identifier, message
from stage import Load, Stage, file_output, metric, status_of, tap, wait_until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
STREAMS = int(os.environ.get("STREAMS", "1200"))  # of a hundred to a connection; `make nightly` has 10,000


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def received(s):
    return metric(s.collector.metrics(), "entries_received_total")


def joined(s):
    metrics = s.collector.metrics()
    return metric(metrics, "join_kept_total") == metric(metrics, "entries_kept_total") and metrics


class BadProxies(unittest.TestCase):
    def setUp(self):
        self.stage = Stage(tap("all", pairing={"window": "200ms"}), shop=False)
        self.addCleanup(self.stage.close)

    def paths(self, count):
        wait_until(f"{count} records", lambda: len(self.stage.lines()) >= count)
        return sorted(r["request"]["path"] for r in self.stage.records())

    def rejected(self, reason):
        return metric(self.stage.collector.metrics(), "entries_rejected_total", reason=reason)

    def test_a_malformed_message_or_entry_costs_nothing_but_itself(self):
        async def run():
            async with Proxy(self.stage.collector) as p:
                stream = p.stream()
                await stream.write(message(entry("/first"), head=identifier()))
                await stream.write(b"\xff\xff\xff\xff not protobuf")
                await stream.write(message(entry("/second"), b"\x0a\xff\x01broken", entry("/third")))
                await stream.write(message(entry("/fourth"), head=identifier("other-0", "10.7.7.7")))
                await stream.done_writing()
                self.assertEqual(await ended(stream), grpc.StatusCode.OK)

        proxy.run(run())
        self.assertEqual(self.paths(4), ["/first", "/fourth", "/second", "/third"])
        self.assertEqual((self.rejected("MalformedMessage"), self.rejected("MalformedEntry")), (1, 1))
        self.assertEqual({r["destination"]["pod"] for r in self.stage.records()}, {"ghost-0"},
                         "a second identifier changes nothing")
        stage.check_counters(self.stage.collector.metrics())

    def test_a_stream_without_identifier_is_refused_entry_by_entry(self):
        async def run():
            async with Proxy(self.stage.collector) as p:
                stream = p.stream()
                await stream.write(message(entry("/a"), entry("/b")))
                await stream.write(message(entry("/c"), head=identifier()))
                await stream.done_writing()
                await ended(stream)

        proxy.run(run())
        self.assertEqual(self.paths(1), ["/c"])
        self.assertEqual(self.rejected("NoIdentifier"), 2)

    def test_an_oversize_message_ends_its_stream_alone(self):
        async def run():
            async with Proxy(self.stage.collector) as p, Proxy(self.stage.collector) as other:
                good, bad, beside = other.stream(), p.stream(), p.stream()
                for stream in (good, bad, beside):
                    await stream.write(message(entry("/before"), head=identifier()))
                try:
                    await bad.write(message(entry("/" + "x" * (5 << 20))))
                except grpc.aio.AioRpcError:
                    pass
                self.assertEqual(await ended(bad), grpc.StatusCode.RESOURCE_EXHAUSTED)
                for stream in (good, beside):
                    await stream.write(message(entry("/after")))
                    await stream.done_writing()
                    self.assertEqual(await ended(stream), grpc.StatusCode.OK)

        proxy.run(run())
        self.assertEqual(self.paths(5), ["/after"] * 2 + ["/before"] * 3)
        self.assertEqual(metric(self.stage.collector.metrics(), "als_streams_ended_total", how="broken"), 1)

    def test_a_thousand_streams_need_no_more_threads_than_a_few(self):
        async def run():
            proxies = [Proxy(self.stage.collector) for _ in range(STREAMS // 100)]
            streams = [p.stream() for p in proxies for _ in range(100)]
            await asyncio.gather(*(s.write(message(entry("/many"), head=identifier())) for s in streams))
            await asyncio.to_thread(wait_until, "all are heard", lambda: received(self.stage) == STREAMS, 120)
            seen.append(status_of(pid, "Threads"))
            seen.append(metric(self.stage.collector.metrics(), "als_streams"))
            for p in proxies:
                await p.channel.close()

        pid, seen = self.stage.collector.process.pid, []
        proxy.run(run())
        threads, streams = seen
        memory = status_of(pid, "VmHWM") >> 10
        print(f"     {streams:.0f} streams, {threads} threads, {memory} MB")
        self.assertEqual(streams, STREAMS)
        self.assertLess(memory, 400)
        self.assertLessEqual(threads, 4 * os.cpu_count() + 16)
        wait_until("all are gone", lambda: metric(self.stage.collector.metrics(), "als_streams") == 0)

    def test_connections_that_say_nothing_are_closed(self):
        def opened(words):
            s = socket.create_connection((self.stage.collector.ip, self.stage.collector.als_port))
            s.sendall(words)
            return s

        def closed(s):
            s.settimeout(0.1)
            try:
                while s.recv(4096):
                    pass
                return True
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        kinds = {"silent": b"", "half a preface": PREFACE[:12], "a preface alone": PREFACE,
                 "a handshake and no stream": PREFACE + EMPTY_SETTINGS}
        sockets = {kind: [opened(words) for _ in range(20)] for kind, words in kinds.items()}
        start = time.monotonic()
        # A handshake has 5 s. After it a ping follows 20 s of silence, and has 5 s.
        for kind, seconds in (("silent", 10), ("half a preface", 10), ("a preface alone", 10), ("a handshake and no stream", 35)):
            wait_until(f"{kind} is closed", lambda: all(closed(s) for s in sockets[kind]), seconds)
            print(f"     {kind}: gone after {time.monotonic() - start:.0f} s at most")
        for s in itertools.chain(*sockets.values()):
            s.close()

    def test_without_descriptors_probes_are_answered_and_no_core_spins(self):
        collector = self.stage.collector
        pid = collector.process.pid
        former = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        self.assertEqual(*former, "the soft limit is raised to the hard one")
        few = len(os.listdir(f"/proc/{pid}/fd")) + 60
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, former[1]))
        try:
            idle = [socket.create_connection((collector.ip, port))
                    for port in [collector.als_port] * 150 + [collector.http_port] * 150]
            before, begin = cpu_seconds(pid), time.monotonic()
            for _ in range(20):
                with urllib.request.urlopen(f"http://{collector.ip}:{collector.http_port}/healthz", timeout=2) as answer:
                    self.assertEqual(answer.status, 200)
                time.sleep(0.1)  # what is measured: the processor's time meanwhile
            used = (cpu_seconds(pid) - before) / (time.monotonic() - begin)
            print(f"     {used:.0%} of a core with {few} descriptors and {len(idle)} idle connections")
            self.assertLess(used, 0.3)
            self.assertGreater(metric(collector.metrics(), "als_connections_refused_total"), 0)
            for s in idle:
                s.close()
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, former)

        async def again():
            async with Proxy(collector) as one:
                stream = one.stream()
                await stream.write(message(entry("/again"), head=identifier()))
                await stream.done_writing()
                self.assertEqual(await ended(stream), grpc.StatusCode.OK)

        proxy.run(again())
        self.assertEqual(self.paths(1), ["/again"])

    def test_a_frozen_proxy_is_noticed_by_keepalive(self):
        program = os.path.join(os.path.dirname(__file__), "idle_proxy.py")
        child = shop.start([sys.executable, program, self.stage.collector.ip, str(self.stage.collector.als_port)])
        try:
            self.assertEqual(self.paths(1), ["/frozen"])
            child.send_signal(signal.SIGSTOP)
            start = time.monotonic()
            wait_until("its stream is closed", lambda: metric(self.stage.collector.metrics(), "als_streams") == 0, 35)
            print(f"     closed {time.monotonic() - start:.0f} s after it froze")
            self.assertEqual(metric(self.stage.collector.metrics(), "als_streams_ended_total", how="broken"), 1)
        finally:
            child.kill()
            child.wait()


class Halves(unittest.TestCase):
    """Two proxies whose clocks, order and repetitions are those of a bad day."""

    def setUp(self):
        self.stage = Stage(tap("all", pairing={"window": "1s"}), shop=False)
        self.addCleanup(self.stage.close)

    def send(self, *steps):
        """Each step: seconds to wait, then the caller's and the server's entries to send."""

        async def run():
            async with Proxy(self.stage.collector) as p:
                caller, server = p.stream(), p.stream()
                await caller.write(identifier("caller-0", "10.8.8.8"))
                await server.write(identifier("server-0", "10.9.9.9"))
                for pause, mine, theirs in steps:
                    await asyncio.sleep(pause)
                    for stream, entries in ((caller, mine), (server, theirs)):
                        if entries:
                            await stream.write(message(*entries))
                for stream in (caller, server):
                    await stream.done_writing()
                    await ended(stream)

        proxy.run(run())
        return wait_until("nothing waits", lambda: self.quiet())

    def quiet(self):
        metrics = joined(self.stage)
        return metrics if metrics and metric(metrics, "waiting") == metric(metrics, "output_queued") == 0 else None

    def test_clocks_an_hour_apart_pair_all_the_same(self):
        mine, theirs = [], []
        for n, skew in enumerate((-3600, -90, 0, 90, 3600)):
            ends = {"request_id": f"{n:08x}-0000-4000-8000-00000000000a", "port": 2000 + n, "path": f"/{skew}"}
            mine.append(entry(client=True, **ends))
            theirs.append(entry(start=proxy.START + skew, **ends))
        stage.check_counters(self.send((0, mine, theirs)))
        found = {r["request"]["path"]: r for r in self.stage.records()}
        self.assertEqual({r["verdict"] for r in found.values()}, {"Ok"})
        self.assertEqual([r for r in found.values() if "orphanReason" in r], [])
        self.assertEqual({p: r["timings"]["clockOffsetMs"] for p, r in found.items()},
                         {f"/{s}": s * 1000 for s in (-3600, -90, 0, 90, 3600)})

    def test_a_half_that_comes_after_the_window_says_so(self):
        ends = {"request_id": "0000000b-0000-4000-8000-00000000000b", "port": 3000}
        stage.check_counters(self.send((0, [entry(client=True, **ends)], []), (2.5, [], [entry(**ends)])))
        self.assertEqual([(r["reporter"], r["orphanReason"]) for r in self.stage.records()][1:],
                         [("destination", "LateBeyondWindow")])

    def test_repeated_halves_make_one_record(self):
        ends = {"request_id": "0000000c-0000-4000-8000-00000000000c", "port": 4000}
        both = [entry(client=True, **ends)], [entry(**ends)]
        metrics = self.send((0, *both), (0.1, *both), (0.1, *both))
        stage.check_counters(metrics)
        self.assertEqual(len(self.stage.records()), 1)
        self.assertEqual(metric(metrics, "duplicates_total"), 4)


class Bursts(unittest.TestCase):
    def test_bursts_are_dropped_and_counted_before_memory_grows(self):
        limits = ["--queue-size", "32MB", "--waiting-size", "64MB"]
        with Stage(tap("all", pairing={"window": "30s"}, outputs=[file_output("all.jsonl", queueSize="16Mi")]),
                   shop=False, options=limits) as s:
            # 15 kB of agent each: little to decode, much to keep.
            def burst():
                return message(*(entry("/burst", "a" * 15000) for _ in range(230)))

            async def one(p):
                stream = p.stream()
                await stream.write(identifier())
                for _ in range(10):
                    await stream.write(burst())
                await stream.done_writing()
                return await ended(stream, 120)

            async def run():
                proxies = [Proxy(s.collector) for _ in range(20)]
                codes = await asyncio.gather(*(one(p) for p in proxies))
                for p in proxies:
                    await p.channel.close()
                return codes

            codes = proxy.run(run())
            wait_until("all is joined", lambda: joined(s))
            peak = status_of(s.collector.process.pid, "VmHWM") >> 10
            metrics = s.collector.metrics()
            print(f"     {20 * 10 * len(burst()) >> 20} MB in bursts, peak {peak} MB")
            self.assertEqual(set(codes), {grpc.StatusCode.OK})
            self.assertEqual(received(s), 20 * 10 * 230)
            stage.check_counters(metrics)
            self.assertGreater(metric(metrics, "orphans_total", reason="LostInBuffer")
                               + metric(metrics, "entries_rejected_total", reason="QueueFull"), 0)
            self.assertLess(peak, 350)  # 220 in two whole runs


class BadOutputs(unittest.TestCase):
    def test_a_full_disk_degrades_its_output_alone_and_heals(self):
        if os.geteuid() != 0:
            self.fail("needs root, to mount a small tmpfs")
        full = tap("full", outputs=[file_output("full/full.jsonl", queueSize="256Ki")])
        s = Stage(full, tap("all"), shop=False)
        mount = s.collector.output / "full"
        s.collector.stop()
        mount.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", mount], check=True)
        try:
            s.collector.start()
            s.shop = stage.Shop(s.collector, s.work, pods=(stage.FRONTEND, stage.CART, stage.FAST))

            def healthy():
                return metric(s.collector.metrics(), "output_healthy", tap="shop/full") == 1

            def dropped(name):
                return metric(s.collector.metrics(), "output_dropped_total", tap=f"shop/{name}")

            with Load(s.shop) as load:
                wait_until("the output tells of the full disk", lambda: not healthy())
                wait_until("its drops are counted", lambda: dropped("full") > 0)
                lines = (mount / "full.jsonl").read_text()
                self.assertTrue(lines.endswith("\n"), "no half record")
                subprocess.run(["mount", "-o", "remount,size=64m", "none", mount], check=True)
                wait_until("it heals", healthy, 10)
                before = (mount / "full.jsonl").stat().st_size
                wait_until("it writes again", lambda: (mount / "full.jsonl").stat().st_size > before, 10)
                answered = load.stop()
            s.settle()
            metrics = s.collector.metrics()
            stage.check_counters(metrics)
            self.assertEqual(len(s.records()), answered, "the other output missed nothing")
            self.assertEqual((dropped("all"), metric(metrics, "entries_rejected_total")), (0, 0))
            self.assertEqual(len(s.records("full/full.jsonl")), answered - dropped("full"))
        finally:
            s.close()
            subprocess.run(["umount", "-l", mount], check=False)

    def test_an_output_that_nobody_reads_slows_no_other(self):
        screen = {"name": "screen", "type": "Stdout", "queueSize": "256Ki"}
        with Stage(tap("hung", outputs=[screen]), tap("all"), stdout=subprocess.PIPE) as s:
            with Load(s.shop) as load:
                wait_until("the unread output drops", lambda: metric(
                    s.collector.metrics(), "output_dropped_total", output="screen") > 0)
                time.sleep(1)
                answered = load.stop()
            wait_until("the other one has all", lambda: len(s.lines()) == answered)
            metrics = s.collector.metrics()
            stage.check_counters(metrics)
            self.assertEqual(metric(metrics, "entries_rejected_total"), 0)
            self.assertEqual(metric(metrics, "output_dropped_total", output="disk"), 0)
            start = time.monotonic()
            self.assertEqual(s.collector.stop(), 0)
            self.assertLess(time.monotonic() - start, 20, "a hung output must not hold the process")
