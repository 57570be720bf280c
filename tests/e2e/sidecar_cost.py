# SPDX-License-Identifier: Apache-2.0
"""What attachments cost a real sidecar, with mTLS and the filters that istiod sends: its CPU time per request in each state,
how long requests take, and its memory where nobody reads; and how soon a tap has its first record where its proxies are attached
permanently. Writes a part of docs/performance.md. Needs wrk. usage: sidecar_cost.py [--rounds N] [--taps N] [--print]"""

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]

from held import HOLDER, LOGGERS, NAMESPACE, SERVER, Calls, Place
from installation import ROOT, answer_to, install
from mesh import Mesh, namespaces
from mesh.processes import wait_until

HERE = pathlib.Path(__file__).parent
PAGE = ROOT / "docs/performance.md"
BEGIN, END = "<!-- the mesh: written by tests/e2e/sidecar_cost.py -->", "<!-- until here -->"
PORT = 9105
CONNECTIONS = 16
# Each connection pauses for 8 to 24 ms between two requests, so that none waits for a processor because of the load itself.
PACE = """
function delay() return math.random(8, 24) end
function done(_, latency, _)
  io.write(string.format("p50 %d us, p99 %d us\\n", latency:percentile(50), latency:percentile(99)))
end
"""
TICK = os.sysconf("SC_CLK_TCK")
QUIET = """
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: quiet, namespace: held}
spec: {accessLogging: [{providers: [{name: envoy}], disabled: true}]}
"""
# The tap keeps nothing, so that the collector leaves the processors to the proxies.
TAP = {"targets": [{"kind": "Namespace"}], "match": {"responseCodes": ["599"]},
       "outputs": [{"name": "disk", "type": "File", "file": {"path": "cost.jsonl"}}]}


class Bench:
    """The two pods of held.yaml, a server that takes next to no time behind the second, and a load from the first."""

    def __init__(self, mesh, place, collector):
        self.mesh, self.place, self.collector, self._logs = mesh, place, collector, True
        line = namespaces.command(mesh.pod_pid(SERVER), [
            f"{mesh.binaries()}/envoy", "-c", HERE / "fast_server.yaml", "--concurrency", "1", "--disable-hot-restart",
            "--log-level", "error"])
        self._server = subprocess.Popen(line, preexec_fn=namespaces.die_with_parent, stderr=subprocess.DEVNULL)
        self._address = mesh.address_of("server", NAMESPACE)
        self.envoy = self._find_envoy()
        wait_until(lambda: self.load(1) > 0, "the load passes", 30)

    def _find_envoy(self):
        """The process id of the load's own sidecar."""
        network = os.readlink(f"/proc/{self.mesh.pod_pid(HOLDER)}/ns/net")
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "comm").read_text().startswith("envoy") and os.readlink(entry / "ns/net") == network:
                    return entry.name
            except OSError:
                continue
        raise RuntimeError("the pod has no Envoy")

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.envoy}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def _wrk(self, seconds, *options):
        """What wrk prints of a load from the pod."""
        line = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-H", "Host: server", *options,
                f"http://{self._address}:{PORT}/cart?x=1"]
        return namespaces.run(*namespaces.command(self.mesh.pod_pid(HOLDER), line))

    def load(self, seconds):
        """Requests that were made."""
        return int(re.search(r"(\d+) requests in", self._wrk(seconds)).group(1))

    def latency(self, seconds):
        """(p50, p99) in ms of how long requests take, at a pace that leaves the processors time."""
        script = self.mesh.state / "pace.lua"
        script.write_text(PACE)
        found = re.search(r"p50 (\d+) us, p99 (\d+) us", self._wrk(seconds, "-s", script))
        return int(found[1]) / 1000, int(found[2]) / 1000

    def micros(self, seconds):
        """CPU per request in µs. Times are latency()'s: this load takes all processors."""
        self.load(2)
        before = self.cpu()
        requests = self.load(seconds)
        return (self.cpu() - before) / requests * 1e6

    def memory(self):
        """Bytes: what Envoy has allocated, what waits in its HTTP/2 streams to the collector, what the kernel says."""
        allocated = int(json.loads(self.mesh.envoy_admin(HOLDER, "/memory"))["allocated"])
        waiting = sum(v for k, v in self.mesh.envoy_stats(HOLDER, "traffictap-collector.*pending_send_bytes").items())
        status = pathlib.Path(f"/proc/{self.envoy}/status").read_text()
        return {"allocated": allocated, "waiting": waiting,
                "resident": int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024}

    # --- states

    def tap(self):
        self.mesh.api.create(self.place.taps.path(), {
            "apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap",
            "metadata": {"name": "cost", "namespace": NAMESPACE}, "spec": TAP})
        self.place.taps.wait("cost", "Ready")

    def untap(self):
        if self.mesh.api.find(self.place.taps.path("cost")):
            self.place.taps.delete("cost")

    def log(self, on):
        """Istio's file log of the namespace, on or off."""
        if on == self._logs:
            return
        change = ("delete", "-n", NAMESPACE, "telemetry", "quiet")
        answer_to(self.mesh, HOLDER, lambda: self.mesh.kubectl(*change) if on else self.mesh.apply(QUIET))
        self._logs = on
        self.load(1)  # what was open goes over to the new listeners
        before = len(self.mesh.log(HOLDER))
        self.load(1)
        if (len(self.mesh.log(HOLDER)) > before + 10_000) != on:
            raise RuntimeError(f"Istio's file log is not {'on' if on else 'off'}")

    def enter(self, state):
        self.untap()
        self.place.attach("Standing" if state in ("standing, closed", "standing, open") else "OnDemand")
        self.log(state == "Istio's file log")
        if state in ("standing, open", "on demand"):
            self.tap()
        if state == "on demand":
            wait_until(lambda: LOGGERS & self.place.loggers(HOLDER), "it is attached", 60)
        if state == "standing, closed":
            self.load(1)
            wait_until(self.closed, "nobody reads", 30)

    def closed(self):
        counters = self.collector.counters()
        return counters["traffictap_als_streams"] == counters["traffictap_als_streams_paused"] > 0

    def close(self):
        self._server.kill()
        self._server.wait()


