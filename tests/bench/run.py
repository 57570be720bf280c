# SPDX-License-Identifier: Apache-2.0
"""make bench: measures the collector, and what it is compared with, and writes docs/performance.md, and into docs/sizing.md
what follows from it."""
import argparse
import pathlib
import time

import figures
import report
from contestants import build_otelcol
from parts import PARTS, Measurement
from processes import HERE, raise_fd_limit
from scenarios import Bench, workspace

ROOT = HERE.parent.parent
PAGE, SIZING = (ROOT / "docs" / name for name in ("performance.md", "sizing.md"))


def measure(measurement, names=PARTS, done=lambda name, part: None):
    """The figures of these parts; calls `done` with each as soon as it is there."""
    out = {}
    for name in names:
        begin = time.monotonic()
        print(name, flush=True)
        out[name] = PARTS[name](measurement)
        done(name, out[name])
        print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
    return out


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(PARTS), metavar="PART,...",
                        help=f"measure these anew: {', '.join(PARTS)}; the figures of the others stay as they are")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page from the figures that are there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="of the loads; other than 1 is for trying out")
    parser.add_argument("--without-otel", action="store_true", help="leave the OpenTelemetry Collector out")
    parser.add_argument("--figures", type=pathlib.Path, help="where they are kept; default: bench.json in the build folder")
    parser.add_argument("--output", type=pathlib.Path, default=PAGE)
    options = parser.parse_args()
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"--only {','.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    if raise_fd_limit() < 11_000 and options.scale == 1:
        parser.error("10 000 streams need 11 000 open files: raise the limit (ulimit -Hn)")
    options.figures = options.figures or options.build / "bench.json"
    return options


def main():
    options = parse()
    begin, known = time.monotonic(), figures.load(options.figures)

    def keep(name, part):
        known[name] = part
        figures.save(options.figures, known)

    if not options.render:
        otelcol = None if options.without_otel else build_otelcol()
        with workspace() as work:
            bench = Bench(options.build.resolve(), pathlib.Path(work))
            measure(Measurement(bench, otelcol, options.rounds, options.scale), options.only, keep)
    if missing := [name for name in PARTS if name not in known]:
        print(f"{options.output} stays as it is: {options.figures} has no figures of {', '.join(missing)}")
        print(report.parts(known))
        return
    options.output.parent.mkdir(exist_ok=True)
    former = options.output.read_text() if options.output.exists() else ""
    options.output.write_text(report.page(known, report.mesh_part(former)))
    if options.output == PAGE:
        SIZING.write_text(report.sizing(SIZING.read_text(), known))
    print(f"wrote {options.output} after {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
