# SPDX-License-Identifier: Apache-2.0
"""What was sent, held against the records that came out of receivers and pairers of which some were killed."""
import collections
import dataclasses

from stage import sides

# A request passes two hops, each with a path of its own, and each hop is logged by both of its sides.
HOPS = {"/catalog/": ("client-v1", "frontend-v1"), "/": ("frontend-v1", "catalog-v1")}
SIDES = 2
# A killed pairer's records of this long before are written again by others: a checkpoint interval, and what blocks, outputs and a
# busy machine add.
REPEATED_SECONDS = 5
# What a killed receiver takes along was logged this long before, and until proxies have found another one.
LOST_BEFORE, LOST_AFTER = 3, 10


def ends(record):
    return record.get("source", {}).get("name"), record.get("destination", {}).get("name")


@dataclasses.dataclass
class Report:
    requests: int = 0
    hops: int = 0
    whole: int = 0
    repeated: int = 0
    one_sided: int = 0
    gone: int = 0
    entries: int = 0  # in records, each once
    faults: list = dataclasses.field(default_factory=list)  # what no kill explains, in words

    @property
    def lost(self):
        """Entries that no record has."""
        return SIDES * self.hops - self.entries

    def lines(self):
        yield f"{self.requests} requests were sent, {self.hops} hops with {SIDES} sides each."
        yield f"{self.whole} of them came out whole, {self.repeated} of these again under the same id after the pairer was killed."
        yield (f"{self.one_sided} came out one-sided and {self.gone} not at all: {self.lost} of {SIDES * self.hops} entries were"
               " with the receiver when it was killed.")
        yield from self.faults
        yield f"{len(self.faults)} are not explained."


class Ledger:
    """Times are of one monotonic clock. One thread may write while others read."""

    def __init__(self):
        self.sent = {}  # number -> (began, ended)
        self.refused = {}  # number -> what the caller got instead of an answer
        self.kills = {}  # "receiver" or "pairer" -> (before, after) the command

    def add(self, number, began, ended, fault=None):
        self.sent[number] = (began, ended)
        if fault:
            self.refused[number] = fault

    def hops(self):
        """path -> (number, the two ends)"""
        return {f"{prefix}{number}": (number, ends) for number in self.sent for prefix, ends in HOPS.items()}

    def report(self, records, taken=None):
        """`records`: all that came out, in any order. `taken`: how many entries the pairers say they took."""
        out, hops, found = Report(len(self.sent)), self.hops(), collections.defaultdict(list)
        out.hops = len(hops)
        out.faults += [f"request {number} was not answered: {why}" for number, why in self.refused.items()]
        for record in records:
            found[record.get("request", {}).get("path")].append(record)
        for path in sorted(set(found) - set(hops), key=str):
            out.faults.append(f"{path} was never sent")
        for path, (number, expected) in hops.items():
            self._judge(out, path, number, expected, found.get(path, []))
        if taken is not None and taken != out.entries:
            out.faults.append(f"the pairers took {taken} entries, and the records have {out.entries}")
        return out

    def _judge(self, out, path, number, expected, records):
        most = max(map(sides, records), default=0)
        out.entries += most
        wrong = {ends(record) for record in records if sides(record) == SIDES} - {expected}
        out.faults += [f"{path} is of {source} and {destination}" for source, destination in sorted(wrong, key=str)]
        if len({record["id"] for record in records}) > 1:
            out.faults.append(f"{path} has several ids")
        if most > SIDES:
            out.faults.append(f"{path} has {most} sides")
        if len(records) > 1:
            out.repeated += 1
            if not self._repeated_by_a_kill(number):
                out.faults.append(f"{path} came {len(records)} times, and no pairer was killed about then")
        if most >= SIDES:
            out.whole += 1
            return
        out.one_sided, out.gone = out.one_sided + (most == 1), out.gone + (most == 0)
        if not self._lost_by_a_kill(number):
            out.faults.append(f"{path} has {most} sides, and no receiver was killed about then")
        out.faults += [f"{path} is one-sided as {record.get('orphanReason')}, and the receiver was killed"
                       for record in records if record.get("orphanReason") != "LostInBuffer"]

    def _repeated_by_a_kill(self, number):
        if "pairer" not in self.kills:
            return False
        before, after = self.kills["pairer"]
        _, ended = self.sent[number]
        return before - REPEATED_SECONDS <= ended <= after

    def _lost_by_a_kill(self, number):
        if "receiver" not in self.kills:
            return False
        before, after = self.kills["receiver"]
        began, ended = self.sent[number]
        return ended >= before - LOST_BEFORE and began <= after + LOST_AFTER
