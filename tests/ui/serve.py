# SPDX-License-Identifier: Apache-2.0
"""Real traffic for the page's tests: a collector, the shop behind real Envoys, and hostile requests among the others.
Prints the page's address as one line and ends with its standard input. usage: serve.py COLLECTOR"""
import pathlib
import re
import shutil
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/shop"))
from shop import Collector, Shop  # noqa: E402

HOSTILE_PATH = "/items/<script>alert(1)</script>%1b[31mred"
HOSTILE_AGENT = "=cmd|' /C calc'!A0 red <img src=x onerror=alert(1)>"


def page_address(log, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = re.search(r"Watch live: (\S+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the collector printed no address: see {log}")


def drive(shop, ended):
    calls = [
        lambda n: shop.call("cart", f"/cart/{n}"),
        lambda n: shop.call("catalog", "/items?page=2"),
        lambda n: shop.call("stock", f"/stock/{n}"),
        lambda n: shop.call("cart", f"/cart/{n}/items", method="POST"),
        lambda n: shop.call("broken", "/report"),
        lambda n: shop.call("catalog", HOSTILE_PATH, agent=HOSTILE_AGENT),
        lambda n: shop.call("ledger", "/book"),
        lambda n: shop.call("catalog", f"/items/{n}"),
        lambda n: shop.call("gone", "/anyone"),
        lambda n: shop.call("cart", f"/cart/{n}"),
        lambda n: shop.query_db(),
        lambda n: shop.call_unmeshed("catalog", "/items/outside"),
    ]
    slow = [lambda n: shop.call("payment", "/pay", method="POST"), lambda n: shop.call("payment", "/pay/slow", abort=True)]
    number = 0
    while not ended.is_set():
        number += 1
        calls[number % len(calls)](number)
        if number % 40 == 0:
            threading.Thread(target=slow[number // 40 % 2], args=(number,), daemon=True).start()
        time.sleep(0.03)


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-ui-"))
    ended, collector, shop = threading.Event(), None, None
    try:
        collector = Collector(sys.argv[1], ROOT / "tests/shop/taps", work, options=("--live", "127.0.0.1:0"))
        shop = Shop(collector, work)
        threading.Thread(target=drive, args=(shop, ended), daemon=True).start()
        print(page_address(work / "collector.log"), flush=True)
        sys.stdin.read()
    finally:
        ended.set()
        if shop:
            shop.stop()
        if collector:
            collector.stop()
        shutil.rmtree(work, ignore_errors=True)


main()
