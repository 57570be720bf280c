# SPDX-License-Identifier: Apache-2.0
"""make bench: measures the collector, and what it is compared with, and writes docs/performance.md."""
import argparse
import pathlib
import time

import recordings
import report
from contestants import Floor, FrontDoor, OtelCollector, build_otelcol
from processes import HERE, raise_fd_limit
from scenarios import alternate, Bench, DURABLE, EVERYTHING, tap, to_file, workspace

ROOT = HERE.parent.parent


# The others keep nothing for readers either, and in a cluster the backlog is off.
LIVE = ("--live", "127.0.0.1:0")
NOTHING = "  match: {paths: [{prefix: /nothing/}]}\n"
# More than the machine may have cores: what matters is that they cost no more.
THREADS = (1, 2, 4)


def compare(bench, otelcol, rounds, requests):
    load = {"streams": 16, "requests": requests}
    nothing = [tap("nothing", '  match: {responseCodes: ["599"]}\n')]
    runs = {
        "join and write": lambda: bench.run(bench.traffictap(), **load),
        "join and write, over mTLS": lambda: bench.run(bench.traffictap(options=bench.tls_options()), tls=bench.tls(), **load),
        "join alone": lambda: bench.run(bench.traffictap(nothing), **load),
        "receive and decode": lambda: bench.run(bench.traffictap([tap("nothing", NOTHING)], kind=FrontDoor), **load),
    }
    if otelcol:
        runs["OpenTelemetry Collector"] = lambda: bench.run(lambda folder: OtelCollector(otelcol, folder), **load)
    runs["floor"] = lambda: bench.run(lambda folder: Floor(bench.build, folder), **load)
    return alternate(rounds, runs)


def by_outputs(bench, rounds, requests):
    """What else may become of a record than a line of a file."""
    outputs = {
        "File": to_file("plain"),
        "File, each of 16 MiB compressed with zstd": to_file("packed", ", compression: Zstd, rotation: {maxSize: 16Mi, maxFiles: 100}"),
        "File, on disk for sure (sync)": to_file("synced", ", sync: true"),
        "the same from a spool (delivery Durable)": DURABLE + to_file("spooled"),
        "Stdout": "    type: Stdout\n",
    }
    runs = {name: lambda lines=lines: bench.run(bench.traffictap([tap("one", output=lines)]), streams=16, requests=requests)
            for name, lines in outputs.items()}
    runs["File, and a backlog for live readers"] = lambda: bench.run(bench.traffictap(options=LIVE), streams=16, requests=requests)
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
        "1, for a tenth of the entries a second": (EVERYTHING, fewer),
        "10 that want everything, for as many": ([tap(f"all-{n}") for n in range(10)], fewer),
    }
    return alternate(rounds, {name: lambda these=these, sent=sent: bench.run(bench.traffictap(these), **sent)
                              for name, (these, sent) in taps.items()})


def by_streams(bench, rounds, requests, counts):
    """By (streams, whether over mTLS); the middle one of `counts` both ways."""
    runs = {(count, False): lambda count=count: bench.run(bench.traffictap(), streams=count, requests=requests) for count in counts}
    secured = counts[len(counts) // 2]
    runs[secured, True] = lambda: bench.run(bench.traffictap(options=bench.tls_options()), tls=bench.tls(), streams=secured,
                                            requests=requests)
    return alternate(rounds, runs)


def by_threads(bench, rounds, requests, counts):
    load = {"streams": 200, "requests": requests, "namespaces": 100}
    return alternate(rounds, {count: lambda count=count: bench.run(bench.traffictap(options=("--pairing-threads", str(count))), **load)
                              for count in counts})


def by_readers(bench, rounds, requests, copies):
    readers = recordings.readers(bench, requests, copies)
    out = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            out[name].append(read())
            print(f"  {name}: {out[name][-1].megabytes_per_second:.0f} MB per CPU second", flush=True)
    return out


def measure(bench, otelcol, rounds, scale):
    """All figures; `scale` 1 is the size for the published ones."""
    requests = max(int(60_000 * scale), 160)
    few = min(rounds, 3)
    streams = [10, 1000, 10_000] if scale == 1 else [10, 20, 40]
    parts = {
        "compare": lambda: compare(bench, otelcol, rounds, requests),
        "outputs": lambda: by_outputs(bench, few, requests),
        "taps": lambda: by_taps(bench, few, requests),
        "threads": lambda: by_threads(bench, few, requests, THREADS),
        "streams": lambda: by_streams(bench, few, requests, streams),
        "waiting": lambda: [bench.waiting(max(int(count * scale), 160 * (n + 1))) for n, count in enumerate((10_000, 1_000_000))],
        "readers": lambda: by_readers(bench, few, max(requests // 3, 160), 9),
    }
    figures = {}
    for name, part in parts.items():
        begin = time.monotonic()
        print(name, flush=True)
        figures[name] = part()
        print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=3)
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
