"""make demo: a real mesh, the operator, the collector, `kubectl apply` of a TrafficTap, and the pairs that come out."""

import argparse
import itertools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "shop")]

from installation import NODE, ROOT, ROUTES, Collector, Operator, create_crds
from mesh import Mesh, shop
from mesh.processes import wait_until
from present import Printed
from taps import Taps

SAMPLE = ROOT / "crds" / "samples" / "everything.yaml"


def say(text):
    print(text, flush=True)


def drive(mesh, ended):
    calls = itertools.cycle(
        [
            lambda: mesh.call("shop/client", "http://frontend/catalog", headers={"User-Agent": "curl/7.88.1"}),
            lambda: mesh.call("shop/client", "http://frontend/catalog?token=secret"),
            lambda: mesh.call("shop/client", "http://flaky/stock"),
            lambda: mesh.call("shop/client", "http://payments/pay", method="POST"),
            lambda: mesh.call("shop/client", "http://frontend/report?code=500"),
            lambda: mesh.call("shop/client", "http://legacy/book"),
            lambda: mesh.call("shop/client", "http://frontend/slow?delay=2", timeout=0.3),
            lambda: mesh.call("shop/legacy", "http://shop-istio/catalog/from-outside"),
        ]
    )
    while not ended.is_set():
        try:
            next(calls)()
        except OSError:
            pass  # a caller that gives up, or that the mesh does not let in, is part of the show
        time.sleep(0.2)


def wait_until_ready(mesh):
    """As a user would: the tap's own condition says when it captures."""
    done = mesh.kubectl("-n", "shop", "wait", "--for=condition=Ready", "ttap/everything", "--timeout=60s")
    say(f"$ kubectl wait --for=condition=Ready ttap/everything\n{done}")


def end_after(seconds, ended):
    time.sleep(seconds)
    ended.set()
    time.sleep(6)  # what waits for its other side comes out
    os.kill(os.getpid(), signal.SIGINT)


def run(mesh, seconds, printed):
    say("Starting the mesh: API server, istiod, nine pods of a shop with real Envoys (mTLS) ...")
    mesh.up()
    shop.deploy(mesh)
    say("Installing TrafficTap: three kinds, the operator, the collector ...")
    create_crds(mesh)
    Operator(mesh).start()
    collector = Collector(mesh, "--routes", f"{NODE}:{ROUTES}", stdout=subprocess.PIPE).start()
    say(f"$ kubectl apply -f {SAMPLE.relative_to(ROOT)}\n{mesh.apply(SAMPLE)}")
    wait_until_ready(mesh)
    ended = threading.Event()
    threading.Thread(target=drive, args=(mesh, ended), daemon=True).start()
    if seconds:
        threading.Thread(target=end_after, args=(seconds, ended), daemon=True).start()
    try:
        for line in collector.process.stdout:
            printed.take(line)
    except KeyboardInterrupt:
        ended.set()
    finish(mesh, collector, printed)


def finish(mesh, collector, printed):
    printed.summary()
    say("\n$ kubectl get ttap -A\n" + mesh.kubectl("get", "ttap", "-A"))
    kept = ROOT / "out" / "everything.jsonl"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text((collector.records.directory / "shop" / "everything.jsonl").read_text())
    say(f"$ kubectl delete -f {SAMPLE.relative_to(ROOT)}\n{mesh.kubectl('delete', '-f', SAMPLE)}")
    wait_until(lambda: not Taps(mesh, collector).patches(), "the patches are gone", 30)
    say("No EnvoyFilter is left in the mesh.")
    say(f"All records:  {kept.relative_to(ROOT)}")
    say(f"To read them: jq 'select(.request.userAgent==\"curl/7.88.1\") | .source.name' {kept.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    printed = Printed()
    mesh = Mesh(f"demo-{os.getpid()}")
    try:
        run(mesh, options.seconds, printed)
    except KeyboardInterrupt:
        pass
    finally:
        mesh.down()
    if not printed.total():
        sys.exit("no record came")
    say("Everything that the demo started has ended.")


main()
