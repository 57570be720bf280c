# SPDX-License-Identifier: Apache-2.0
"""From a seed, the faults of a run. Pure: the same seed and length give the same schedule.

A run is cycles of faults, each followed by a checkpoint without any. In the first half of the cycles the collector is also killed and
ended; the second half is one life of it, so that its memory can be judged."""
import dataclasses
import random

CYCLE_SECONDS = 40.0  # of faults; a checkpoint takes some 10 s more
FIRST_SECONDS = 3.0  # something is under way before the first fault of a cycle


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    targets: tuple  # of two faults with a target in common one ends before the other begins
    shortest: float = 0  # seconds; a fault of length 0 begins and ends at the same moment
    longest: float = 0
    ends_life: bool = False


KINDS = [
    Kind("collector.kill", ("collector",), 0, 3, True),
    Kind("collector.term", ("collector",), 0, 3, True),
    Kind("collector.readonly", ("collector", "small"), 2, 8, True),
    Kind("collector.stop", ("collector",), 1, 12),
    Kind("collector.descriptors", ("collector",), 2, 8),
    Kind("kafka.kill", ("kafka",), 2, 20),
    Kind("kafka.stop", ("kafka",), 2, 20),
    Kind("small.full", ("small",), 2, 15),
    Kind("small.hang", ("small",), 2, 15),
    Kind("spool.full", ("spool",), 2, 15),
    Kind("envoy.kill", ("envoy",), 0, 3),
    Kind("envoy.stop", ("envoy",), 1, 8),
    Kind("tap.edit", ("taps",)),
    Kind("tap.output", ("taps",)),
    Kind("tap.guest", ("taps",), 2, 10),
    Kind("tap.broken", ("taps",), 2, 10),
    Kind("sender.garbage", ("garbage",)),
    Kind("sender.oversize", ("garbage",)),
    Kind("sender.untapped", ("untapped",)),
    Kind("reader.slow", ("reader",), 5, 20),
    Kind("reader.gone", ("reader",)),
]
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    begin: float  # seconds from the begin of its cycle
    seconds: float


def cycles(minutes):
    """How many fit, at least one."""
    return max(1, int(minutes * 60 / (CYCLE_SECONDS + 10)))


def draw(seed, minutes, seconds=CYCLE_SECONDS):
    """The faults of each cycle, in order of their begin."""
    dice, count, decks = random.Random(seed), cycles(minutes), {}
    return [_cycle(dice, decks, seconds, lives_end=2 * number < count) for number in range(count)]


def _cycle(dice, decks, seconds, lives_end):
    chosen = []
    for _ in range(dice.randint(4, 8)):
        kind = _next(dice, decks, lives_end)
        length = round(min(dice.uniform(kind.shortest, kind.longest), seconds / 3), 1)
        begin = round(dice.uniform(FIRST_SECONDS, seconds - length), 1)
        if not any(_collide(kind, begin, length, other) for other in chosen):
            chosen.append(Fault(kind.name, begin, length))
    return sorted(chosen, key=lambda fault: fault.begin)


def _next(dice, decks, lives_end):
    """From a shuffled deck, so that a kind does not come again before all others have."""
    deck = decks.setdefault(lives_end, [])
    if not deck:
        deck += [kind for kind in KINDS if lives_end or not kind.ends_life]
        dice.shuffle(deck)
    return deck.pop()


def _collide(kind, begin, length, other):
    return (set(kind.targets) & set(BY_NAME[other.kind].targets)
            and begin <= other.begin + other.seconds and other.begin <= begin + length)
