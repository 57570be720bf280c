# SPDX-License-Identifier: Apache-2.0
"""What a run leaves for the oracle: plain values, saved as one file of JSON. All times are seconds of one monotonic clock."""
import dataclasses
import json
import pathlib

# What the tap writes to. Each is attacked in its own way, "disk" in none.
OUTPUTS = ("disk", "small", "kafka", "durable")


@dataclasses.dataclass
class Request:
    number: int
    begin: float
    end: float
    service: str
    answered: bool  # with any status: then the caller's Envoy has logged it


@dataclasses.dataclass
class Incident:
    """A fault as it was, not as it was scheduled."""
    kind: str
    begin: float
    end: float


@dataclasses.dataclass
class Life:
    """Of the collector, from its start to its end."""
    number: int
    begin: float
    end: float = 0
    how: str = ""  # kill or term
    stop_seconds: float = 0  # from SIGTERM to the end
    code: int = 0
    final: dict = dataclasses.field(default_factory=dict)  # {"entries", "joins", output: {name: count}}, from the log


@dataclasses.dataclass
class Scrape:
    at: float
    life: int
    counters: dict  # as Life.final
    unbalanced: str  # what stage.check_counters says, "" if they balance
    rss: float  # MB
    descriptors: int
    threads: int


@dataclasses.dataclass
class Checkpoint:
    """Everything is healed, nothing is sent, and all that was sent has come out; then some requests more."""
    at: float
    life: int
    waited: float  # until all that was sent had come out
    settled: bool
    probes: dict  # output: seconds until it had delivered them, None if it never did


@dataclasses.dataclass
class EnvoyLife:
    """Counters of one process of Envoy at its last scrape."""
    pod: str
    written: int = 0
    dropped: int = 0
    flushed: int = 0
    failed: int = 0


@dataclasses.dataclass
class Arrival:
    """A record as an output has it."""
    id: str
    number: int  # of the request, -1 if it is none of ours
    client: int  # entries that it is made of
    server: int
    namespaces: list
    reason: str = ""  # of an orphan


@dataclasses.dataclass
class Evidence:
    seed: int
    minutes: float
    requests: list = dataclasses.field(default_factory=list)
    incidents: list = dataclasses.field(default_factory=list)
    lives: list = dataclasses.field(default_factory=list)
    scrapes: list = dataclasses.field(default_factory=list)
    checkpoints: list = dataclasses.field(default_factory=list)
    envoys: list = dataclasses.field(default_factory=list)
    arrivals: dict = dataclasses.field(default_factory=dict)  # output: list of Arrival
    broken_lines: list = dataclasses.field(default_factory=list)  # "file: what is wrong"
    secrets: list = dataclasses.field(default_factory=list)  # where one was seen
    stalls: list = dataclasses.field(default_factory=list)  # [at, seconds] in which the machine ran none of our threads


LISTS = {"requests": Request, "incidents": Incident, "lives": Life, "scrapes": Scrape, "checkpoints": Checkpoint,
         "envoys": EnvoyLife}


def save(evidence, path):
    pathlib.Path(path).write_text(json.dumps(dataclasses.asdict(evidence)))


def load(path):
    fields = json.loads(pathlib.Path(path).read_text())
    for name, kind in LISTS.items():
        fields[name] = [kind(**one) for one in fields[name]]
    fields["arrivals"] = {output: [Arrival(**one) for one in found] for output, found in fields["arrivals"].items()}
    return Evidence(**fields)
