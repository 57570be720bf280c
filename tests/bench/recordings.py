# SPDX-License-Identifier: Apache-2.0
"""What reading recorded files costs: the commands of kubectl-traffictap, and jq."""
import dataclasses
import json
import os
import subprocess


@dataclasses.dataclass
class Recording:
    path: object
    size: int  # bytes
    records: int

    def times(self, count, path):
        """The same records `count` times, in `path`."""
        text = self.path.read_bytes()
        with open(path, "wb") as out:
            for _ in range(count):
                out.write(text)
        return Recording(path, self.size * count, self.records * count)


@dataclasses.dataclass
class Reading:
    """One command's. `cpu` in seconds, `peak` of resident memory in bytes."""
    recording: Recording
    cpu: float
    peak: int

    @property
    def megabytes_per_second(self):
        return self.recording.size / 1e6 / self.cpu

    @property
    def records_per_second(self):
        return self.recording.records / self.cpu


def record(bench, requests):
    path = bench.work / "recording.jsonl"
    entries = bench.run(bench.traffictap(), keep=path, streams=16, requests=requests).entries
    return Recording(path, path.stat().st_size, entries // 2)


def read(command, recording):
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{command} ended with {child.returncode}")
    return Reading(recording, max(usage.ru_utime + usage.ru_stime, 1e-3), usage.ru_maxrss * 1024)


def readers(bench, requests, copies):
    """{name: function}. The large recording is for ours, jq has one that it reads in a few seconds."""
    part = record(bench, requests)
    whole = part.times(copies, bench.work / "recordings.jsonl")
    with open(part.path, encoding="utf-8") as lines:
        request = json.loads(lines.readline())["request"]["id"]
    tool = bench.build / "src/cli/kubectl-traffictap"
    errors = ["open", whole.path, "--response-code", "5xx", "-o", "json"]
    return {
        "open --response-code 5xx -o json": lambda: read([tool, *errors], whole),
        "top --file": lambda: read([tool, "top", "--file", whole.path], whole),
        "explain --file": lambda: read([tool, "explain", request, "--file", whole.path], whole),
        "jq -c 'select(.response.code >= 500)'": lambda: read(["jq", "-c", "select(.response.code >= 500)", part.path], part),
    }
