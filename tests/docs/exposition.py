# SPDX-License-Identifier: Apache-2.0
"""Prometheus' text format as the programs write it, and the names that their sources can write."""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LABEL = re.compile(r'(\w+)="((?:\\.|[^"\\])*)"')
OF_HISTOGRAM = re.compile(r"_(?:bucket|sum|count)$")
WRITTEN = re.compile(r'(?:\bCounter|\bGauge|\bHistogram|\bwrite)\(\s*"(traffictap_\w+)"')


@dataclasses.dataclass
class Family:
    """One metric: its labels with all values that were seen."""

    name: str
    type: str = ""
    help: str = ""
    labels: dict = dataclasses.field(default_factory=dict)


def family_of(sample, families):
    """The name of the family that a sample belongs to, or nothing."""
    return next((name for name in (sample, OF_HISTOGRAM.sub("", sample)) if name in families), None)


def parse(text):
    """{name: Family}"""
    out = {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, *rest = line.split(" ", 3)
            setattr(out.setdefault(name, Family(name)), what.lower(), rest[0] if rest else "")
        elif line:
            head, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
            for key, value in LABEL.findall(labels or ""):
                out[family_of(head, out)].labels.setdefault(key, set()).add(value)
    return out


def names_in_sources():
    """Every metric that the sources name, whether it has been seen or not."""
    out = set()
    for folder in ("src", "operator"):
        for path in (ROOT / folder).rglob("*.cc"):
            out.update(WRITTEN.findall(path.read_text()))
    return out
