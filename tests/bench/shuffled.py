# SPDX-License-Identifier: Apache-2.0
"""Receivers and pairers with Apache Kafka between them: what an entry costs on its way through both, and whether it costs more
with more pairers."""
import contextlib
import dataclasses
import itertools
import pathlib
import shutil
import signal
import time

from contestants import Collector, TrafficTap
from ends import Network, wait_for_port
from processes import Load, cpu_seconds, free_port, started, wait_until
from scenarios import SETTLE_SECONDS, Bench, Result, tap, to_file

CHECKPOINTS, PROXIES = "traffictap.checkpoints", "traffictap.proxies"
PARTITIONS = 16  # as many for each of 1, 2, 4 and 8 pairers
# The group's sessions last 10 s: a pairer that stood still for longer would be out of it.
STILL_SECONDS = 8
# One file for each pairer, whose lines are counted.
TAPS = [tap("everything", window="5s", output=to_file("everything", ", rotation: {maxSize: 64Gi}"))]
ROOM = ("--memory", "8G")
LOSSES = ("rejected", "dropped", "orphans", "lost")


@dataclasses.dataclass
class Shuffled:
    """One run. CPU in seconds: of the receiver, of the pairer, and of Kafka, which is not in `micros`."""
    receiver: float
    pairer: float
    broker: float
    entries: int

    def each(self, seconds):
        """Microseconds of an entry."""
        return seconds / self.entries * 1e6

    @property
    def micros(self):
        return self.each(self.receiver + self.pairer)


class Role(Collector):
    def __init__(self, build, work, *options):
        super().__init__(build, work, TAPS, [*ROOM, *options])
        wait_for_port("127.0.0.1", self.http, "the collector", self.process)


class Receiver(Role):
    def __init__(self, build, work, options):
        self.address = f"127.0.0.1:{free_port()}"
        super().__init__(build, work, "--role", "receiver", "--name", work.name, "--als", self.address, *options)
        wait_until(lambda: self.ask("/readyz")[0] == 200, "the topic", self)

    def wait_acked(self, entries):
        wait_until(lambda: self.metrics()["traffictap_shuffle_halves_acked_total"] >= entries, f"{entries} entries in Kafka", self)


class Pairer(Role):
    def __init__(self, build, work, options):
        super().__init__(build, work, "--role", "pairer", "--name", work.name, "--output-dir", work / "records", "--live", "off", *options)

    def owns(self, partitions):
        """So many, and has read what is in them."""
        figures = self.metrics()
        return (figures["traffictap_shuffle_partitions"] == partitions and figures["traffictap_shuffle_behind_messages"] == 0
                and self.ask("/readyz")[0] == 200)


class Written:
    """Counts the records in the files of these processes. They are not asked for them: their answers would be in their CPU time,
    the more so the more of them there are."""

    def __init__(self, processes):
        self.processes, self.read, self.records = processes, {}, 0

    def count(self):
        for process in self.processes:
            for path in (process.work / "records").rglob("*.jsonl"):
                with open(path, "rb") as file:
                    file.seek(self.read.get(path, 0))
                    while block := file.read(1 << 20):
                        self.records += block.count(b"\n")
                    self.read[path] = file.tell()
        return self.records

    def wait(self, records):
        wait_until(lambda: self.count() >= records, f"{records} records", self.processes[0])


def check(entries, written, *processes):
    """All that was sent is joined and written; nothing was lost or left alone. A pairer counts a little after it has written."""
    wait_until(lambda: sum(one.metrics().get("traffictap_join_kept_total", 0) for one in processes) >= entries, f"{entries} entries", processes[0])
    figures = [process.metrics() for process in processes]
    lost = {name: value for one in figures for name, value in one.items() if value and any(word in name for word in LOSSES)}
    pairs = sum(one.get("traffictap_pairs_total", 0) for one in figures)
    if lost or {pairs, written.count()} != {entries / 2}:
        raise RuntimeError(f"not all entries were joined: {pairs} pairs, {written.records} records of {entries} entries, {lost}")


def end_together(processes):
    """What one of them left the others would take over, and so on."""
    for process in processes:
        process.process.terminate()
    for process in processes:
        process.process.wait(60)


