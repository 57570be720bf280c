"""The real programs on the real mesh, for all tests of this folder, and what they expose once everything that they count
has happened: a tap that delivers, one whose output fails, and traffic between the proxies."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e")]

from installation import HTTP, OPERATOR_HTTP, Collector, Operator, create_crds, shared_mesh  # noqa: E402
from mesh.processes import wait_until  # noqa: E402
from taps import Taps  # noqa: E402

import exposition  # noqa: E402

_exposed = []


def exposed():
    """{name: Family} of the collector and the operator together."""
    if not _exposed:
        mesh = shared_mesh()
        create_crds(mesh)
        operator = Operator(mesh).start()
        collector = Collector(mesh, *Operator.routes()).start()
        _exposed.append(exposition.merged(*_scrape(mesh, operator, collector)))
        collector.stop()
        operator.stop()
    return _exposed[0]


def _scrape(mesh, operator, collector):
    taps = Taps(mesh, collector)
    # A directory where the file should be: nobody can write to it, not even root.
    (collector.records.directory / "shop/refused.jsonl").mkdir(parents=True)
    taps.apply("delivered")
    taps.apply("refused", wait=None)

    def failing():
        mesh.call("shop/client", "http://frontend/catalog")
        return "traffictap_output_failing" in (collector.get(HTTP, "/metrics") or "")

    wait_until(failing, "the second tap's output fails", 60)
    texts = collector.get(HTTP, "/metrics"), operator.get(OPERATOR_HTTP, "/metrics")
    taps.delete_all()
    return texts
