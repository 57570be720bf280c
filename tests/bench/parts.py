# SPDX-License-Identifier: Apache-2.0
"""The parts of the measurement. Each takes its figures in one go, so that what it compares was measured side by side, and
returns {name: [figure of each run]}."""
import dataclasses
import math
import pathlib

import browser
import ends
import recordings
import shuffled
from contestants import LIVE, Floor, FrontDoor, OtelCollector
from scenarios import DURABLE, EVERYTHING, Bench, alternate, tap, to_file

NOTHING = "  match: {paths: [{prefix: /nothing/}]}\n"
# More than the machine may have cores: what matters is that they cost no more.
THREADS = (1, 2, 4)
PAIRERS = (1, 2, 4, 8)


@dataclasses.dataclass
class Measurement:
    """`scale`: of the loads; 1 is the size for the published figures. `otelcol`: None leaves it out, and the OTLP output."""
    bench: Bench
    otelcol: pathlib.Path | None
    rounds: int
    scale: float

    @property
    def requests(self):
        return max(int(60_000 * self.scale), 160)

    @property
    def fewer(self):
        """Rounds of what takes long, or is not a matter of a few percent."""
        return min(self.rounds, 2)


def compare(m):
    load, bench = {"streams": 16, "requests": m.requests}, m.bench
    nothing = [tap("nothing", '  match: {responseCodes: ["599"]}\n')]
    secured = {**load, "tls": bench.tls()}
    runs = {
        "join and write": lambda: bench.run(bench.traffictap(), **load),
        "join and write, over mTLS": lambda: bench.run(bench.traffictap(options=bench.tls_options()), **secured),
        "join alone": lambda: bench.run(bench.traffictap(nothing), **load),
        "receive and decode": lambda: bench.run(bench.traffictap([tap("nothing", NOTHING)], kind=FrontDoor), **load),
    }
    if m.otelcol:
        runs["OpenTelemetry Collector"] = lambda: bench.run(lambda folder: OtelCollector(m.otelcol, folder), **load)
        runs["OpenTelemetry Collector, over mTLS"] = lambda: bench.run(
            lambda folder: OtelCollector(m.otelcol, folder, bench.tls()), **secured)
    runs["floor"] = lambda: bench.run(lambda folder: Floor(bench.build, folder), **load)
    return alternate(m.rounds, runs)


def outputs(m):
    """What else may become of a record than a line of a file."""
    lines_of = {
        "File": to_file("plain"),
        "File, each of 16 MiB compressed with zstd": to_file("packed", ", compression: Zstd, rotation: {maxSize: 16Mi, maxFiles: 100}"),
        "File, on disk for sure (sync)": to_file("synced", ", sync: true"),
        "the same from a spool (delivery Durable)": DURABLE + to_file("spooled"),
        "Stdout": "    type: Stdout\n",
    }
    load = {"streams": 16, "requests": m.requests}
    runs = {name: lambda lines=lines: m.bench.run(m.bench.traffictap([tap("one", output=lines)]), **load)
            for name, lines in lines_of.items()}
    runs["File, and a backlog for live readers"] = lambda: m.bench.run(m.bench.traffictap(options=LIVE), **load)
    return alternate(m.fewer, runs)


