# SPDX-License-Identifier: Apache-2.0
"""The reference pages as they ought to be. `references.py --write` writes them: make docs-reference.
`--without-mesh` leaves out the metrics, which need the programs to run."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "docs")]

from generate import crd, live_api, programs as said, record, record_schema  # noqa: E402

import programs  # noqa: E402

REFERENCE = ROOT / "docs/reference"
COLLECTOR = programs.BUILD / "src/collector/traffictap-collector"
CLI = programs.BUILD / "src/cli/kubectl-traffictap"
OPERATOR = programs.BUILD / "operator/traffictap-operator"


def quick():
    """{file: text} of what needs no mesh."""
    return {
        "crd.md": crd.page(ROOT),
        "record.md": record.page(ROOT),
        "../public/record.schema.json": record_schema.page(ROOT),
        "live-api.md": live_api.page(ROOT),
        "chart.md": said.chart_page(ROOT),
        "cli.md": said.cli_page(CLI),
        "collector.md": said.flags_page("traffictap-collector", COLLECTOR, "Exits with code 2 if the options are invalid."),
        "operator.md": said.flags_page("traffictap-operator", OPERATOR, "Exits with code 2 if the options are invalid."),
    }


def metrics():
    return {"metrics.md": said.metrics_page(programs.exposed_by("collector"), programs.exposed_by("operator"))}


def write(everything):
    for name, text in {**quick(), **(metrics() if everything else {})}.items():
        path = REFERENCE / name
        changed = not path.exists() or path.read_text() != text
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"docs/reference/{name}{': changed' if changed else ''}")


if __name__ == "__main__":
    if sys.argv[1:] not in (["--write"], ["--write", "--without-mesh"]):
        sys.exit("usage: references.py --write [--without-mesh]")
    write(everything=len(sys.argv) == 2)
