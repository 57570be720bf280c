# SPDX-License-Identifier: Apache-2.0
"""What the integration tests stand on: a collector with its taps and, around it, a shop of real Envoys."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

from shop import Collector, Network, Pod, Shop

COLLECTOR = os.environ.get("COLLECTOR", "build/src/collector/traffictap-collector")
CLI = pathlib.Path(COLLECTOR).parents[1] / "cli/kubectl-traffictap"
FLUSH_SECONDS = 1  # of the shop's Envoys
FRONTEND, CART, STOCK = Pod("frontend", 1), Pod("cart", 2), Pod("stock", 5, retries=2)
FAST = Pod("fast", 20, instant=True)


def file_output(path, name="disk", **spec):
    return {"name": name, "type": "File", "file": {"path": path}, **spec}


def tap(name, outputs=None, namespace="shop", **spec):
    """A TrafficTap; JSON is YAML too."""
    return {"apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"pairing": {"window": "3s"}, "outputs": outputs or [file_output(f"{name}.jsonl")], **spec}}


def wait_until(what, condition, seconds=30):
    """Returns the first true value of `condition`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.05)


class Stage:
    """Use it in a `with`: everything it starts ends there. Its files stay where a test failed."""

    def __init__(self, *taps, pods=(FRONTEND, CART, FAST), mtls=False, options=(), shop=True,
                 stdout=subprocess.DEVNULL, network=None):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-"))
        self.taps = self.work / "taps"
        self.taps.mkdir()
        for one in taps:
            self.put(one)
        self.network, self.shop, self.collector = network or Network(), None, None
        try:
            self.collector = Collector(COLLECTOR, self.taps, self.work, self.network, stdout, options)
            if shop:
                self.shop = Shop(self.collector, self.work, mtls, pods)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            print(f"     the files of this test: {self.work}")

    def close(self):
        if self.shop:
            self.shop.stop()
        if self.collector:
            self.collector.stop()
        self.network.close()

    def put(self, one):
        """Adds or changes a tap, as a whole at once."""
        path = self.taps / f"{one['metadata']['name']}.yaml"
        path.with_suffix(".new").write_text(json.dumps(one))
        path.with_suffix(".new").rename(path)

    def remove(self, name):
        (self.taps / f"{name}.yaml").unlink()

    def lines(self, path="all.jsonl"):
        file = self.collector.output / path
        return file.read_text().splitlines(keepends=True) if file.exists() else []

    def records(self, path="all.jsonl"):
        """Every line must be whole and be JSON."""
        return [json.loads(line) for line in self.lines(path) if line.endswith("\n") or not self.fail_torn(line)]

    @staticmethod
    def fail_torn(line):
        raise AssertionError(f"a torn line: {line!r}")

    def settle(self, seconds=40):
        """Waits until all that the Envoys flushed is in the collector's books, joined and delivered, and nothing new
        comes. Envoy counts logs_written for HTTP alone, so what a TCP proxy still buffers only time can tell."""
        state = {"quiet_since": time.monotonic()}

        def quiet():
            sent, metrics = self.shop.entries_sent(), self.collector.metrics()
            if sent != state.get("sent"):
                state.update(sent=sent, quiet_since=time.monotonic())
            state.update(received=metric(metrics, "entries_received_total"),
                         kept=metric(metrics, "entries_kept_total"), joined=metric(metrics, "join_kept_total"),
                         waiting=metric(metrics, "waiting"), queued=metric(metrics, "output_queued"))
            return (state["received"] == sent["flushed"] >= sent["written"] - sent["dropped"] - sent["failed"]
                    and state["joined"] == state["kept"] and state["waiting"] == 0 and state["queued"] == 0
                    and time.monotonic() - state["quiet_since"] > 2 * FLUSH_SECONDS)

        try:
            wait_until("all entries are joined and written", quiet, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {state}") from None

    def settle_after_loss(self):
        """The same after a restart, where the collector's books began anew."""

        def quiet():
            metrics = self.collector.metrics()
            return (metric(metrics, "join_kept_total") == metric(metrics, "entries_kept_total")
                    and metric(metrics, "waiting") == metric(metrics, "output_queued") == 0)

        time.sleep(2 * FLUSH_SECONDS)
        wait_until("all that came is joined and written", quiet)


def count_lines(path):
    """Of a file that may be larger than what a test should hold in memory."""
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def status_of(pid, field):
    """A number of /proc/PID/status; of memory, kB."""
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def check_counters(metrics):
    """Raises unless the collector's counters add up."""

    def total(name):
        return sum(v for k, v in metrics.items() if k.split("{")[0] == f"traffictap_{name}")

    def check(left, right, what):
        if left != right:
            raise AssertionError(f"counters out of balance: {what}: {left} != {right}")

    check(total("entries_received_total"),
          total("entries_kept_total") + total("entries_filtered_total") + total("entries_sampled_total") + total("entries_stale_total")
          + total("entries_rejected_total"), "received = kept + filtered + sampled + rejected")
    check(total("join_kept_total"),
          2 * total("pairs_total") + total("retries_total") + total("orphans_total") + total("duplicates_total")
          + total("open_total") + total("intermediate_total") + total("waiting"), "kept = 2 pairs + retries + orphans + …")
    check(total("tap_records_total"),
          sum(total(f"tap_records_{k}_total")
              for k in ("offered", "filtered", "sampled", "dropped_orphans", "limited", "match_over_budget")),
          "records of the taps")
    check(total("output_offered_total") + total("output_recovered_total"),
          total("output_delivered_total") + total("output_dropped_total") + total("output_queued")
          + total("output_kept_total"), "offered + recovered = delivered + dropped + queued + kept")


def metric(metrics, name, **labels):
    """The sum over all series that have these labels."""
    wanted = [f'{k}="{v}"' for k, v in labels.items()]
    return sum(value for key, value in metrics.items()
               if key.split("{")[0] == f"traffictap_{name}" and all(w in key for w in wanted))


def sides(record):
    """How many log entries a record is made of."""
    return ("client" in record) + len(record.get("server", []))


class Load:
    """Requests to the instant application until stop(), about `rate` a second."""

    def __init__(self, shop, rate=1000, connections=2):
        self.shop, self.pause, self.answered = shop, 100 * connections / rate, [0] * connections
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(connections)]
        for thread in self.threads:
            thread.start()

    def run(self, index):
        due = time.monotonic()
        while not self.ended.is_set():
            self.answered[index] += self.shop.load("fast", 100)
            due = max(due + self.pause, time.monotonic() - 1)
            self.ended.wait(max(0, due - time.monotonic()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Returns how many requests were answered."""
        self.ended.set()
        for thread in self.threads:
            thread.join()
        return sum(self.answered)
