# SPDX-License-Identifier: Apache-2.0
"""The grace time of a patch: taps that follow one another drain the proxies of a workload once, and nothing is left in the end."""

import datetime
import time
import unittest

from held import HOLDER, NAMESPACE, PORTS, SERVER, Place
from installation import Collector, Operator, create_crds, shared_mesh
from mesh.processes import wait_until

GRACE_SECONDS = 30
FLUSH_SECONDS = 1  # that old entries may be taken for new ones: a flush takes 0.2 s, a busy machine adds to it


def setUpModule():
    global mesh, operator, collector, place
    mesh = shared_mesh()
    create_crds(mesh)
    operator = Operator(mesh, grace=f"{GRACE_SECONDS}s").start()
    collector = Collector(mesh, *operator.discovery()).start()
    place = Place(mesh, collector)


def tearDownModule():
    operator.stop()
    collector.kill()
    mesh.kubectl("-n", NAMESPACE, "delete", "envoyfilters", "--all")  # where the test has failed
    place.remove()


def call():
    return mesh.call(HOLDER, f"http://server:{PORTS['HTTP/1.1']}/held/driven").status


def recorded(name):
    """The records of a tap, while it is called again and again."""
    return call() == 200 and place.taps.matching(name)


def paused():
    """Whether nobody's stream is read. A stream is paused with its next message."""
    call()
    counters = collector.counters()
    return counters.get("traffictap_als_streams", 0) == counters.get("traffictap_als_streams_paused", 0) > 0


def started_at(record):
    return datetime.datetime.fromisoformat(record["timings"]["startTime"]).timestamp()


class Grace(unittest.TestCase):
    def test_a_tap_within_the_grace_time_touches_nothing_and_the_patch_goes_after_the_last(self):
        place.create("first")
        wait_until(lambda: recorded("first"), "the first tap records", 90)
        wait_until(lambda: all(place.loggers(pod) for pod in (HOLDER, SERVER)), "both proxies are attached", 60)
        attached = place.listeners()
        place.taps.delete("first")
        wait_until(paused, "its streams are closed", 30)
        self.assertTrue(place.taps.patches(NAMESPACE), "the patch is gone")
        begin = place.create("second")
        wait_until(lambda: recorded("second"), "the second tap records", 30)
        for record in place.taps.matching("second"):
            self.assertGreater(started_at(record), begin - FLUSH_SECONDS, "an entry from before the tap")
        for pod, counters in place.listeners().items():
            changed = {name: count for name, count in counters.items() if count > attached[pod][name]}
            self.assertEqual(changed, {}, pod)
        place.taps.delete("second")
        ended = time.monotonic()
        wait_until(lambda: not place.taps.patches(NAMESPACE), "the patch is gone", GRACE_SECONDS + 60)
        self.assertGreater(time.monotonic() - ended, GRACE_SECONDS / 2)
        wait_until(lambda: not any(place.loggers(pod) for pod in (HOLDER, SERVER)), "the proxies are as before", 120)


if __name__ == "__main__":
    unittest.main()
