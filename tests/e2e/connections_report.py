# SPDX-License-Identifier: Apache-2.0
"""Holds connections of every kind over the begin and the end of a tap, in each way to attach, for as long as a drain takes, and
writes what happened to them into docs/concepts.md. Takes a quarter of an hour. usage: connections_report.py [--seconds S]"""

import argparse
import json
import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]

from held import KINDS, NAMESPACE, Held, Place
from installation import ROOT, install
from mesh import Mesh

PAGE = ROOT / "docs/concepts.md"
BEGIN, END = "<!-- held connections: written by tests/e2e/connections_report.py -->", "<!-- until here -->"
ALL_PROTOCOLS = ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"]
MODES = {  # title: (attachment of the namespace, match of the tap)
    "On demand": ("OnDemand", {}),
    "On demand, with TCP": ("OnDemand", {"protocols": ALL_PROTOCOLS}),
    "Standing": ("Standing", {"protocols": ALL_PROTOCOLS}),
}
BASE_SECONDS = 10


def tap(place, match):
    spec = {"targets": [{"kind": "Namespace"}], "match": match,
            "outputs": [{"name": "disk", "type": "File", "file": {"path": "held.jsonl"}}]}
    place.mesh.api.create(place.taps.path(), {
        "apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap",
        "metadata": {"name": "held", "namespace": NAMESPACE}, "spec": spec})


def watched(held, change, seconds):
    """Makes a change and returns {kind: {"told": seconds until then or None, "cut": ...}} and how many of each."""
    at = time.time()
    change()
    time.sleep(max(0, at + seconds - time.time()))
    held.wait_alive()
    for trouble in held.troubles(at):
        print(f"    {trouble}", flush=True)

    def first(what, kind):
        found = held.happened(what, kind, at)
        return {"count": len(found), "after": found[0]["at"] - at if found else None}

    return {kind: {what: first(what, kind) for what in ("told", "cut")} for kind in KINDS}


def measure(place, attachment, match, seconds):
    place.attach(attachment)
    place.wait_undrained()
    held = Held(place)
    try:
        time.sleep(BASE_SECONDS)
        if held.troubles(0):
            raise RuntimeError(f"without a tap: {held.troubles(0)}")
        before = place.listeners()
        out = {"begin": watched(held, lambda: tap(place, match), seconds)}
        if place.taps.condition("held", "Ready").get("status") != "True":
            raise RuntimeError("the tap has not become ready")
        out["end"] = watched(held, lambda: place.taps.delete("held"), seconds)
        out["listeners"] = {"before": before, "after": place.listeners()}
        return out
    finally:
        held.end()


def words(change):
    """One change and one kind: "told after 0.6 s, cut after 45 s"."""
    parts = []
    for what, text in (("told", "asked to close after {:.1f} s"), ("cut", "**cut** after {:.0f} s")):
        if change[what]["count"]:
            parts.append(text.format(change[what]["after"]))
    return ", ".join(parts)


def cell(result, kind):
    begin, end = words(result["begin"][kind]), words(result["end"][kind])
    if not begin and not end:
        return "nothing"
    return f"begin: {begin or 'nothing'}<br>end: {end or 'nothing'}"


def table(results):
    lines = ["| Connection | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for kind in KINDS:
        lines.append(f"| {kind} | " + " | ".join(cell(result, kind) for result in results.values()) + " |")
    return "\n".join(lines)


def page(text, results, seconds):
    """The page with the table in the place of the old one."""
    head, rest = text.split(BEGIN)
    said = (f"Measured with real proxies on both sides: one open connection of each kind, something sent on it every 0.5 s, watched "
            f"for {seconds:.0f} s after a tap began and after it ended.")
    return f"{head}{BEGIN}\n{said}\n\n{table(results)}\n{END}{rest.split(END, 1)[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=100, help="how long to watch after each change")
    parser.add_argument("--print", action="store_true", help="print the table, and leave the page as it is")
    options = parser.parse_args()
    results = {}
    with Mesh.for_tests("-held") as mesh:
        mesh.serve_collector_from_node()
        operator, collector, gate = install(mesh)
        place = Place(mesh, collector)
        try:
            for title, (attachment, match) in MODES.items():
                print(title, flush=True)
                results[title] = measure(place, attachment, match, options.seconds)
        finally:
            operator.kill()
            collector.kill()
            gate.close()
    print(json.dumps({title: result["listeners"] for title, result in results.items()}))
    print(table(results))
    if not options.print:
        PAGE.write_text(page(PAGE.read_text(), results, options.seconds))


if __name__ == "__main__":
    main()
