# SPDX-License-Identifier: Apache-2.0
"""Lies to plant into the evidence of a run. An oracle that does not find one of them is broken, and its run proves nothing."""
import copy
import dataclasses

from losses import Losses, within, windows


def _with(run, **changes):
    return dataclasses.replace(run, **changes)


def _arrivals(run, output, change):
    return _with(run, arrivals={**run.arrivals, output: change(list(run.arrivals[output]))})


def _calm_numbers(run):
    """Requests whose absence nothing excuses, that all outputs have."""
    losses = Losses(run)
    costly = windows(run, "collector", "envoy")
    everywhere = set.intersection(*losses.numbers.values())
    return [n for n, request in losses.answered.items() if n in everywhere and not within(request, costly)]


def _without(run, output):
    """As many records less as the counters would explain, and one more."""
    account = Losses(run).of(output)
    spare = account.counted - max(0, account.missing - account.with_a_kill)
    gone = set(_calm_numbers(run)[:max(0, spare) + 1])
    return _arrivals(run, output, lambda found: [one for one in found if one.number not in gone])


def a_request_is_nowhere(run):
    gone = _calm_numbers(run)[0]
    for output in run.arrivals:
        run = _arrivals(run, output, lambda found: [one for one in found if one.number != gone])
    return run


def a_record_is_missing_in_one_output(run):
    return _without(run, "disk")


def a_spooled_record_is_missing(run):
    return _without(run, "durable")


def a_record_is_there_twice(run):
    return _arrivals(run, "disk", lambda found: found + found[:1])


def an_entry_is_in_two_records(run):
    return _arrivals(run, "disk", lambda found: found + [dataclasses.replace(found[0], id="another")])


def a_final_counter_is_off_by_one(run):
    lives = copy.deepcopy(run.lives)
    lives[-1].final["disk"]["delivered"] += 1
    return _with(run, lives=lives)


def an_untapped_workload_is_recorded(run):
    return _arrivals(run, "small", lambda found: found + [dataclasses.replace(found[0], id="new", number=-1, namespaces=["vault"])])


def a_line_is_torn(run):
    return _with(run, broken_lines=["disk.jsonl: its last line is torn"])


def memory_is_over_its_bound(run):
    return _with(run, scrapes=run.scrapes[:-1] + [dataclasses.replace(run.scrapes[-1], rss=run.scrapes[-1].rss + 1000)])


def threads_are_too_many(run):
    return _with(run, scrapes=run.scrapes[:-1] + [dataclasses.replace(run.scrapes[-1], threads=1000)])


def the_end_takes_too_long(run):
    late = 21 + sum(seconds for _, seconds in run.stalls)
    return _with(run, lives=run.lives[:-1] + [dataclasses.replace(run.lives[-1], stop_seconds=late)])


def an_output_does_not_heal(run):
    last = run.checkpoints[-1]
    return _with(run, checkpoints=run.checkpoints[:-1] + [dataclasses.replace(last, probes={**last.probes, "kafka": None})])


# Each lie, and the check that has to be red because of it.
LIES = {
    a_request_is_nowhere: "explained", a_record_is_missing_in_one_output: "explained", a_spooled_record_is_missing: "durable",
    a_record_is_there_twice: "duplicates", an_entry_is_in_two_records: "duplicates", a_final_counter_is_off_by_one: "books",
    an_untapped_workload_is_recorded: "nothing_foreign", a_line_is_torn: "files_parse", memory_is_over_its_bound: "memory",
    threads_are_too_many: "handles", the_end_takes_too_long: "ends_in_time", an_output_does_not_heal: "heals",
}


def not_found(run, checks):
    """Names of the lies that left their check as it was. `checks`: oracle.CHECKS by name."""
    return [lie.__name__ for lie, check in LIES.items() if checks[check](lie(run)) == checks[check](run)]
