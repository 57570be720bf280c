# SPDX-License-Identifier: Apache-2.0
"""Judges a run by its evidence alone. Each check returns faults as sentences. usage: oracle.py RUN/evidence.json"""
import collections
import os
import sys

import evidence as saved
from evidence import OUTPUTS
from losses import UNCERTAIN, Losses, dropped, held_at_kills, in_same_life, last_counters, scrape_at, stalled, total, windows, within

STOP_SECONDS, HEAL_SECONDS, SETTLE_SECONDS = 20, 10, 60
RSS_MAX_MB, RSS_RISE_MB = 320, 32  # --memory is 256 MB
DESCRIPTORS_RISE, THREADS_RISE = 12, 6
THREADS_MAX = 4 * (os.cpu_count() or 1) + 40
SERVER_ENTRIES = {"stock": 3}  # attempts; of the others one


def explained(run):
    """Every answered request is in each output, or lost by a counted reason."""
    losses, faults = Losses(run), []
    calm = losses.nowhere_and_calm()
    if calm:
        faults.append(f"{len(calm)} requests are in no output, and nothing was wrong at their time: {calm[:10]}")
    if losses.entries_missing() > losses.entries_lost():
        faults.append(f"requests that are in no output had {losses.entries_missing()} entries, and all counters together explain "
                      f"{losses.entries_lost()}")
    for output in ("disk", "small", "kafka"):
        faults += _of_account(output, losses.of(output))
    return faults


def _of_account(output, account):
    faults = [f"{output}: {count} records dropped as {reason}, which nothing explains"
              for reason, count in account.not_allowed.items()]
    if account.unexplained:
        faults.append(f"{output}: {account.missing} requests are missing; {account.with_a_kill} of them went with a kill, the counters "
                      f"explain {account.counted}: {account.examples}")
    return faults


def durable(run):
    """What a durable output has spooled arrives, and what it misses is counted."""
    losses = Losses(run)
    faults = _of_account("durable", losses.of("durable"))
    arrived = len({one.id for one in run.arrivals["durable"]})
    spooled = total(run, "durable", "spooled")
    if arrived < spooled:
        faults.append(f"durable: {spooled} records were told as spooled, {arrived} arrived")
    return faults


def duplicates(run):
    """No record is twice in an output, but for what a durable one has told and what Kafka's client cannot know; no entry is in two
    records."""
    faults = []
    for output, found in run.arrivals.items():
        times = collections.Counter(one.id for one in found)
        uncertain = _with_records_timed_out(run) if output == "kafka" else set()
        twice = sum(count - 1 for one, count in times.items() if one not in uncertain)
        allowed = _may_be_twice(run) if output == "durable" else 0
        if twice > allowed:
            faults.append(f"{output}: {twice} records are there twice, {allowed} may be: "
                          f"{[one for one, count in times.items() if count > 1 and one not in uncertain][:10]}")
        faults += _entries_twice(run, output, found)
    return faults


def _with_records_timed_out(run):
    """IDs of the records that waited while Kafka was away and others timed out. librdkafka then begins a new epoch, and what it had in
    flight is written again (confluentinc/librdkafka#4953)."""
    if "TimedOut" not in dropped(run, "kafka"):
        return set()
    away = windows(run, "kafka")
    at_that_time = {request.number for request in run.requests if within(request, away)}
    return {one.id for one in run.arrivals["kafka"] if one.number in at_that_time}


def _may_be_twice(run):
    """Told as replayed, or found again by a life after a kill, whose own last seconds nobody has seen."""
    after_kill = [after for before, after in zip(run.lives, run.lives[1:]) if before.how == "kill"]
    found_again = sum(int(last_counters(run, life).get("durable", {}).get("recovered", 0)) for life in after_kill)
    return total(run, "durable", "replayed") + found_again


def _entries_twice(run, output, found):
    services = {request.number: request.service for request in run.requests}
    clients, servers = collections.Counter(), collections.Counter()
    for one in {each.id: each for each in found}.values():
        clients[one.number] += one.client
        servers[one.number] += one.server
    doubled = [n for n in clients if n in services and (clients[n] > 1 or servers[n] > SERVER_ENTRIES.get(services[n], 1))]
    return [f"{output}: entries of these requests are in more than one record: {doubled[:10]}"] if doubled else []


def books(run):
    """Counters add up at every scrape, at the end of a life, over lives, and with what is in the outputs."""
    faults = [f"life {scrape.life}: {scrape.unbalanced}" for scrape in run.scrapes if scrape.unbalanced][:3]
    for life in run.lives:
        if life.how == "term":
            faults += [f"life {life.number}: final counters: {fault}" for fault in _unbalanced(life.final)]
    for before, after in zip(run.lives, run.lives[1:]):
        kept, found = before.final.get("durable", {}).get("kept"), last_counters(run, after).get("durable", {}).get("recovered")
        if before.how == "term" and None not in (kept, found) and kept != found:
            faults.append(f"life {before.number} kept {kept} records on disk, the next one found {found:.0f}")
    return faults + [fault for output in OUTPUTS for fault in _delivered(run, output)]


