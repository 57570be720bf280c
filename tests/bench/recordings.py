# SPDX-License-Identifier: Apache-2.0
"""What reading recorded files costs: the commands of kubectl-traffictap, and jq."""
import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import time

from processes import HERE


@dataclasses.dataclass
class Recording:
    path: str
    size: int  # bytes
    records: int

    def packed(self, path):
        """The same compressed; its size is what it unpacks to."""
        subprocess.run(["zstd", "-q", "-f", self.path, "-o", path], check=True)
        return Recording(str(path), self.size, self.records)

    def times(self, count, path):
        """The same records `count` times, in `path`."""
        with open(self.path, "rb") as source:
            text = source.read()
        with open(path, "wb") as out:
            for _ in range(count):
                out.write(text)
        return Recording(str(path), self.size * count, self.records * count)


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
    return Recording(str(path), path.stat().st_size, entries // 2)


def peak_of(pid):
    """Of the largest of the process and its children, so far. What wait4 tells would be this program's own before it became theirs."""
    peaks = [0]
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *children):
            peaks += [int(line.split()[1]) * 1024 for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines()
                      if line.startswith("VmHWM:")]
    except OSError:
        pass  # it has just ended
    return max(peaks)


def read(command, recording):
    child, peak, ended = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE), 0, 0
    while not ended:
        peak = max(peak, peak_of(child.pid))
        time.sleep(0.02)
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{command} ended with {child.returncode}: {child.stderr.read().decode()}")
    child.stderr.close()
    return Reading(recording, max(usage.ru_utime + usage.ru_stime, 1e-3), peak)


# As a person would write it: lines of JSON in, those with a 5xx out.
SQL = """COPY (SELECT json FROM read_ndjson_objects('{}') WHERE (json->>'$.response.code')::INT >= 500) TO '/dev/null' (FORMAT csv)"""


def duckdb_python():
    """A Python with DuckDB, or None where the registry does not have it."""
    made = subprocess.run([HERE.parent / "python_env.sh", HERE / "requirements.txt"], stdout=subprocess.PIPE, text=True, check=False)
    return made.stdout.strip() if made.returncode == 0 else None


def readers(bench, requests, copies, large):
    """{name: function}. Ours read `copies` times what the others read in a few seconds, and once `large` times: 0 leaves this out,
    and DuckDB, which is fetched."""
    part = record(bench, requests)
    whole = part.times(copies, bench.work / "recordings.jsonl")
    packed, whole_packed = (one.packed(f"{one.path}.zst") for one in (part, whole))
    with open(part.path, encoding="utf-8") as lines:
        request = json.loads(lines.readline())["request"]["id"]
    tool, jq, errors = bench.build / "src/cli/kubectl-traffictap", "select(.response.code >= 500)", ("--response-code", "5xx", "-o", "json")
    out = {
        "open --response-code 5xx -o json": lambda: read([tool, "open", whole.path, *errors], whole),
        "the same of a file packed with zstd": lambda: read([tool, "open", whole_packed.path, *errors], whole_packed),
        "top --file": lambda: read([tool, "top", "--file", whole.path], whole),
        "explain --file": lambda: read([tool, "explain", request, "--file", whole.path], whole),
        f"jq -c '{jq}'": lambda: read(["jq", "-c", jq, part.path], part),
        f"zstdcat, jq -c '{jq}'": lambda: read(["bash", "-c", f"zstdcat {packed.path} | jq -c '{jq}'"], packed),
    }
    if large and (python := duckdb_python()):
        out["DuckDB, the same as SQL"] = lambda: read([python, "-c", f"import duckdb; duckdb.sql({SQL.format(part.path)!r})"], part)
    if large:
        most = functools.cache(lambda: part.times(large, bench.work / "large.jsonl"))
        for name, command, options in (("open --response-code 5xx -o json", ("open",), errors), ("top --file", ("top", "--file"), ()),
                                       ("explain --file", ("explain", request, "--file"), ())):
            line = lambda command=command, options=options: [tool, *command, most().path, *options]  # noqa: E731
            out[f"{name}, of a large file"] = Once(lambda line=line: read(line(), most()))
    return out


class Once:
    """A command that takes too long to be run in each round: its first figure stands for all."""

    def __init__(self, command):
        self.command, self.figure = command, None

    def __call__(self):
        self.figure = self.figure or self.command()
        return self.figure
