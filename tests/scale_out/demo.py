# SPDX-License-Identifier: Apache-2.0
"""make demo-scale: a real mesh of two networks and a real Kafka, `helm install` with receivers, pairers and a reader, a TrafficTap, and what
`kubectl traffictap tap` shows while one of each is killed. Every command that is printed is run as it stands. At the end a
ledger of all that was sent is held against what came out."""

import argparse
import os
import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), *(str(TESTS / name) for name in ("e2e", "integration", "kafka", "shop"))]

from mesh import Mesh
from on_mesh import INSTALL, NAMESPACE, VIEW, Driver, ScaledOut, write_certificates
from shown import Failed, Shown, say, to_the_end

FIRST = 8  # seconds until the receiver is killed, and from then on until the pairer is


def watch(stage, shown, seconds):
    """One of each is killed while the records come."""
    driver = Driver(stage.mesh, stage.ledger)
    driver.start()
    view = shown.start("kubectl traffictap " + " ".join(f"'{word}'" if "[" in word else word for word in VIEW))
    try:
        for role in ("receiver", "pairer"):
            time.sleep(FIRST)
            stage.kill(role, shown.run)
        time.sleep(max(seconds - 2 * FIRST, 0))
    finally:
        code = shown.interrupt(view)
        driver.stop()
    if code:
        raise Failed(f"kubectl traffictap ended with {code}")


def show(stage, seconds):
    shown = Shown(stage.mesh)
    write_certificates(shown.home)
    say("\nThe certificates, as cert-manager would make them, are in $HOME of the commands below. The catalog is in the network west, the"
        " client and the frontend are in the network east: a gateway is between them.")
    for line in INSTALL:
        shown.run(line)
    shown.run(f"kubectl get pods -n {NAMESPACE}")
    watch(stage, shown, seconds)
    shown.run(f"kubectl get pods -n {NAMESPACE}")
    say("\nWaiting until nothing is on its way. One-sided records of a receiver that was killed take half a minute.")
    report = stage.report()
    shown.run("kubectl delete -f tests/scale_out/tap.yaml")
    shown.run(f"helm uninstall traffictap -n {NAMESPACE} --wait")
    say("\nThe ledger:")
    for line in report.lines():
        say(f"  {line}")
    if report.faults or not report.whole:
        raise Failed("not every request came out")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=45, help="how long one watches")
    options = parser.parse_args()
    stage = ScaledOut(Mesh(f"demo-scale-{os.getpid()}"))

    def run():
        say("Starting the mesh (API server, istiod, a shop with real Envoys and mTLS) and Apache Kafka ...")
        stage.up()
        show(stage, options.seconds)

    to_the_end(run, stage.down)


main()
