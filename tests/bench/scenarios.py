# SPDX-License-Identifier: Apache-2.0
"""What is measured: one receiver, one load, the CPU time and memory that the receiver took for it."""
import contextlib
import dataclasses
import itertools
import pathlib
import shutil
import tempfile
import time

import contestants
from processes import Load, started, TICKS
import certificates  # of tests/shop, which processes.py has found

SETTLE_SECONDS = 0.5
# Entries a second at which nothing piles up before the pairer: its memory would count as the waiting halves'.
WAITING_RATE = 20_000


DURABLE = "    delivery: {class: Durable}\n"


def to_file(name, more=""):
    """The lines of an output that writes NAME.jsonl; `more` of its options, in flow style."""
    return f"    type: File\n    file: {{path: {name}.jsonl{more}}}\n"


def tap(name, spec="", kind="ClusterTrafficTap", window="60s", output=None):
    """A tap of all traffic, or of what `spec` (flow style YAML lines) leaves of it. `output`: the lines of its output; a
    file if there are none."""
    return (f"apiVersion: traffictap.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
            f"spec:\n  pairing: {{window: {window}}}\n{spec}  outputs:\n  - name: out\n    queueSize: 1Gi\n{output or to_file(name)}")


EVERYTHING = [tap("everything")]


@dataclasses.dataclass
class Result:
    """One run. `cpu` in seconds, of the receiver alone and for the load alone; memory in bytes."""
    cpu: float
    entries: int
    entry_bytes: int
    peak: int
    opening_cpu: float = 0
    idle_memory: int = 0  # with all streams open, before the load
    streams: int = 0

    def __post_init__(self):
        # The kernel counts in ticks: a run too short for one took at most one.
        self.cpu = max(self.cpu, 1 / TICKS)

    @property
    def per_second(self):
        return self.entries / self.cpu

    @property
    def micros(self):
        return self.cpu / self.entries * 1e6


@dataclasses.dataclass
class Bench:
    """Where the programs and the working files are."""
    build: pathlib.Path
    work: pathlib.Path
    numbers: itertools.count = dataclasses.field(default_factory=itertools.count)

    def folder(self):
        return self.work / str(next(self.numbers))

    def tls(self):
        """A directory with the certificates of the collector and of a proxy, as bench_load and tls_options have them."""
        folder = self.work / "tls"
        if not folder.exists():
            authority = certificates.Authority(folder)
            authority.sign("collector", "DNS:collector")
            authority.sign("proxy", "URI:spiffe://cluster.local/ns/shop/sa/proxy")
        return folder

    def tls_options(self):
        """The collector's, for mTLS."""
        folder = self.tls()
        return ("--als-cert", folder / "collector.pem", "--als-key", folder / "collector.key", "--als-client-ca", folder / "ca.pem")

    def run(self, make, keep=None, beside=None, **load):
        """Starts a receiver with `make(folder)`, sends the load, and returns the Result. `keep`: where the file that it has
        written goes. `beside(receiver, folder)`: what goes on meanwhile, a context whose value waits for its end."""
        folder = self.folder()
        with started(make(folder)) as receiver, (beside or idle)(receiver, folder) as finish:
            fresh = receiver.memory("VmRSS"), receiver.cpu_seconds()
            with started(Load(self.build / "tests/bench/bench_load", receiver.address, folder / "load.log",
                              **load)) as generator:
                generator.open()
                if isinstance(receiver, contestants.TrafficTap):
                    receiver.wait_streams(load["streams"])
                time.sleep(SETTLE_SECONDS)
                before, resident = receiver.cpu_seconds(), receiver.memory("VmRSS")
                entries, size = generator.send()
                finish()
                cpu = receiver.settle(entries, generator.close) - before
            peak = receiver.memory("VmHWM")
            receiver.finish(entries)
        if keep:
            shutil.move(next(folder.rglob("*.jsonl")), keep)
        shutil.rmtree(folder)
        return Result(cpu, entries, size, peak, before - fresh[1], resident - fresh[0], load["streams"])

    def traffictap(self, taps=EVERYTHING, options=(), kind=contestants.TrafficTap):
        return lambda folder: kind(self.build, folder, taps, options)

    def waiting(self, halves):
        """Memory that `halves` waiting halves take: what the kernel says more than before, and what the collector
        itself counts against its bound."""
        folder = self.folder()
        make = self.traffictap([tap("waiting", window="600s")], ("--memory", "16G", "--waiting-size", "8G", "--queue-size", "1G"))
        with started(make(folder)) as receiver, \
                started(Load(self.build / "tests/bench/bench_load", receiver.address, folder / "load.log", streams=16,
                             requests=halves, rate=WAITING_RATE, one_sided=True)) as generator:
            generator.open()
            receiver.wait_streams(16)
            time.sleep(SETTLE_SECONDS)
            before, cpu = receiver.memory("VmRSS"), receiver.cpu_seconds()
            entries, size = generator.send()
            receiver.wait_taken(entries)
            time.sleep(SETTLE_SECONDS)
            out = Result(receiver.cpu_seconds() - cpu, entries, size, receiver.memory("VmRSS") - before,
                         idle_memory=int(receiver.metrics()["traffictap_waiting_bytes"]))
        shutil.rmtree(folder)
        return out


def idle(_receiver, _folder):
    return contextlib.nullcontext(lambda: None)


def alternate(rounds, runs):
    """Runs each of `runs` ({name: function}) once a round, so that other work on the machine meets all alike."""
    out = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            out[name].append(run())
            print(f"  {name}: {out[name][-1].micros:.2f} us per entry", flush=True)
    return out


def workspace():
    return tempfile.TemporaryDirectory(prefix="traffictap-bench-")
