# SPDX-License-Identifier: Apache-2.0
"""The APIService of the live records is there only while a collector serves: whatever becomes of the collector, namespaces
can be deleted. On a real API server, with its own garbage collector and namespace controller."""

import signal
import time
import unittest

from installation import API_SERVICE, RIGHTS, Collector, Operator, create_crds, remove_api_service, shared_mesh
from mesh.processes import wait_until

REMOVE_AFTER = 5
# The API server looks at an APIService every 30 s, the operator every 5 s; a namespace is tried again within 60 s.
SECONDS = 45 + REMOVE_AFTER
DELETED_SECONDS = SECONDS + 60


def setUpModule():
    global mesh, operator, collector
    mesh = shared_mesh()
    create_crds(mesh)
    operator = Operator(mesh)
    operator.args += ["--api-remove-after", f"{REMOVE_AFTER}s"]
    operator.start()
    collector = Collector(mesh, *operator.discovery()).with_api()


def tearDownModule():
    collector.kill()
    operator.stop()
    remove_api_service(mesh)


def registered():
    return mesh.kubectl("get", "apiservice", API_SERVICE, "--ignore-not-found", "-o", "name") != ""


def delete_a_namespace(name, seconds):
    """Returns after how long it is gone."""
    mesh.kubectl("create", "namespace", name)
    begin = time.monotonic()
    mesh.kubectl("delete", "namespace", name, f"--timeout={seconds}s")
    return time.monotonic() - begin


class Registration(unittest.TestCase):
    def setUp(self):
        collector.start()
        collector.wait_served()

    def test_a_collector_that_stops_takes_it_out_itself(self):
        self.assertLess(delete_a_namespace("while-it-serves", 30), 30)
        collector.stop()
        self.assertFalse(registered())
        delete_a_namespace("after-the-stop", 30)

    def test_of_a_collector_that_was_killed_the_operator_takes_it_out(self):
        collector.kill()
        self.assertTrue(registered())
        took = delete_a_namespace("after-the-kill", DELETED_SECONDS)
        print(f"     a namespace was deleted {took:.0f} s after the collector was killed")
        # Until the API server has noticed, the namespace is deleted as if nothing were missing.
        wait_until(lambda: not registered(), "the operator has removed it", SECONDS)

    def test_of_one_that_hangs_too_and_it_comes_back_with_the_collector(self):
        collector.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: not registered(), "the operator has removed it", 2 * SECONDS)
        finally:
            collector.process.send_signal(signal.SIGCONT)
        collector.wait_served()

    def test_it_goes_with_the_installation_whatever_runs(self):
        operator.stop()
        try:
            collector.kill()
            mesh.kubectl("delete", "clusterrole", "traffictap-collector")
            wait_until(lambda: not registered(), "the garbage collector has removed it", SECONDS)
        finally:
            mesh.apply(RIGHTS)
            operator.start()
