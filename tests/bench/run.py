# SPDX-License-Identifier: Apache-2.0
"""make bench: measures the collector, and what it is compared with, and writes docs/performance.md."""
import argparse
import pathlib
import time

import report
from contestants import Floor, OtelCollector, build_otelcol
from processes import HERE, raise_fd_limit
from scenarios import EVERYTHING, Bench, alternate, tap, workspace

ROOT = HERE.parent.parent


# The others keep nothing for readers either, and in a cluster the backlog is off.
LIVE = ("--live", "127.0.0.1:0")
# More than the machine may have cores: what matters is that they cost no more.
THREADS = (1, 2, 4)


def compare(bench, otelcol, rounds, requests):
    load = {"streams": 16, "requests": requests}
    nothing = [tap("nothing", '  match: {responseCodes: ["599"]}\n')]
    runs = {
        "join and write": lambda: bench.run(bench.traffictap(), **load),
        "join and write, on disk for sure (sync)": lambda: bench.run(bench.traffictap([tap("synced", sync=True)]), **load),
        "the same from a spool (delivery Durable)": lambda: bench.run(bench.traffictap([tap("spooled", durable=True)]), **load),
        "join alone": lambda: bench.run(bench.traffictap(nothing), **load),
        "join, write, keep for live readers": lambda: bench.run(bench.traffictap(options=LIVE), **load),
    }
    if otelcol:
        runs["OpenTelemetry Collector"] = lambda: bench.run(lambda folder: OtelCollector(otelcol, folder), **load)
    runs["floor"] = lambda: bench.run(lambda folder: Floor(bench.build, folder), **load)
    return alternate(rounds, runs)


def shared_taps(count, namespaces):
    """`count` taps that divide the namespaces among them."""
    def targets(number):
        names = (f"shop-{n}" for n in range(number, namespaces, count))
        return "  targets: [" + ", ".join(f"{{kind: Namespace, name: {name}}}" for name in names) + "]\n"

    return [tap(f"part-{number}", targets(number)) for number in range(count)]


def by_taps(bench, rounds, requests, streams=200, namespaces=100):
    idle = [tap(f"idle-{n}", f"  match: {{paths: [{{prefix: /nothing/{n}/}}]}}\n") for n in range(100)]
    load = {"streams": streams, "requests": requests, "namespaces": namespaces}
    # Ten times the records: fewer entries, and slower, so that no output's queue overflows.
    fewer = {**load, "requests": requests // 5, "rate": 5000}
    taps = {
        "1": (EVERYTHING, load),
        "1, and 100 that match nothing": (EVERYTHING + idle, load),
        "10 that share the traffic": (shared_taps(10, namespaces), load),
        "100 that share the traffic": (shared_taps(100, namespaces), load),
        "10 that want everything": ([tap(f"all-{n}") for n in range(10)], fewer),
    }
    return alternate(rounds, {name: lambda these=these, sent=sent: bench.run(bench.traffictap(these), **sent)
                              for name, (these, sent) in taps.items()})


def by_streams(bench, rounds, requests, counts):
    return alternate(rounds, {count: lambda count=count: bench.run(bench.traffictap(), streams=count, requests=requests)
                              for count in counts})


def by_threads(bench, rounds, requests, counts):
    load = {"streams": 200, "requests": requests, "namespaces": 100}
    return alternate(rounds, {count: lambda count=count: bench.run(bench.traffictap(options=("--pairing-threads", str(count))), **load)
                              for count in counts})


def measure(bench, otelcol, rounds, scale):
    """All figures; `scale` 1 is the size for the published ones."""
    requests = max(int(60_000 * scale), 160)
    streams = [10, 1000, 10_000] if scale == 1 else [10, 20, 40]
    figures = {}
    print("against other receivers", flush=True)
    figures["compare"] = compare(bench, otelcol, rounds, requests)
    print("by taps", flush=True)
    figures["taps"] = by_taps(bench, min(rounds, 3), requests)
    print("by pairing threads", flush=True)
    figures["threads"] = by_threads(bench, min(rounds, 3), requests, THREADS)
    print("by streams", flush=True)
    figures["streams"] = by_streams(bench, min(rounds, 3), requests, streams)
    print("waiting halves", flush=True)
    figures["waiting"] = [bench.waiting(max(int(count * scale), 160 * (n + 1))) for n, count in enumerate((10_000, 1_000_000))]
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1, help="of the loads; other than 1 is for trying out")
    parser.add_argument("--without-otel", action="store_true", help="leave the OpenTelemetry Collector out")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs" / "performance.md")
    options = parser.parse_args()
    begin = time.monotonic()
    if raise_fd_limit() < 11_000 and options.scale == 1:
        parser.error("10 000 streams need 11 000 open files: raise the limit (ulimit -Hn)")
    otelcol = None if options.without_otel else build_otelcol()
    with workspace() as work:
        bench = Bench(options.build.resolve(), pathlib.Path(work))
        figures = measure(bench, otelcol, options.rounds, options.scale)
    options.output.parent.mkdir(exist_ok=True)
    former = options.output.read_text() if options.output.exists() else ""
    options.output.write_text(report.page(figures, report.mesh_part(former)))
    print(f"wrote {options.output} after {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
