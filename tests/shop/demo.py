"""make demo-local: real Envoys, the collector, and a small shop's requests as pairs. Ctrl-C or --seconds ends it."""
import argparse
import collections
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from shop import Collector, Shop

HERE = pathlib.Path(__file__).parent
COLOURS = {"Ok": 32, "Retried": 33, "ServerError": 31, "NetworkOrProxy": 35, "ClientAborted": 36, "Mismatch": 31}


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


def drive(shop, ended):
    calls = itertools.cycle([
        lambda: shop.call("cart", "/cart/42?token=secret", agent="curl/7.88.1"),
        lambda: shop.call("catalog", "/items"),
        lambda: shop.call("stock", "/stock/7"),
        lambda: shop.call("payment", "/pay", method="POST"),
        lambda: shop.call("broken", "/report"),
        lambda: shop.call("ledger", "/book"),
        lambda: shop.call("gone", "/anyone"),
        lambda: shop.call("payment", "/pay/slow", abort=True),
        lambda: shop.query_db(),
        lambda: shop.call_unmeshed("catalog", "/items/outside"),
    ])
    while not ended.is_set():
        next(calls)()
        time.sleep(0.1)


def end_after(seconds, ended):
    """Stops the load, lets what waits come out, and then ends the demo as Ctrl-C would."""
    time.sleep(seconds)
    ended.set()
    time.sleep(6)
    os.kill(os.getpid(), signal.SIGINT)


def listed(counts):
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def summary(counts, collector, work):
    metrics = collector.metrics()
    of = {k: int(metrics[f"traffictap_{k}"]) for k in (
        "entries_received_total", "pairs_total", "retries_total", "waiting")}
    alone, records = sum(counts["orphan"].values()), work / "records" / "shop" / "all.jsonl"
    print(f"\n{sum(counts['verdict'].values())} requests: {listed(counts['verdict'])}")
    print(f"{alone} of them were told by one side alone: {listed(counts['orphan'])}")
    print(f"The Envoys sent {of['entries_received_total']} log entries: {of['pairs_total']} pairs of two, "
          f"{of['retries_total']} from further attempts, {of['waiting']} still waiting for the other side.")
    print(f"\nAll records:   {records}\nOnly failures: {records.with_name('errors.jsonl')}")
    print(f"To read them:  jq 'select(.request.userAgent==\"curl/7.88.1\") | .source.name' {records}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--collector", required=True)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--mtls", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-demo-"))
    counts = {"verdict": collections.Counter(), "orphan": collections.Counter()}
    ended = threading.Event()
    collector = Collector(options.collector, HERE / "taps", work, stdout=subprocess.PIPE)
    shop = None
    try:
        print("Starting the shop and its 7 Envoys ...", flush=True)
        shop = Shop(collector, work, options.mtls)
        threading.Thread(target=drive, args=(shop, ended), daemon=True).start()
        if options.seconds:
            threading.Thread(target=end_after, args=(options.seconds, ended), daemon=True).start()
        for line in collector.process.stdout:
            record = json.loads(line)
            counts["verdict"][record["verdict"]] += 1
            if "orphanReason" in record:
                counts["orphan"][record["orphanReason"]] += 1
            show(record, sys.stdout.isatty())
    except KeyboardInterrupt:
        pass
    finally:
        ended.set()
        if collector.process.poll() is None and sum(counts["verdict"].values()):
            summary(counts, collector, work)
        if shop:
            shop.stop()
        collector.process.stdout.close()
        collector.stop()
    if not sum(counts["verdict"].values()):
        print(f"no record came: see the logs in {work}", file=sys.stderr)
        sys.exit(1)
    print("Everything that the demo started has ended.")


main()
