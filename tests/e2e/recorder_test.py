# SPDX-License-Identifier: Apache-2.0
"""A flight recorder on a real mesh: errors that Istio injects bring what came before them and after them, and nothing else does."""

import unittest

from callers import Traffic
from installation import install_with_api, remove_with_api, shared_mesh
from mesh.processes import wait_until
from plugin import Plugin
from taps import Taps

NOT_ALLOWED = 4
ABORTS = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: frontend-aborts, namespace: shop}
spec:
  hosts: [frontend]
  http:
  - fault: {abort: {httpStatus: 503, percentage: {value: 50}}}
    route: [{destination: {host: frontend}}]
"""
RECORDER = {"before": "1m", "after": "10s", "size": "4Mi", "triggers": [
    {"name": "errors", "type": "ErrorRatio", "errorRatio": {"ratio": 0.2, "over": "4s", "minRequests": 8}}]}


def setUpModule():
    global mesh, operator, collector, taps, plugin
    mesh = shared_mesh()
    operator, collector = install_with_api(mesh)
    taps = Taps(mesh, collector)
    plugin = Plugin(mesh)
    plugin.add_user("dumper", "traffictap-dumper")
    plugin.add_user("looker", "traffictap-viewer")
    # The client's side tells of the aborts: they are its proxy's.
    taps.apply("flight", targets=[{"kind": "Workload", "name": "client-v1"}], pairing={"window": "500ms"}, recorder=RECORDER)


def tearDownModule():
    taps.delete_all()
    remove_with_api(mesh, operator, collector)


def dumps():
    return taps.status("flight").get("dumps", [])


def held():
    return collector.counters().get('traffictap_tap_recorder_records{tap="shop/flight"}', 0)


def numbers():
    paths = (record["request"].get("path", "") for record in collector.records.all(taps.file("flight")))
    return sorted(int(path[1:]) for path in paths if path[1:].isdigit())


class Recorder(unittest.TestCase):
    def test_1_errors_of_five_seconds_make_one_dump_with_what_came_before_and_after(self):
        load = Traffic(mesh, "http://frontend/{n}", pause=0.1).start()
        self.addCleanup(load.stop)
        wait_until(lambda: held() >= 10, "the recorder holds records", 30)
        self.assertEqual(numbers(), [])
        calm = len(load.codes)
        mesh.apply(ABORTS)
        self.addCleanup(mesh.kubectl, "delete", "virtualservice", "-n", "shop", "frontend-aborts", "--ignore-not-found")
        wait_until(lambda: load.codes.count(503) >= 12, "half of the requests are aborted", 30)
        mesh.kubectl("delete", "virtualservice", "-n", "shop", "frontend-aborts")
        wait_until(lambda: [dump["state"] for dump in dumps()] == ["Written"], "one dump is written", 30)
        written = numbers()
        last_abort = max(i for i, code in enumerate(load.codes) if code == 503)
        # The tap began while calls were under way: from its first record on nothing is missing.
        self.assertEqual(written, list(range(written[0], written[-1] + 1)))
        self.assertLess(written[0], calm)
        self.assertGreater(written[-1], last_abort)
        self.assertEqual(dumps()[0]["trigger"], "errors")
        self.assertEqual(dumps()[0]["records"], len(written))
        self.assertEqual(dumps()[0]["gap"], 0)
        events = ("get", "events", "-n", "shop", "--field-selector=reason=Dumped", "-o", "jsonpath={.items[*].message}")
        wait_until(lambda: "dump by errors" in mesh.kubectl(*events), "an Event tells it", 20)

    def test_2_a_dump_is_made_for_those_who_may_ask_for_one(self):
        mesh.call("shop/client", "http://frontend/asked-for")
        wait_until(lambda: held() > 0, "the recorder holds the call", 30)
        self.assertEqual(plugin.run("dump", "flight", "-n", "shop", user="looker").code, NOT_ALLOWED)
        run = plugin.run("dump", "flight", "-n", "shop", "--before", "1m", "--after", "1s", user="dumper")
        self.assertEqual((run.code, run.output), (0, "dump of shop/flight asked for"), run.errors)
        taps.records("flight", path="/asked-for")
        self.assertNotEqual(plugin.run("dump", "nobody", "-n", "shop", user="dumper").code, 0)

    def test_3_a_collector_that_is_killed_loses_what_it_held_and_the_next_dump_says_so(self):
        def holds():
            mesh.call("shop/client", "http://frontend/held")
            return held() > 0

        wait_until(holds, "the recorder holds the call", 30)
        collector.kill()
        collector.start()
        wait_until(holds, "it holds records again", 60)
        ask = ("dump", "flight", "-n", "shop", "--before", "1m", "--after", "1s")
        # The API server may take the collector for one that is away, for as long as it does not look again.
        wait_until(lambda: plugin.run(*ask, user="dumper").code == 0, "a dump is asked for", 60)

        def told():
            messages = [dump.get("message", "") for dump in dumps() if dump["state"] == "Written"]
            return any("lost with a restart of the collector" in message for message in messages)

        wait_until(told, "the dump says what is missing", 30)
