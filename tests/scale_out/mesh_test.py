# SPDX-License-Identifier: Apache-2.0
"""The chart's receivers, pairers and reader on a real mesh: one of each is killed while somebody watches."""
import os
import unittest

from mesh import Mesh
from mesh.processes import wait_until
from mesh.shop import NETWORK_GATEWAYS
from on_mesh import INSTALL, VIEW, Driver, ScaledOut, write_certificates
from plugin import Plugin
from terminal import ROOT, Terminal

AT_LEAST = 100  # requests, so that there is something to lose
MORE = 3  # records that a viewer has to get before the next thing happens


@unittest.skipUnless(os.geteuid() == 0, "a mesh needs root")
class OnAMesh(unittest.TestCase):
    def setUp(self):
        self.stage = ScaledOut(Mesh.for_tests("-scale"))
        self.addCleanup(self.down)
        self.stage.up()
        self.terminal = Terminal(self.stage.mesh, "scale", helm=True)
        write_certificates(self.terminal.home)

    def down(self):
        failed = not self._outcome.success
        self.stage.down(keep_logs=failed)
        if failed:
            print(f"     the logs of this test: {self.stage.mesh.state}-logs")

    def run_line(self, line):
        code, output, errors = self.terminal.run(["bash", "-c", line], ROOT)
        self.assertEqual(code, 0, f"{line}\n{output}{errors}")

    def test_every_request_comes_out_whoever_is_killed_while_one_watches(self):
        for line in INSTALL:
            self.run_line(line)
        between = f"catalog.shop.svc.cluster.local::{NETWORK_GATEWAYS['west']}:15443"
        wait_until(lambda: between in self.stage.mesh.envoy_admin("shop/frontend", "/clusters"), "a gateway leads to the catalog", 30)
        driver = Driver(self.stage.mesh, self.stage.ledger)
        driver.start()
        view = Plugin(self.stage.mesh).start(*VIEW, "-o", "json")
        self.more(view, "records come")
        logs = [self.stage.kill("receiver", self.run_line)]
        self.more(view, "records come without a receiver")
        logs.append(self.stage.kill("pairer", self.run_line))
        view.until_said("records are missing of the pairers")
        view.until_said("all pairers answer again")
        self.more(view, "records come again")
        driver.stop()
        self.assertEqual(view.signal().wait(30), 130, view.errors)
        for log in logs:  # they had no time to hand anything over
            self.assertNotIn("collector stopped", log.read_text())
        report = self.stage.report()
        for line in report.lines():
            print(f"     {line}")
        self.assertEqual(report.faults, [])
        self.assertGreater(report.requests, AT_LEAST)

    def more(self, view, what):
        wanted = len(view.lines) + MORE
        view.until(lambda: len(view.lines) >= wanted, what)
