# SPDX-License-Identifier: Apache-2.0
"""What a run came to, as figures (JSON) and as a page of text."""
import collections

import oracle
from evidence import OUTPUTS
from losses import Losses


def replay(run):
    return f"make soak SEED={run.seed} MINUTES={run.minutes:g}"


def _range(values):
    values = list(values)
    return [round(min(values)), round(max(values))] if values else None


def figures(run, verdicts, not_found):
    losses = Losses(run)
    slope = oracle.slope(run)
    accounts = {output: losses.of(output) for output in OUTPUTS}
    return {
        "seed": run.seed,
        "minutes": run.minutes,
        "replay": replay(run),
        "green": not any(verdicts.values()) and not not_found,
        "faults": dict(sorted(collections.Counter(one.kind for one in run.incidents).items())),
        "lives": dict(collections.Counter(life.how for life in run.lives)),
        "requests": {"sent": len(run.requests), "answered": len(losses.answered), "inNoOutput": len(losses.nowhere())},
        "outputs": {output: {
            "records": len(run.arrivals[output]),
            "twice": len(run.arrivals[output]) - len({one.id for one in run.arrivals[output]}),
            "missing": accounts[output].missing,
            "withAKill": accounts[output].with_a_kill,
            "dropped": accounts[output].reasons,
        } for output in OUTPUTS},
        "envoysDropped": int(sum(one.dropped + one.failed for one in run.envoys)),
        "unexplained": losses.unexplained(),
        "rssMb": _range(scrape.rss for scrape in run.scrapes),
        "rssSlope": slope and {"mbPerHour": round(slope[0], 1), "overSeconds": round(slope[1])},
        "descriptors": _range(scrape.descriptors for scrape in run.scrapes),
        "threads": _range(scrape.threads for scrape in run.scrapes),
        "slowestEnd": round(max((life.stop_seconds for life in run.lives), default=0), 1),
        "slowestHealing": round(max((took or 0 for one in run.checkpoints for took in one.probes.values()), default=0), 1),
        "stalledSeconds": round(sum(seconds for _, seconds in run.stalls), 1),
        "checks": verdicts,
        "liesNotFound": not_found,
    }


def text(found):
    """`found`: what figures() returned."""
    lines = ["", f"Faults, {sum(found['faults'].values())} in {found['minutes']:g} minutes:"]
    lines += [f"  {count:4} {kind}" for kind, count in found["faults"].items()]
    lines += [f"Lives of the collector: {', '.join(f'{n} ended by {how}' for how, n in found['lives'].items())}",
              f"Requests: {found['requests']['sent']} sent, {found['requests']['answered']} answered, of which "
              f"{found['requests']['inNoOutput']} are in no output; the Envoys dropped {found['envoysDropped']} entries", "",
              f"  {'output':8} {'records':>8} {'twice':>6} {'missing':>8} {'with a kill':>12}  dropped, by reason"]
    for output, of in found["outputs"].items():
        reasons = ", ".join(f"{reason} {count}" for reason, count in of["dropped"].items()) or "-"
        lines.append(f"  {output:8} {of['records']:8} {of['twice']:6} {of['missing']:8} {of['withAKill']:12}  {reasons}")
    slope = found["rssSlope"]
    lines += ["", f"Memory {found['rssMb']} MB, " + (f"{slope['mbPerHour']:+.1f} MB/h over {slope['overSeconds']} s of one life"
                                                   if slope else "no life long enough for a slope")
              + f"; descriptors {found['descriptors']}, threads {found['threads']}",
              f"Slowest end after SIGTERM {found['slowestEnd']} s, slowest healing {found['slowestHealing']} s, "
              f"the machine stood still for {found['stalledSeconds']} s", ""]
    for check, faults in found["checks"].items():
        lines += [f"{'red ' if faults else 'green'} {check}"] + [f"      {fault}" for fault in faults]
    lies = ", ".join(found["liesNotFound"])
    lines += [f"{'red   the oracle did not find: ' + lies if lies else 'green every planted lie was found'}",
              f"unexplained: {found['unexplained']}", f"again: {found['replay']}"]
    return "\n".join(lines)
