# SPDX-License-Identifier: Apache-2.0
"""make soak SEED= MINUTES=: real parts under faults drawn from a seed, and an oracle that explains every request afterwards. What the
seed fixes is the load, the faults and their order; real processes do not repeat to the millisecond. Needs root and runs in a mount
namespace of its own: run.sh starts it."""
import argparse
import heapq
import itertools
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

import evidence
import faults
import lies
import losses
import oracle
import report
import schedule
import stage
import watch
from load import Load
from parts import Parts

RATE = 50  # requests a second
PROBES = 20
FLUSHED_SECONDS = 2.5  # the Envoys have sent what they had


class Soak:
    def __init__(self, run, seconds=schedule.CYCLE_SECONDS, rate=RATE):
        self.run, self.seconds, self.rate = run, seconds, rate
        self.dice = random.Random(run.seed)

    def go(self):
        """Everything from the start of the parts to the evidence. Raises if a part does not come back."""
        self.parts, self.watchers, self.load = Parts(self.run), [], None
        try:
            self.watchers = [watch.CollectorWatch(self.parts, self.run), watch.EnvoyWatch(self.parts, self.run),
                             watch.MachineWatch(self.run)]
            self.load = Load(self.parts, self.run, self.rate)
            cycles = schedule.draw(self.run.seed, self.run.minutes, self.seconds)
            for number, chosen in enumerate(cycles, 1):
                self.load.resume()
                self.cycle(chosen)
                self.checkpoint()
                print(f"cycle {number} of {len(cycles)}: {self.say(chosen)}", flush=True)
            self.end()
        finally:
            self.close()

    def say(self, chosen):
        last = self.run.checkpoints[-1]
        took = [f"{took:.1f}" if took is not None else "never" for took in last.probes.values()]
        return (", ".join(f"{one.kind} {one.seconds:g} s" for one in chosen)
                + f"; all came out in {last.waited:.1f} s, new records after {' '.join(took)} s")

    def cycle(self, chosen):
        """Begins and ends each fault at its time; later where an end took long and the next one has the same target."""
        begin, order, busy = time.monotonic(), itertools.count(), set()
        due = [(begin + one.begin, next(order), one, None, None) for one in chosen]
        heapq.heapify(due)
        while due:
            at, _, one, fault, incident = heapq.heappop(due)
            time.sleep(max(0, at - time.monotonic()))
            targets = set(schedule.BY_NAME[one.kind].targets)
            if fault:
                fault.end()
                incident.end = time.monotonic()
                busy -= targets
            elif busy & targets:
                heapq.heappush(due, (time.monotonic() + 1, next(order), one, None, None))
            else:
                busy |= targets
                fault, incident = faults.KINDS[one.kind](self.parts, self.dice), evidence.Incident(one.kind, time.monotonic(), 0)
                self.run.incidents.append(incident)
                fault.begin()
                heapq.heappush(due, (time.monotonic() + one.seconds, next(order), one, fault, incident))
        time.sleep(max(0, begin + self.seconds - time.monotonic()))

    def checkpoint(self):
        self.load.pause()
        faults.Untapped(self.parts, self.dice).begin()
        begin = time.monotonic()
        settled = self.wait(self.settled, oracle.SETTLE_SECONDS)
        waited = time.monotonic() - begin
        probes = self.probe()
        self.run.checkpoints.append(
            evidence.Checkpoint(time.monotonic(), self.parts.lives[-1].number, waited, settled is not None, probes))

    def wait(self, condition, seconds):
        """Seconds until it held; None if it never did in that time, what the machine stood still not counted."""
        begin = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                if condition(now - begin):
                    return now - begin
            except (OSError, ValueError):
                pass  # no answer; the next one may come
            if now - begin > seconds + losses.stalled(self.run, begin, now):
                return None
            time.sleep(0.1)

    def settled(self, since):
        metrics = self.parts.collector.metrics()
        return (since > FLUSHED_SECONDS and stage.metric(metrics, "join_kept_total") == stage.metric(metrics, "entries_kept_total")
                and stage.metric(metrics, "waiting") == stage.metric(metrics, "output_queued") == 0)

    def probe(self):
        """{output: seconds until it had delivered some new records and was healthy}"""
        try:
            before = watch.counters(self.parts.collector.metrics())
        except OSError:
            return dict.fromkeys(evidence.OUTPUTS)
        self.load.probe(PROBES)
        out = dict.fromkeys(evidence.OUTPUTS)

        def all_have(since):
            metrics = self.parts.collector.metrics()
            now = watch.counters(metrics)
            for output in evidence.OUTPUTS:
                healthy = stage.metric(metrics, "output_healthy", tap=watch.TAP, output=output) == 1
                if out[output] is None and healthy and now[output]["delivered"] >= before[output]["delivered"] + PROBES:
                    out[output] = since
            return None not in out.values()

        self.wait(all_have, oracle.HEAL_SECONDS)
        return out

    def end(self):
        self.load.stop()
        time.sleep(2 * self.watchers[0].pause)  # the last scrapes, of Envoys too
        for watcher in self.watchers[:2]:
            watcher.stop()
        self.parts.term_collector()
        self.parts.collect()

    def close(self):
        if self.load:
            self.load.stop()
        for watcher in self.watchers:
            watcher.stop()
        self.parts.close()


def judge(run, out, lie=None):
    """Writes evidence and report into the folder `out`; returns the figures."""
    evidence.save(run, out / "evidence.json")
    if lie:
        run = next(one for one in lies.LIES if one.__name__ == lie)(run)
    checks = {check.__name__: check for check in oracle.CHECKS}
    found = report.figures(run, oracle.judge(run), lies.not_found(run, checks))
    (out / "report.json").write_text(json.dumps(found, indent=2) + "\n")
    (out / "report.txt").write_text(report.text(found).lstrip() + "\n")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/soak"))
    parser.add_argument("--lie", choices=[one.__name__ for one in lies.LIES], help="plant this lie: the run has to be red")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = options.out / f"{options.seed}-{options.minutes:g}"
    out.mkdir(parents=True, exist_ok=True)
    run = evidence.Evidence(options.seed, options.minutes)
    print(f"seed {options.seed}, {options.minutes:g} minutes, {options.rate:g} requests a second", flush=True)
    soak = Soak(run, rate=options.rate)
    try:
        soak.go()
    except (OSError, RuntimeError, AssertionError, ValueError, subprocess.SubprocessError) as error:
        print(f"red   the run broke off: {error!r}; the files: {soak.parts.work}\nagain: {report.replay(run)}")
        return 1
    found = judge(run, out, options.lie)
    print(report.text(found))
    print(f"the report: {out}/report.json, the evidence: {out}/evidence.json")
    if found["green"]:
        soak.parts.remove()
    else:
        print(f"the files of the run: {soak.parts.work}")
    return 0 if found["green"] else 1


if __name__ == "__main__":
    sys.exit(main())