def _unbalanced(final):
    for output in OUTPUTS:
        of = final.get(output) or {"offered": 1}
        right = sum(v for k, v in of.items() if k in ("delivered", "queued", "kept") or k.startswith("dropped."))
        if of["offered"] + of.get("recovered", 0) != right:
            yield f"{output}: offered + recovered = {of['offered'] + of.get('recovered', 0)}, delivered + dropped + queued + kept = {right}"
    entries, joins = final.get("entries", {}), final.get("joins", {})
    if entries.get("received") != sum(entries.get(k, 0) for k in ("kept", "filtered", "sampled", "stale", "rejected")):
        yield f"entries: {entries}"
    if entries.get("kept") != joins.get("kept") or joins.get("waiting"):
        yield f"kept {entries.get('kept')} entries, joined {joins.get('kept')}, {joins.get('waiting')} still wait"


def _delivered(run, output):
    """Delivered records are there; more than those only where a counter could not know."""
    there, counted = len(run.arrivals[output]), total(run, output, "delivered")
    killed = windows(run, "collector.kill")
    unknown = 2 * sum(within(request, killed) for request in run.requests) + held_at_kills(run, output)
    unknown += sum(count for reason, count in dropped(run, output).items() if reason in UNCERTAIN)
    if output == "durable":
        unknown += _may_be_twice(run)
    if not counted <= there <= counted + unknown:
        yield f"{output}: {counted} records were told as delivered, {there} are there, and {unknown} more may be"


def nothing_foreign(run):
    """No record of an untapped workload, none of a request that was never sent, no secret anywhere."""
    sent, faults = {request.number for request in run.requests}, list(run.secrets)
    for output, found in run.arrivals.items():
        strange = [one for one in found if one.number not in sent or set(one.namespaces) - {"shop"}]
        if strange:
            faults.append(f"{output}: {len(strange)} records that may not be: {strange[:3]}")
    return faults


def files_parse(run):
    """Every line of every file is a whole record."""
    return run.broken_lines[:10]


def memory(run):
    """The collector's memory stays in its bound. It grows when a fault of some kind fills a queue or a buffer more than before, and then
    no more: so little in the later half of a life, which a leak would not be."""
    faults = []
    most = max((scrape.rss for scrape in run.scrapes), default=0)
    if most > RSS_MAX_MB:
        faults.append(f"{most:.0f} MB, more than {RSS_MAX_MB}")
    for calm in _calm_scrapes(run):
        later = calm[len(calm) // 2:]
        if later[-1].rss - later[0].rss > RSS_RISE_MB:
            faults.append(f"life {calm[0].life}: MB at its checkpoints: {[round(scrape.rss) for scrape in calm]}")
    return faults


def _calm_scrapes(run):
    """Of each life with at least three checkpoints, those from the second one on: by then what is filled once is full."""
    for checkpoints in in_same_life(run, run.checkpoints):
        seen = [scrape for scrape in (scrape_at(run, one) for one in checkpoints[1:]) if scrape]
        if len(seen) >= 2:
            yield seen


def slope(run):
    """(MB an hour, seconds it was measured over) of the longest life, by least squares over checkpoints; None where there are too few."""
    calm = max(_calm_scrapes(run), key=lambda seen: seen[-1].at - seen[0].at, default=None)
    if not calm:
        return None
    mean_at, mean_rss = (sum(values) / len(calm) for values in ([s.at for s in calm], [s.rss for s in calm]))
    spread = sum((s.at - mean_at) ** 2 for s in calm)
    return 3600 * sum((s.at - mean_at) * (s.rss - mean_rss) for s in calm) / spread, calm[-1].at - calm[0].at


def handles(run):
    """Descriptors and threads are at each checkpoint of a life what they were at the one before."""
    faults = []
    for calm in _calm_scrapes(run):
        for what, values, bound in (("descriptors", [s.descriptors for s in calm], DESCRIPTORS_RISE),
                                    ("threads", [s.threads for s in calm], THREADS_RISE)):
            if values[-1] - values[0] > bound:
                faults.append(f"life {calm[0].life}: {what} at its checkpoints: {values}")
    most = max((scrape.threads for scrape in run.scrapes), default=0)
    if most > THREADS_MAX:
        faults.append(f"{most} threads, more than {THREADS_MAX}")
    return faults


def ends_in_time(run):
    """After SIGTERM the process ends by itself, whatever is away or hangs."""
    return [f"life {life.number} ended {life.stop_seconds:.1f} s after SIGTERM with code {life.code}" for life in run.lives
            if life.how == "term"
            and (life.code != 0 or life.stop_seconds > STOP_SECONDS + stalled(run, life.end - life.stop_seconds, life.end))]


def heals(run):
    """Once all is well again, what waited comes out, and a new request is in every output within seconds."""
    faults = []
    for number, one in enumerate(run.checkpoints):
        slow = stalled(run, one.at - 30, one.at)
        if not one.settled:
            faults.append(f"checkpoint {number}: after {one.waited:.0f} s something still waits or an output is not healthy")
        faults += [f"checkpoint {number}: {output} had new records after {'more than ' if took is None else ''}{took or HEAL_SECONDS:.1f} s"
                   for output, took in one.probes.items() if took is None or took > HEAL_SECONDS + slow]
    return faults if run.checkpoints else ["there was no checkpoint"]


CHECKS = [explained, durable, duplicates, books, nothing_foreign, files_parse, memory, handles, ends_in_time, heals]


def judge(run):
    """{name of the check: its faults}"""
    return {check.__name__: check(run) for check in CHECKS}


if __name__ == "__main__":
    verdicts = judge(saved.load(sys.argv[1]))
    for name, found in verdicts.items():
        print(f"{'red ' if found else 'green'} {name}")
        for fault in found:
            print(f"      {fault}")
    sys.exit(any(verdicts.values()))
