# SPDX-License-Identifier: Apache-2.0
"""make demo-local: real Envoys, the collector, and a small shop's requests as pairs. Ctrl-C or --seconds ends it."""
import argparse
import itertools
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from present import Printed
from shop import Collector, Shop

HERE = pathlib.Path(__file__).parent
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


def summary(printed, collector, work):
    metrics = collector.metrics()
    of = {k: int(metrics[f"traffictap_{k}"]) for k in (
        "entries_received_total", "pairs_total", "retries_total", "waiting")}
    records = work / "records" / "shop" / "all.jsonl"
    printed.summary()
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
    printed = Printed()
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
            printed.take(line)
    except KeyboardInterrupt:
        pass
    finally:
        ended.set()
        if collector.process.poll() is None and printed.total():
            summary(printed, collector, work)
        if shop:
            shop.stop()
        collector.process.stdout.close()
        collector.stop()
    if not printed.total():
        print(f"no record came: see the logs in {work}", file=sys.stderr)
        sys.exit(1)
    print("Everything that the demo started has ended.")


main()
