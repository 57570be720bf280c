# SPDX-License-Identifier: Apache-2.0
"""Two operators on one API server: the one that waits takes over, and two that both believe to lead harm nobody."""

import json
import time
import unittest

import api_gate
from api_gate import ApiGate
from installation import Operator, create_crds, shared_mesh
from mesh.api import path_of
from mesh.processes import wait_until
from taps import Taps

# A lease of 15 s, tried for every 2 s.
TAKEN_OVER_SECONDS = 20


def setUpModule():
    global mesh, gate, first, second, taps
    mesh = shared_mesh()
    create_crds(mesh)
    gate = ApiGate(mesh)
    first = Operator(mesh, api_gate.PORT)
    second = Operator(mesh, name="second-operator", discovery=9913, http=9914)
    taps = Taps(mesh, None)


def tearDownModule():
    gate.close()


def versions():
    """Of the patches: whoever writes one makes another."""
    items = mesh.api.get(path_of("envoyfilters", "shop", group="networking.istio.io", version="v1alpha3"))["items"]
    return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}


class TwoOperators(unittest.TestCase):
    def tearDown(self):
        gate.refuse = None
        first.stop()
        if not second.running():
            second.start()
        taps.delete_all()
        second.stop()
        for operator in (first, second):
            operator.args = [arg for arg in operator.args if arg != "--no-leader-election"]

    def test_a_leader_that_is_cut_off_is_followed_by_the_other_one(self):
        first.start()
        wait_until(first.leads, "the first leads", 60)
        second.start()
        taps.apply("before", wait="Programmed")
        self.assertFalse(second.leads())
        gate.refuse = lambda *_: 503
        gate.cut()
        start = time.monotonic()
        wait_until(lambda: not first.leads(), "the first stops leading", TAKEN_OVER_SECONDS)
        wait_until(second.leads, "the second leads", TAKEN_OVER_SECONDS)
        print(f"     the second leads {time.monotonic() - start:.0f} s after the first was cut off")
        taps.apply("after", wait="Programmed")
        gate.forget()
        gate.refuse = None
        gate.cut()
        time.sleep(5)  # what must not come has no event to wait for
        self.assertFalse(first.leads())
        self.assertEqual(gate.writes("envoyfilters") + gate.writes("/status"), [])

    def test_two_that_both_lead_write_nothing_against_each_other(self):
        for operator in (first, second):
            operator.args.append("--no-leader-election")
            operator.start()
        taps.apply("both", wait="Programmed")
        before = versions()
        self.assertTrue(before)
        time.sleep(5)  # what must not come has no event to wait for
        self.assertEqual(versions(), before)
        # Of an edit both make the same, and rest again.
        taps.apply("both", wait="Programmed", capture={"requestHeaders": ["x-both"]})
        wait_until(lambda: "x-both" in json.dumps(taps.patch_specs()), "the edit is in the mesh", 30)
        time.sleep(2)
        after = versions()
        self.assertNotEqual(after, before)
        time.sleep(5)
        self.assertEqual(versions(), after)