def remote(m):
    """Outputs whose other end is a program on the same two cores: fewer entries a second, so that no queue overflows."""
    load = {"streams": 16, "requests": max(m.requests // 3, 160), "rate": 10_000}
    options = ("--memory", "8G")

    def run(lines):
        return lambda: m.bench.run(m.bench.traffictap([tap("one", output=lines)], options), **load)

    with ends.kafka(m.bench.work, "bench") as to_kafka:
        runs = {"File": run(to_file("plain")), "Kafka": run(to_kafka)}
        if not m.otelcol:
            return alternate(m.fewer, runs)
        with ends.otlp(m.otelcol, m.bench.work) as to_otlp:
            return alternate(m.fewer, {**runs, "OTLP over gRPC": run(to_otlp)})


def live(m):
    """Readers that keep up, at 2,500 records a second."""
    streams, entries = 16, 20
    whole = streams // 2 * entries
    requests = math.ceil(m.requests / 5 / whole) * whole
    load = {"streams": streams, "entries": entries, "requests": requests, "rate": 5000}
    runs = {f"{count}": lambda count=count: m.bench.run(m.bench.traffictap(options=LIVE), beside=ends.reading(count, requests), **load)
            for count in (0, 1, 10)}
    return alternate(m.fewer, runs)


def shared_taps(count, namespaces):
    """`count` taps that divide the namespaces among them."""
    def targets(number):
        names = (f"shop-{n}" for n in range(number, namespaces, count))
        return "  targets: [" + ", ".join(f"{{kind: Namespace, name: {name}}}" for name in names) + "]\n"

    return [tap(f"part-{number}", targets(number)) for number in range(count)]


def taps(m, streams=200, namespaces=100):
    idle = [tap(f"idle-{n}", f"  match: {{paths: [{{prefix: /nothing/{n}/}}]}}\n") for n in range(100)]
    load = {"streams": streams, "requests": m.requests, "namespaces": namespaces}
    # Ten times the records: fewer entries, and slower, so that no output's queue overflows.
    fewer = {**load, "requests": m.requests // 5, "rate": 5000}
    sets = {
        "1": (EVERYTHING, load),
        "1, and 100 that match nothing": (EVERYTHING + idle, load),
        "10 that share the traffic": (shared_taps(10, namespaces), load),
        "100 that share the traffic": (shared_taps(100, namespaces), load),
        "1, for a tenth of the entries a second": (EVERYTHING, fewer),
        "10 that want everything, for as many": ([tap(f"all-{n}") for n in range(10)], fewer),
    }
    return alternate(m.rounds, {name: lambda these=these, sent=sent: m.bench.run(m.bench.traffictap(these), **sent)
                                for name, (these, sent) in sets.items()})


def threads(m):
    load = {"streams": 200, "requests": m.requests, "namespaces": 100}
    return alternate(m.fewer, {
        f"{count}": lambda count=count: m.bench.run(m.bench.traffictap(options=("--pairing-threads", f"{count}")), **load)
        for count in THREADS})


def shuffle(m):
    """Role all, the two roles in its place, and so many pairers that find twice as many entries in Kafka."""
    load = {"streams": 16, "requests": m.requests}
    with shuffled.kafka_between(m.bench) as between:
        runs = {"all": lambda: between.alone(**load), "receiver and pairer": lambda: between.both(**load)}
        for count in PAIRERS:
            runs[f"{count}"] = lambda count=count: between.drain(count, **{**load, "requests": 2 * m.requests})
        return alternate(m.rounds, runs)


def streams(m):
    """One of the numbers over mTLS as well."""
    counts = [10, 1000, 10_000] if m.scale == 1 else [10, 20, 40]
    secured = counts[1]
    runs = {f"{count:,}": lambda count=count: m.bench.run(m.bench.traffictap(), streams=count, requests=m.requests) for count in counts}
    runs[f"{secured:,} over mTLS"] = lambda: m.bench.run(
        m.bench.traffictap(options=m.bench.tls_options()), tls=m.bench.tls(), streams=secured, requests=m.requests)
    return alternate(m.fewer, runs)


def waiting(m):
    counts = [max(int(count * m.scale), 160 * (n + 1)) for n, count in enumerate((10_000, 500_000))]
    return {f"{count:,}": [m.bench.waiting(count)] for count in counts}


def readers(m):
    large = 90 if m.scale == 1 else 0  # 5 GB
    commands = recordings.readers(m.bench, max(m.requests // 3, 160), 9, large)
    out = {name: [] for name in commands}
    for _ in range(m.fewer):
        for name, read in commands.items():
            out[name].append(read())
            print(f"  {name}: {out[name][-1].megabytes_per_second:.0f} MB per CPU second", flush=True)
    return out


def page(m):
    return browser.by_rates(m.bench, 10 if m.scale == 1 else 1, (0, 1000, 10_000) if m.scale == 1 else (0,))


PARTS = {part.__name__: part for part in (compare, outputs, remote, live, taps, threads, shuffle, streams, waiting, readers, page)}
