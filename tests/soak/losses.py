# SPDX-License-Identifier: Apache-2.0
"""Which requests are missing where, and what explains each of them. A request is explained by a counted reason, or by a kill for
which no counter can speak: then it was sent in the seconds around that kill."""
import bisect
import collections
import dataclasses

from evidence import OUTPUTS

# A request's entries are on the way for so long: Envoy's flush (1 s), the window (2 s), what was sent before the next stream is open.
BEFORE_SECONDS, AFTER_SECONDS = 4.5, 4.5
# Reasons that an attack on this output may have. On "disk" there is none.
QUEUE = {"QueueFull", "Closed", "Abandoned"}
ALLOWED = {"disk": set(), "small": QUEUE | {"WriteFailed"}, "kafka": QUEUE | {"TimedOut"}, "durable": QUEUE}
# With these a record may have got through all the same.
UNCERTAIN = {"TimedOut", "Abandoned", "Closed"}


def stalled(evidence, begin, end):
    """Seconds in which the machine ran nothing of ours."""
    return sum(seconds for at, seconds in evidence.stalls if begin - 1 <= at <= end + seconds + 1)


def windows(evidence, *kinds):
    """(begin, end) of what such faults may cost, by the time of the request."""
    out = []
    for one in evidence.incidents:
        if one.kind.startswith(kinds):
            slow = stalled(evidence, one.begin - BEFORE_SECONDS, one.end + AFTER_SECONDS)
            out.append((one.begin - BEFORE_SECONDS - slow, one.end + AFTER_SECONDS + slow))
    return out


def within(request, spans):
    return any(begin <= request.end and request.begin <= end for begin, end in spans)


def last_counters(evidence, life):
    """Final ones, or those of the last scrape; {} of a life that was never seen."""
    if life.final:
        return life.final
    seen = [scrape for scrape in evidence.scrapes if scrape.life == life.number]
    return seen[-1].counters if seen else {}


def total(evidence, part, *names):
    """Of all lives, as far as it is known."""
    return sum(int(last_counters(evidence, life).get(part, {}).get(name, 0)) for life in evidence.lives for name in names)


def dropped(evidence, output):
    """{reason: records} of all lives."""
    out = collections.Counter()
    for life in evidence.lives:
        for name, count in last_counters(evidence, life).get(output, {}).items():
            if name.startswith("dropped.") and count:
                out[name.removeprefix("dropped.")] += int(count)
    return dict(out)


def held_at_kills(evidence, output):
    """Records that an output had in memory when it was last seen before a kill, and that are too old for windows() to explain them."""
    return sum(max(0, _held(output, seen[-1].counters[output]) - _sent_before(evidence, life, seen[-1].at))
               for life in evidence.lives if life.how == "kill"
               for seen in [[scrape for scrape in evidence.scrapes if scrape.life == life.number]] if seen)


def _held(output, counters):
    if output == "durable":
        return int(max(0, counters["offered"] - counters["spooled"] - counters.get("dropped.QueueFull", 0)))
    return int(counters["queued"])


def _sent_before(evidence, life, scraped):
    """Requests in the seconds before the kill that the scrape could know of: the newest that were held."""
    return sum(life.end - BEFORE_SECONDS <= request.end <= scraped for request in evidence.requests)


@dataclasses.dataclass
class Account:
    """Of one output: the requests that another output has and this one has not."""
    missing: int = 0
    with_a_kill: int = 0  # sent so shortly before it that no counter knows
    counted: int = 0  # what counters explain
    reasons: dict = dataclasses.field(default_factory=dict)
    not_allowed: dict = dataclasses.field(default_factory=dict)  # counted, where nobody attacked
    examples: list = dataclasses.field(default_factory=list)

    @property
    def unexplained(self):
        return max(0, self.missing - self.with_a_kill - self.counted)


class Losses:
    def __init__(self, evidence):
        self.evidence = evidence
        self.answered = {request.number: request for request in evidence.requests if request.answered}
        self.numbers = {output: {one.number for one in found} for output, found in evidence.arrivals.items()}
        self.anywhere = set().union(*self.numbers.values())
        self.kills = windows(evidence, "collector.kill")

    def of(self, output):
        missing = sorted((self.answered.keys() & self.anywhere) - self.numbers[output])
        outside = [n for n in missing if not within(self.answered[n], self.kills)]
        reasons = dropped(self.evidence, output)
        allowed = {reason: count for reason, count in reasons.items() if reason in ALLOWED[output]}
        return Account(len(missing), len(missing) - len(outside), sum(allowed.values()) + held_at_kills(self.evidence, output),
                       reasons, {r: n for r, n in reasons.items() if r not in allowed}, outside[:10])

    def nowhere(self):
        """Requests that no output has: their entries never became a record."""
        return sorted(self.answered.keys() - self.anywhere)

    def nowhere_and_calm(self):
        """Of those, the ones for which there was no reason at their time."""
        spans = windows(self.evidence, "collector", "envoy")
        return [n for n in self.nowhere() if not within(self.answered[n], spans)]

    def entries_lost(self):
        """An upper bound: entries that Envoys dropped, or sent and the collector did not join, by the counters of both. Of an Envoy
        that was killed nobody knows the last seconds, so all of them count."""
        evidence = self.evidence
        of_envoys = sum(one.dropped + one.failed + one.flushed for one in evidence.envoys)
        killed = windows(evidence, "envoy.kill")
        unknown = 2 * sum(within(request, killed) for request in evidence.requests)
        in_memory = 0
        for life in evidence.lives:
            counters = last_counters(evidence, life) if life.how == "kill" else {}
            if counters:
                in_memory += counters["entries"]["kept"] - counters["joins"]["kept"] + counters["joins"]["waiting"]
                in_memory += 2 * counters["disk"]["queued"]
        return int(of_envoys - total(evidence, "entries", "kept") + unknown + in_memory)

    def entries_missing(self):
        """Of the requests that are nowhere: two each, one where the server's side cannot have written one."""
        alone = windows(self.evidence, "envoy")
        return sum(1 if within(self.answered[n], alone) else 2 for n in self.nowhere())

    def unexplained(self):
        """The figure whose goal is 0."""
        excess = max(0, self.entries_missing() - self.entries_lost())
        return len(self.nowhere_and_calm()) + excess + sum(self.of(output).unexplained for output in OUTPUTS)


def in_same_life(evidence, checkpoints):
    """Lists of checkpoints, one for each life that has some."""
    lives = collections.defaultdict(list)
    for one in checkpoints:
        lives[one.life].append(one)
    return [lives[number] for number in sorted(lives)]


def scrape_at(evidence, checkpoint):
    """The last scrape of that life at that moment, None if there is none."""
    seen = [scrape for scrape in evidence.scrapes if scrape.life == checkpoint.life]
    place = bisect.bisect_right([scrape.at for scrape in seen], checkpoint.at)
    return seen[place - 1] if place else None
