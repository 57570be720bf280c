# SPDX-License-Identifier: Apache-2.0
"""What a PromQL expression names: metrics, the labels that it compares, and those that it groups by. promtool says whether
it parses; this only finds the names in what does."""

import re

import exposition

SELECTOR = re.compile(r"\b(traffictap_\w+)\s*(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
SCRAPED = {"instance", "job"}  # Prometheus itself adds these
CLOSED = {"reason", "how", "result", "verdict"}  # labels all of whose values are exposed from the start


def metrics(expression):
    return {name for name, _ in SELECTOR.findall(expression)}


def matchers(expression):
    """(metric, label, operator, value)"""
    for name, inside in SELECTOR.findall(expression):
        for label, operator, value in MATCHER.findall(inside):
            yield name, label, operator, value


def grouped_by(expression):
    return {label.strip() for inside in GROUPING.findall(expression) for label in inside.split(",") if label.strip()}


def faults(expression, families):
    """What the expression names and `families` (exposition.py) do not have."""
    family = {name: exposition.family_of(name, families) for name in metrics(expression)}
    out = [f"{name} is no metric" for name in sorted(family) if not family[name]]
    for name, label, operator, value in matchers(expression):
        if not family[name]:
            continue
        seen = families[family[name]].labels.get(label)
        if seen is None and label not in SCRAPED:
            out.append(f"{name} has no label {label}")
        elif label in CLOSED:
            out += [f"{name}'s label {label} is never {one}" for one in value.split("|") if one not in seen]
    known = SCRAPED.union(*(families[n].labels for n in family.values() if n))
    out += [f"no metric of it has the label {label}" for label in sorted(grouped_by(expression) - known)]
    return out
