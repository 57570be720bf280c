# SPDX-License-Identifier: Apache-2.0
"""Watches that stay open and carry nothing, as half-open connections do."""

import time
import unittest

from installation import install, shared_mesh
from taps import Taps


def setUpModule():
    global operator, collector, gate, taps
    mesh = shared_mesh()
    operator, collector, gate = install(mesh)
    taps = Taps(mesh, collector)


def tearDownModule():
    gate.thaw()
    taps.delete_all()
    operator.kill()
    collector.kill()
    gate.close()


class Silence(unittest.TestCase):
    def test_a_watch_that_falls_silent_is_given_up_and_followed_again(self):
        taps.apply("heard")
        gate.freeze()
        start = time.monotonic()
        taps.apply("heard-later", wait=None)
        # An API server that is away is no reason to restart the operator.
        for _ in range(20):
            self.assertEqual(operator.get(operator.http, "/healthz"), "ok\n")
            time.sleep(1)
        # Silent for 80 s, it counts as gone; 20 of them are over.
        taps.wait("heard-later", "Ready", seconds=85)
        print(f"     followed again {time.monotonic() - start:.0f} s after the watches fell silent")
        self.assertGreater(time.monotonic() - start, 30, "nothing was silent")


if __name__ == "__main__":
    unittest.main()
