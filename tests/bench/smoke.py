# SPDX-License-Identifier: Apache-2.0
"""Runs each benchmark program and scenario once on tiny counts and checks what they tell. Ends with
`N passed, N failed`."""
import argparse
import pathlib
import sys
import traceback

import ends
import figures
import recordings
import report
import run
import shuffled
from browser import Frames
from contestants import LIVE, Floor, FrontDoor
from parts import NOTHING, PARTS, Measurement
from processes import HERE, Load, raise_fd_limit, started
from scenarios import Bench, DURABLE, Result, tap, to_file, workspace

TINY = {"streams": 4, "requests": 80}


def traffictap_joins_all(bench):
    result = bench.run(bench.traffictap(), **TINY)
    assert result.entries == 160, result
    assert 450 < result.entry_bytes / result.entries < 900, result


def several_pairing_threads_join_all(bench):
    result = bench.run(bench.traffictap(options=("--pairing-threads", "4")), **TINY)
    assert result.entries == 160, result


def a_spool_delivers_all(bench):
    assert bench.run(bench.traffictap([tap("spooled", output=DURABLE + to_file("spooled"))]), **TINY).entries == 160


def proxies_with_certificates_are_received(bench):
    result = bench.run(bench.traffictap(options=bench.tls_options()), tls=bench.tls(), **TINY)
    assert result.entries == 160, result


def the_front_door_alone_drops_all(bench):
    nothing = bench.traffictap([tap("nothing", NOTHING)], kind=FrontDoor)
    assert bench.run(nothing, **TINY).entries == 160
    try:
        bench.run(bench.traffictap(kind=FrontDoor), **TINY)
    except RuntimeError as error:
        assert "were dropped by the taps" in str(error), error
        return
    raise AssertionError("entries that were joined passed as dropped")


def floor_sees_all(bench):
    assert bench.run(lambda folder: Floor(bench.build, folder), **TINY).entries == 160


def lost_entries_give_no_figure(bench):
    try:
        bench.run(bench.traffictap(), one_sided=True, **TINY)
    except RuntimeError as error:
        assert "not all entries were joined" in str(error), error
        return
    raise AssertionError("halves alone passed as pairs")


def load_ends_with_an_error_without_a_receiver(bench):
    folder = bench.folder()
    folder.mkdir()
    with started(Load(bench.build / "tests/bench/bench_load", "127.0.0.1:1", folder / "log", **TINY)) as generator:
        generator.open()
        generator.send()
        generator.tell()
        assert generator.child.process.wait(60) == 1


def halves_wait(bench):
    result = bench.waiting(320)
    assert result.entries == 320 and result.idle_memory > 0, result


def live_readers_get_all(bench):
    assert bench.run(bench.traffictap(options=LIVE), beside=ends.reading(2, 80), **TINY).entries == 160


def receivers_and_pairers_join_all(bench):
    with shuffled.kafka_between(bench) as between:
        assert between.alone(**TINY).entries == 160
        both = between.both(**TINY)
        assert both.entries == 160 and both.broker > 0, both
        assert between.drain(2, **TINY).entries == 160
        try:
            between.both(one_sided=True, **TINY)
        except RuntimeError as error:
            assert "not all entries were joined" in str(error), error
            return
        raise AssertionError("halves alone passed as pairs")


def page_tells_all_figures(bench):
    """Measured without Kafka, the other ends and the browser; kept in a file, and rendered from there."""
    path, few = bench.folder(), [name for name in PARTS if name not in ("remote", "shuffle", "page")]
    known = run.measure(Measurement(bench, None, rounds=1, scale=0.001), few)
    known["remote"] = {name: known["outputs"]["File"] for name in ("File", "Kafka", "OTLP over gRPC")}
    known["shuffle"] = {name: known["compare"]["join and write"] for name in ("all", "1", "8")}
    known["shuffle"]["receiver and pairer"] = [shuffled.Shuffled(0.5, 1.5, 3.0, 1_000_000)]
    known["page"] = {"10,000": [Frames(10.0, 540, 0.1, 10_000)]}
    large = recordings.Recording("", 4_900_000_000, 1_800_000)
    known["readers"][report.FILTERED] = [recordings.Reading(large, 4.9, 16_000_000)]
    known["readers"]["top --file, of a large file"] = [recordings.Reading(large, 19.6, 16_000_000)]
    for name, cpu in ((report.SLOW, 0.25), (report.SLOW_TOO, 0.5)):
        known["taps"][name] = [Result(cpu, 1_000_000, 0, 0)]
    figures.save(path, known)
    former = run.PAGE.read_text()
    text = report.page(figures.load(path), report.mesh_part(former))
    assert text.endswith(former[former.index("## The mesh"):]), text
    for part in ("## Goals", "| floor |", "| join and write |", "100 that share the traffic", "## Pairing threads", "| CPU with 8 pairers |",
                 "| receiver and pairer | 2.00 ", "| Kafka, which is not in them | 3.00 ", "Waiting halves", "| receive and decode",
                 "over mTLS", "## Recorded files", "| jq", "| zstdcat", " The large one has 4.9 GB.",
                 "| top --file, of a large file | 250 (250 to 250) | 4.00 (4.00 to 4.00) |", "| 16 MB | 4900 MB |",
                 "| 10 that want everything, for as many | 2,000,000 | 0.50 (0.50 to 0.50) | 2.00 (2.00 to 2.00) |",
                 "| Kafka |", "## Live readers", "| 10,000 | 54 | 10 % | 100 ms |"):
        assert part in text, part
    known["compare"]["join and write"] = [Result(2.5, 200_000, 0, 0)]
    sizing = report.sizing(run.SIZING.read_text(), known)
    assert "about 13 µs" in sizing and "| 30,000 | 60,000 | 0.78 cores |" in sizing, sizing


CASES = [traffictap_joins_all, several_pairing_threads_join_all, a_spool_delivers_all,
         proxies_with_certificates_are_received, the_front_door_alone_drops_all, floor_sees_all, lost_entries_give_no_figure,
         load_ends_with_an_error_without_a_receiver, halves_wait, live_readers_get_all, receivers_and_pairers_join_all, page_tells_all_figures]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build")
    options = parser.parse_args()
    raise_fd_limit()
    failed = 0
    with workspace() as work:
        bench = Bench(options.build.resolve(), pathlib.Path(work))
        for case in CASES:
            try:
                case(bench)
                print(f"ok {case.__name__}", flush=True)
            except Exception:  # one broken case must not hide the others
                traceback.print_exc()
                print(f"not ok {case.__name__}", flush=True)
                failed += 1
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
