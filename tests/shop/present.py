# SPDX-License-Identifier: Apache-2.0
"""Records as a person reads them, one line each, and their sum: what both demos print."""
import collections
import json
import sys

COLOURS = {"Ok": 32, "Retried": 33, "ServerError": 31, "NetworkOrProxy": 35, "ClientAborted": 36, "Mismatch": 31, "Denied": 31}


def printable(text):
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(text))


def destination(record):
    """The workload; of one that the record knows by its address alone, the service that was called."""
    end = record["destination"]
    name = end.get("name", "?")
    return end["service"].split(".")[0] if name == end.get("ip") and "service" in end else name


def source(record):
    end = record["source"]
    return "outside" if end.get("name") == end.get("ip") else end.get("name", "?")


def show(record, colour):
    timings, request, response = record["timings"], record["request"], record.get("response", {})
    milliseconds = " ".join(
        f"{label}={timings[key]:.1f}ms" for label, key in
        (("client", "clientMs"), ("server", "serverMs"), ("between", "betweenMs")) if key in timings)
    verdict = f"{record['verdict']:<14}"
    if colour:
        verdict = f"\033[{COLOURS[record['verdict']]}m{verdict}\033[0m"
    ends = f"{source(record)} -> {destination(record)}"
    what = " ".join(filter(None, (request.get("method", request.get("protocol")), request.get("path"))))
    code = response.get("code", "-")
    attempts = len(record.get("server", []))
    notes = [f"{attempts} attempts"] if attempts > 1 else []
    notes += [f"only the {record['reporter']}'s side: {record['orphanReason']}"] if "orphanReason" in record else []
    notes += [",".join(response["flags"])] if "flags" in response else []
    print(verdict, printable(f"{ends:<24} {what:<22} {code:<4} {milliseconds}  {'  '.join(notes)}"), flush=True)


def listed(counts):
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


class Printed:
    """Shows records as they come and counts them."""

    def __init__(self):
        self.verdicts, self.orphans = collections.Counter(), collections.Counter()

    def take(self, line):
        record = json.loads(line)
        self.verdicts[record["verdict"]] += 1
        if "orphanReason" in record:
            self.orphans[record["orphanReason"]] += 1
        show(record, sys.stdout.isatty())

    def total(self):
        return sum(self.verdicts.values())

    def summary(self):
        print(f"\n{self.total()} requests: {listed(self.verdicts)}")
        alone = sum(self.orphans.values())
        print(f"{alone} of them were told by one side alone" + (f": {listed(self.orphans)}" if alone else ""))
