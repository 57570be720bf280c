# SPDX-License-Identifier: Apache-2.0
"""Threads that look on: at the collector's counters and resources, at the Envoys' counters, and at the machine itself."""
import os
import re
import threading
import time

import envoy_config
import shop
import stage
from evidence import OUTPUTS, EnvoyLife, Scrape

TAP = "shop/all"
ENTRIES = {"entries_received_total": "received", "entries_kept_total": "kept", "entries_rejected_total": "rejected",
           "entries_filtered_total": "filtered", "entries_stale_total": "stale"}
JOINS = {"join_kept_total": "kept", "waiting": "waiting"}
OF_OUTPUT = ("offered_total", "delivered_total", "queued", "kept_total", "recovered_total", "replayed_total", "spooled_total")
ENVOY = {"logs_written": "written", "logs_dropped": "dropped", "grpc_entries_flushed": "flushed",
         "grpc_entries_flush_failed": "failed"}


def counters(metrics):
    """Of /metrics, what the final counters of the log say too."""
    out = {"entries": {ours: stage.metric(metrics, theirs) for theirs, ours in ENTRIES.items()},
           "joins": {ours: stage.metric(metrics, theirs) for theirs, ours in JOINS.items()}}
    for output in OUTPUTS:
        labels = {"tap": TAP, "output": output}
        out[output] = {name.removesuffix("_total"): stage.metric(metrics, f"output_{name}", **labels) for name in OF_OUTPUT}
        for key, value in metrics.items():
            reason = re.search(r'reason="(\w+)"', key)
            if (value and reason and key.startswith("traffictap_output_dropped_total")
                    and all(f'{k}="{v}"' in key for k, v in labels.items())):
                out[output][f"dropped.{reason[1]}"] = value
    return out


def final_counters(log):
    """The same from the log of a life; of an output that was replaced the sum of its lines."""
    out = {output: {} for output in OUTPUTS}
    for name, counted in re.findall(rf'final counters tap={TAP} output="([^"]*)" (.*)', log):
        for key, value in re.findall(r"([\w.]+)=(\d+)", counted):
            out[name][key] = out[name].get(key, 0) + int(value)
    found = re.findall(r"final counters entries (.*) joins (.*)", log)
    for part, counted in zip(("entries", "joins"), found[-1] if found else ("", "")):
        out[part] = {key: int(value) for key, value in re.findall(r"([\w.]+)=(\d+)", counted)}
        out[part].update(rejected=sum(v for k, v in out[part].items() if k.startswith("rejected.")))
    return out


def books_say(metrics):
    try:
        stage.check_counters(metrics)
        return ""
    except AssertionError as error:
        return str(error)


class Watcher:
    """Calls look() about once a second until stop(). What fails because something is away right now is tried again."""
    pause = 1.0

    def __init__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.wait(self.pause):
            try:
                self.look()
            except (OSError, ValueError, KeyError, IndexError, StopIteration):
                pass

    def stop(self):
        self.ended.set()
        self.thread.join(30)


class CollectorWatch(Watcher):
    def __init__(self, parts, evidence):
        self.parts, self.evidence = parts, evidence
        super().__init__()

    def look(self):
        life, process = self.parts.lives[-1].number, self.parts.collector.process
        if process.poll() is not None:
            return
        metrics, pid = self.parts.collector.metrics(), process.pid
        scrape = Scrape(time.monotonic(), life, counters(metrics), books_say(metrics),
                        stage.status_of(pid, "VmRSS") / 1024, len(os.listdir(f"/proc/{pid}/fd")), stage.status_of(pid, "Threads"))
        # Or else it is unknown whose counters these are.
        if self.parts.collector.process is process and self.parts.lives[-1].number == life:
            self.evidence.scrapes.append(scrape)


class EnvoyWatch(Watcher):
    """Of each process of Envoy its last counters, in evidence.envoys."""

    def __init__(self, parts, evidence):
        self.parts, self.evidence, self.of_process = parts, evidence, {}
        super().__init__()

    def look(self):
        for pod, process in list(self.parts.envoys.items()):
            if process.poll() is None:
                self.read(pod, process)

    def read(self, pod, process):
        text = shop.get(self.parts.shop.pods[pod].ip, envoy_config.ADMIN, "/stats?filter=grpc_access_log")[1]
        if self.parts.envoys[pod] is not process:
            return
        if process.pid not in self.of_process:
            self.of_process[process.pid] = EnvoyLife(pod)
            self.evidence.envoys.append(self.of_process[process.pid])
        sums = dict.fromkeys(ENVOY.values(), 0)
        for name, value in (line.split(": ") for line in text.splitlines()):
            counter = name.rsplit(".", 1)[1]
            if counter in ENVOY:
                sums[ENVOY[counter]] += int(value)
        vars(self.of_process[process.pid]).update(sums)


class MachineWatch(Watcher):
    """Notes when this thread was not run for long: what is late then is not the collector's fault."""
    pause = 0.1

    def __init__(self, evidence):
        self.stalls, self.last = evidence.stalls, time.monotonic()
        super().__init__()

    def look(self):
        now = time.monotonic()
        late = now - self.last - self.pause
        if late > 0.3:
            self.stalls.append([now, round(late, 2)])
        self.last = now
