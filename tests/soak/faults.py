# SPDX-License-Identifier: Apache-2.0
"""One class for each kind of fault: begin() and end(), both called from the main thread. After end() all is as it was before."""
import asyncio
import http.client
import os
import resource
import signal
import socket
import threading
import time

import grpc

import proxy
import stage
from load import SECRET
from parts import DISK_SIZE, mount

FOREIGN = "vault"  # a namespace without a tap


class Fault:
    def __init__(self, parts, dice):
        self.parts, self.dice = parts, dice

    def begin(self):
        pass

    def end(self):
        pass


class KillCollector(Fault):
    def begin(self):
        self.parts.kill_collector()

    def end(self):
        self.parts.start_collector()


class TermCollector(KillCollector):
    def begin(self):
        self.parts.term_collector()


class ReadOnlyDisk(Fault):
    """The collector starts on a disk that it may not write to."""

    def begin(self):
        self.parts.term_collector()
        mount("-o", "remount,ro", self.parts.small)
        self.parts.start_collector()

    def end(self):
        mount("-o", "remount,rw", self.parts.small)


class StopCollector(Fault):
    def begin(self):
        self.parts.collector.process.send_signal(signal.SIGSTOP)

    def end(self):
        self.parts.collector.process.send_signal(signal.SIGCONT)


class FewDescriptors(Fault):
    def begin(self):
        collector = self.parts.collector
        self.pid = collector.process.pid
        self.former = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        few = len(os.listdir(f"/proc/{self.pid}/fd")) + 40
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (few, self.former[1]))
        self.idle = []
        for port in [collector.als_port] * 60 + [collector.http_port] * 60:
            try:
                self.idle.append(socket.create_connection((collector.ip, port), timeout=1))
            except OSError:
                pass

    def end(self):
        for one in self.idle:
            one.close()
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.former)


class KillKafka(Fault):
    def begin(self):
        self.parts.broker.kill()

    def end(self):
        self.parts.broker.start()


class StopKafka(Fault):
    def begin(self):
        self.parts.broker.signal(signal.SIGSTOP)

    def end(self):
        self.parts.broker.signal(signal.SIGCONT)


class FullDisk(Fault):
    def disk(self):
        return self.parts.small

    def begin(self):
        for _ in range(100):  # what is written meanwhile makes the size too small to be taken
            seen = os.statvfs(self.disk())
            used = (seen.f_blocks - seen.f_bfree) * seen.f_frsize
            if mount("-o", f"remount,size={used or 4096}", self.disk(), check=False):
                return
        raise RuntimeError(f"{self.disk()} cannot be made full")

    def end(self):
        mount("-o", f"remount,size={DISK_SIZE}", self.disk())


class FullSpool(FullDisk):
    def disk(self):
        return self.parts.spool


class HungDisk(Fault):
    def begin(self):
        self.parts.free.unlink()

    def end(self):
        self.parts.free.touch()


class KillEnvoy(Fault):
    def begin(self):
        self.pod = self.dice.choice(("frontend", "fast"))
        self.parts.envoys[self.pod].kill()
        self.parts.envoys[self.pod].wait()

    def end(self):
        self.parts.restart_envoy(self.pod)


class StopEnvoy(Fault):
    def begin(self):
        self.pod = self.dice.choice(("frontend", "fast"))
        self.parts.envoys[self.pod].send_signal(signal.SIGSTOP)

    def end(self):
        self.parts.envoys[self.pod].send_signal(signal.SIGCONT)


class EditTap(Fault):
    """An edit that replaces no output."""

    def begin(self):
        for _ in range(5):
            self.parts.put(self.parts.all(records_max=10**9 + self.dice.randrange(10**6)))
            time.sleep(0.2)  # so that each comes into force


class EditOutput(Fault):
    """An edit that replaces the output to Kafka. The end of the run has the last one in force."""

    def begin(self):
        self.parts.put(self.parts.all(queue=self.dice.choice(("4Mi", "5Mi", "6Mi", "7Mi"))))


class GuestTap(Fault):
    def begin(self):
        self.parts.put(stage.tap("guest", pairing={"window": "1s"}, match={"methods": ["GET"]}))

    def end(self):
        (self.parts.taps / "guest.yaml").unlink()


class BrokenTap(Fault):
    """Of a broken file the last valid version stays in force."""

    def begin(self):
        (self.parts.taps / "all.yaml").write_text("spec: [\n")

    def end(self):
        self.parts.put(self.parts.all())


class Garbage(Fault):
    def begin(self):
        collector = self.parts.collector
        words = [b"", b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
                 self.dice.randbytes(2000)]
        for one in words * 4:
            try:
                with socket.create_connection((collector.ip, collector.als_port), timeout=1) as s:
                    s.sendall(one)
            except OSError:
                pass
        speak(collector, proxy.identifier(), self.dice.randbytes(300), proxy.message(b"\x0a\xff\x01broken"), b"\xff" * 40)


class Oversize(Fault):
    def begin(self):
        speak(self.parts.collector, proxy.identifier(namespace=FOREIGN), proxy.message(proxy.entry("/" + "x" * (5 << 20))))


class Untapped(Fault):
    """Well formed entries of a workload that no tap selects."""

    def begin(self):
        speak(self.parts.collector, proxy.identifier(namespace=FOREIGN),
              proxy.message(*(proxy.entry(f"/untapped/{i}", agent=SECRET) for i in range(50))))


class SlowReader(Fault):
    """Of the live stream: takes a kilobyte a second."""

    def begin(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            answer = follow(self.parts)
            while not self.ended.wait(1) and answer.read1(1024):
                pass
            answer.close()
        except (OSError, http.client.HTTPException):
            pass

    def end(self):
        self.ended.set()


class GoneReader(Fault):
    """Readers that close at once."""

    def begin(self):
        for _ in range(20):
            try:
                follow(self.parts).close()
            except (OSError, http.client.HTTPException):
                pass


def follow(parts):
    connection = http.client.HTTPConnection(parts.collector.ip, parts.collector.http_port, timeout=2)
    connection.request("GET", "/api/v1/pairs?follow=true",
                       headers={"Authorization": f"Bearer {parts.token.read_text().strip()}", "Connection": "close"})
    return connection.getresponse()


def speak(collector, *messages):
    """One stream to the collector. Whatever becomes of it is right, as long as it ends."""

    async def run():
        async with proxy.Proxy(collector) as one:
            stream = one.stream()
            for each in messages:
                await stream.write(each)
            await stream.done_writing()
            await stream.code()

    async def bounded():
        try:
            await asyncio.wait_for(run(), 5)
        except (TimeoutError, asyncio.TimeoutError, asyncio.InvalidStateError, grpc.RpcError):
            pass

    proxy.run(bounded())


KINDS = {
    "collector.kill": KillCollector, "collector.term": TermCollector, "collector.readonly": ReadOnlyDisk,
    "collector.stop": StopCollector, "collector.descriptors": FewDescriptors, "kafka.kill": KillKafka, "kafka.stop": StopKafka,
    "small.full": FullDisk, "small.hang": HungDisk, "spool.full": FullSpool, "envoy.kill": KillEnvoy, "envoy.stop": StopEnvoy,
    "tap.edit": EditTap, "tap.output": EditOutput, "tap.guest": GuestTap, "tap.broken": BrokenTap, "sender.garbage": Garbage,
    "sender.oversize": Oversize, "sender.untapped": Untapped, "reader.slow": SlowReader, "reader.gone": GoneReader,
}