@dataclasses.dataclass
class Between:
    """A broker. Each run has a topic and a group of its own: the load has the same request ids each time, and would be taken for what
    came before."""
    bench: Bench
    broker: object
    numbers: itertools.count = dataclasses.field(default_factory=itertools.count)

    def options(self):
        name = f"bench-{next(self.numbers)}"
        self.broker.create(name, PARTITIONS, message_timestamp_type="LogAppendTime")
        return ("--shuffle-brokers", self.broker.address(), "--shuffle-topic", name, "--shuffle-checkpoints", CHECKPOINTS,
                "--shuffle-proxies", PROXIES, "--shuffle-group", name, "--shuffle-partitions", PARTITIONS)

    @contextlib.contextmanager
    def load(self, receiver, **load):
        """Ready to be sent to it."""
        binary = self.bench.build / "tests/bench/bench_load"
        with started(Load(binary, receiver.address, receiver.work / "load.log", **load)) as generator:
            generator.open()
            receiver.wait_streams(load["streams"])
            time.sleep(SETTLE_SECONDS)
            yield generator

    @contextlib.contextmanager
    def running(self, pairers):
        """A receiver, and so many pairers that have equal parts."""
        folder, options = self.bench.folder(), self.options()
        with contextlib.ExitStack() as stack:
            receiver = stack.enter_context(started(Receiver(self.bench.build, folder / "receiver", options)))
            members = [stack.enter_context(started(Pairer(self.bench.build, folder / f"pairer-{number}", options)))
                       for number in range(pairers)]
            wait_until(lambda: all(one.owns(PARTITIONS / pairers) for one in members), "equal parts of the partitions", members[0])
            yield receiver, members
            end_together((receiver, *members))
        shutil.rmtree(folder)

    def alone(self, **load):
        """Role `all`, for the same taps and load."""
        folder = self.bench.folder()
        with started(TrafficTap(self.bench.build, folder, TAPS, ROOM)) as one, self.load(one, **load) as generator:
            written, before = Written([one]), one.cpu_seconds()
            entries, size = generator.send()
            written.wait(entries / 2)
            out = Result(one.cpu_seconds() - before, entries, size, one.memory("VmHWM"))
            check(entries, written, one)
            generator.close()
            one.end()
        shutil.rmtree(folder)
        return out

    def both(self, **load):
        """A receiver and a pairer, who has the entries as they come."""
        with self.running(1) as (receiver, (pairer,)), self.load(receiver, **load) as generator:
            pids = [receiver.process.pid, pairer.process.pid, self.broker.process.pid]
            written, before = Written([pairer]), [cpu_seconds(pid) for pid in pids]
            entries, _ = generator.send()
            written.wait(entries / 2)
            out = Shuffled(*(cpu_seconds(pid) - then for pid, then in zip(pids, before)), entries)
            check(entries, written, receiver, pairer)
            generator.close()
        return out

    def drain(self, pairers, **load):
        """CPU of so many pairers alone, who find all of it in Kafka: they stand still until it is there, so that none of them is
        woken for less than another one."""
        with self.running(pairers) as (receiver, members), self.load(receiver, **load) as generator:
            def tell(number):
                for member in members:
                    member.process.send_signal(number)

            written, before, still_since = Written(members), [member.cpu_seconds() for member in members], time.monotonic()
            tell(signal.SIGSTOP)
            entries, size = generator.send()
            receiver.wait_acked(entries)
            still = time.monotonic() - still_since
            tell(signal.SIGCONT)
            if still > STILL_SECONDS:
                raise RuntimeError(f"{entries} entries took {still:.0f} s to Kafka, and the pairers are out of their group by now")
            written.wait(entries / 2)
            cpu = sum(member.cpu_seconds() - then for member, then in zip(members, before))
            out = Result(cpu, entries, size, max(member.memory("VmHWM") for member in members))
            check(entries, written, receiver, *members)
            generator.close()
        return out


@contextlib.contextmanager
def kafka_between(bench):
    from broker import Broker  # its fetching takes a while where it is not there
    network, folder = Network(), pathlib.Path(bench.work) / "shuffle"
    folder.mkdir()
    broker = Broker(folder, network)
    try:
        broker.create(CHECKPOINTS, PARTITIONS, cleanup_policy="compact")
        broker.create(PROXIES, 1, cleanup_policy="compact")
        yield Between(bench, broker)
    finally:
        broker.kill()
        network.close()
