# SPDX-License-Identifier: Apache-2.0
"""make demo: a real mesh, `helm install`, `kubectl apply` of a TrafficTap, and what `kubectl traffictap` shows of it. Every
command that is printed is run as it stands."""

import argparse
import itertools
import os
import pathlib
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]

from installation import NAMESPACE, ROOT
from mesh import Mesh, shop
from mesh.processes import wait_until
from shown import Failed, Shown, say, to_the_end
from taps import Taps

SAMPLE = "crds/samples/everything.yaml"
RECORDS = "root/volumes/records/shop/everything.jsonl"


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


def keep_records(mesh):
    """Out of the collector's volume; how many there are."""
    pod = next(p for p in mesh.pods(NAMESPACE) if p.labels.get("app.kubernetes.io/name") == "traffictap-collector")
    kept = ROOT / "out" / "everything.jsonl"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text((mesh.state / "pods" / pod.key / RECORDS).read_text())
    return kept.relative_to(ROOT), len(kept.read_text().splitlines())


def show(mesh, seconds):
    shown = Shown(mesh)
    shown.run(f"helm install traffictap charts/traffictap -n {NAMESPACE} --create-namespace --wait --timeout 3m --hide-notes"
              " --set operator.patchGrace=0s")
    shown.run(f"kubectl apply -f {SAMPLE}")
    shown.run("kubectl wait -n shop --for=condition=Ready ttap/everything --timeout=60s")
    ended = threading.Event()
    threading.Thread(target=drive, args=(mesh, ended), daemon=True).start()
    shown.run("kubectl traffictap attach everything -n shop", seconds)
    shown.run("kubectl traffictap top -n shop --once")
    say("\nA temporary tap, deleted when the command ends:")
    shown.run("kubectl traffictap tap frontend-v1 -n shop --with-peers --response-code 500,599 --max 2")
    shown.run("kubectl traffictap list -n shop")
    ended.set()
    kept, count = keep_records(mesh)
    shown.run(f"kubectl delete -f {SAMPLE}")
    wait_until(lambda: not Taps(mesh, None).patches(), "the patches are gone", 30)
    say("No EnvoyFilter is left in the mesh.")
    shown.run(f"helm uninstall traffictap -n {NAMESPACE} --wait")
    say(f"\n{count} records are kept in {kept}. To read them:")
    say(f"  jq 'select(.request.userAgent==\"curl/7.88.1\") | .source.name' {kept}")
    if not count:
        raise Failed("no record came")


def run(mesh, seconds):
    say("Starting the mesh: API server, istiod, nine pods of a shop with real Envoys (mTLS) ...")
    mesh.up()
    shop.deploy(mesh, collector_on_node=False)
    show(mesh, seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    mesh = Mesh(f"demo-{os.getpid()}")
    to_the_end(lambda: run(mesh, options.seconds), mesh.down)


main()