STATES = ("no logger", "standing, closed", "standing, open", "on demand", "Istio's file log")


def costs(bench, rounds, seconds):
    """({state: [µs of CPU a request]}, {state: [(p50, p99) in ms]}), the states taking turns."""
    cpu, times = {state: [] for state in STATES}, {state: [] for state in STATES}
    for _ in range(rounds):
        for state in STATES:
            bench.enter(state)
            cpu[state].append(bench.micros(seconds))
            times[state].append(bench.latency(seconds))
            p50, p99 = times[state][-1]
            print(f"  {state}: {cpu[state][-1]:.1f} us of CPU a request, p50 {p50:.2f} ms, p99 {p99:.2f} ms", flush=True)
    return cpu, times


def growth(bench, seconds):
    """What a load adds to Envoy's memory: where the collector has closed the streams, and where it has stopped."""
    out = {}
    for state in ("closed", "stopped"):
        bench.untap()
        bench.place.attach("Standing")
        bench.load(3)
        if state == "stopped":
            bench.tap()
            bench.load(3)
        else:
            wait_until(bench.closed, "nobody reads", 30)
        before = bench.memory()
        if state == "stopped":
            os.kill(bench.collector.process.pid, signal.SIGSTOP)
        try:
            bench.load(seconds)
            after = bench.memory()
        finally:
            os.kill(bench.collector.process.pid, signal.SIGCONT)
        out[state] = {name: after[name] - before[name] for name in after} | {"waiting": after["waiting"]}
        print(f"  {state}: {out[state]}", flush=True)
    return out


def begins(bench, taps):
    """Seconds from the creation of each tap to its first record, attached permanently, with twenty requests a second."""
    bench.enter("standing, closed")
    calls, out = Calls(bench.mesh), []
    try:
        for number in range(taps):
            out.append(bench.place.first_record(f"begin-{number}"))
            bench.place.taps.delete(f"begin-{number}")
            wait_until(bench.closed, "nobody reads", 30)
    finally:
        calls.stop()
    print(f"  first records: {sorted(out)}", flush=True)
    return out


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def kilobytes(count):
    return f"{count / 1024:,.0f} kB"


def ratios(figures, state):
    """What the state costs compared to no logger, round by round."""
    return [run / base for run, base in zip(figures[state], figures["no logger"])]


def goal(figures):
    """Whether a standing attachment costs less than Istio's file log."""
    log = statistics.median(ratios(figures, "Istio's file log"))
    said = []
    for state, name in (("standing, closed", "Closed"), ("standing, open", "Open")):
        own = statistics.median(ratios(figures, state))
        said.append(f"{name}: {'met' if own < log else 'not met'} ({own:.2f} against {log:.2f}).")
    return f"Goal: a standing attachment costs less than Istio's file log. {' '.join(said)}"


def begun(seconds):
    """How soon taps had their first records, against the goal of one second for 99 of 100."""
    ordered = sorted(seconds)
    late = ordered[-(-len(ordered) * 99 // 100) - 1]  # the last of fewer than a hundred
    return (f"From the creation of a tap to its first record, standing, with 20 requests per second, {len(ordered)} times: "
            f"p50 {statistics.median(ordered):.2f} s, p99 {late:.2f} s. Goal: p99 of at most 1 s: {'met' if late <= 1 else 'not met'}.")


def report(figures, times, memory, seconds):
    lines = ["| The client's sidecar | µs of CPU a request | Compared to no logger | p50, ms | p99, ms |",
             "|---|---:|---:|---:|---:|"]
    for state, runs in figures.items():
        half, late = zip(*times[state])
        lines.append(f"| {state} | {statistics.median(runs):.0f} | {spread(ratios(figures, state))} "
                     f"| {spread(half)} | {spread(late)} |")
    lines += ["", goal(figures), "", begun(seconds)]
    lines += ["", "| Under load, with | Envoy allocated more | Waits in its streams | Resident memory more |", "|---|---:|---:|---:|"]
    for state, found in memory.items():
        name = {"closed": "streams paused, as no tap wants them", "stopped": "a collector that has stopped"}[state]
        lines.append(f"| {name} | {kilobytes(found['allocated'])} | {kilobytes(found['waiting'])} | {kilobytes(found['resident'])} |")
    return "\n".join(lines)


def page(text, part):
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{part}\n{END}{rest.split(END, 1)[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of load in each state of each round")
    parser.add_argument("--taps", type=int, default=100, help="that are begun, each after the one before has ended")
    parser.add_argument("--print", action="store_true", help="print the tables, and leave the page as it is")
    options = parser.parse_args()
    with Mesh.for_tests("-cost") as mesh:
        mesh.serve_collector_from_node()
        operator, collector, gate = install(mesh)
        place = Place(mesh, collector)
        bench = Bench(mesh, place, collector)
        try:
            memory = growth(bench, options.seconds * 3)
            bench.enter("no logger")
            figures, times = costs(bench, options.rounds, options.seconds) if options.rounds else ({}, {})
            seconds = begins(bench, options.taps) if options.rounds else []
        finally:
            bench.close()
            operator.kill()
            collector.kill()
            gate.close()
    if not options.rounds:
        return
    part = report(figures, times, memory, seconds)
    print(part)
    if not options.print:
        PAGE.write_text(page(PAGE.read_text(), part))


if __name__ == "__main__":
    main()
