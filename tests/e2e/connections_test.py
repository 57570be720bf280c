# SPDX-License-Identifier: Apache-2.0
"""What a tap does to connections that are open, with real proxies at both ends. This is the short form; connections_report.py
waits for all that a drain does, and writes it into the documents."""

import datetime
import http.client
import time
import unittest

from held import HOLDER, NAMESPACE, PORTS, Calls, Held, Place
from installation import install, shared_mesh
from mesh.processes import wait_until

WATCH_SECONDS = 5  # what must not happen has no event to wait for; a drain tells HTTP to go at once
FIRST_RECORD_SECONDS = 1
TRIES = 4
WAITING_BYTES = 512 * 1024  # in all streams of a proxy with one worker


def setUpModule():
    global mesh, operator, collector, gate, place, taps
    mesh = shared_mesh()
    operator, collector, gate = install(mesh)
    place = Place(mesh, collector)
    place.attach("Standing")  # before anything uses the sidecars, so that nothing of them is on its way out
    taps = place.taps


def tearDownModule():
    place.remove()
    operator.kill()
    collector.kill()
    gate.close()


def streams():
    """(open, paused)"""
    counters = collector.counters()
    return counters.get("traffictap_als_streams", 0), counters.get("traffictap_als_streams_paused", 0)


def started_at(record):
    """Seconds since 1970, by the reporter's clock, which is ours."""
    return datetime.datetime.fromisoformat(record["timings"]["startTime"]).timestamp()


def is_whole(record):
    return bool(record.get("client") and record.get("server"))


def counted(which, pattern):
    """The sum of a proxy's counters that match."""
    return sum(mesh.envoy_stats(which, pattern).values())


def call_often(count):
    connection = http.client.HTTPConnection("server", PORTS["HTTP/1.1"], timeout=10)
    connection.sock = mesh.connect(HOLDER, "server", PORTS["HTTP/1.1"])
    for _ in range(count):
        connection.request("GET", "/held/often")
        connection.getresponse().read()
    connection.close()


class Standing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.held, cls.calls = Held(place), Calls(mesh)
        wait_until(lambda: streams()[0] > 0 and streams()[0] == streams()[1], "nobody's stream is read", 60)

    @classmethod
    def tearDownClass(cls):
        cls.calls.stop()
        if cls.held:
            cls.held.end()

    def tearDown(self):
        taps.delete_all(patches=False)

    def test_a_tap_comes_and_goes_and_no_connection_notices(self):
        before, begin, firsts = place.listeners(), time.time(), []
        for number in range(TRIES):
            firsts.append(place.first_record(f"brief-{number}"))
            taps.delete(f"brief-{number}")
            wait_until(lambda: streams()[0] == streams()[1], "nobody's stream is read", 30)
        time.sleep(WATCH_SECONDS)
        self.held.wait_alive()
        self.assertEqual(self.held.troubles(begin) + self.calls.failed, [])
        after = place.listeners()
        for pod in before:
            changed = {name: count for name, count in after[pod].items() if count > before[pod][name]}
            self.assertEqual(changed, {}, pod)
        print("     first record after " + ", ".join(f"{seconds:.2f}" for seconds in firsts) + " s")
        # The machine may be busy with other tests; what no machine can do is to be faster than it is.
        self.assertLess(min(firsts), FIRST_RECORD_SECONDS)

    def test_b_requests_of_open_connections_come_whole(self):
        place.first_record("whole")
        since = time.time() + 1
        time.sleep(WATCH_SECONDS)
        until = time.time() - 2
        found = [r for r in taps.matching("whole") if since < started_at(r) < until]
        self.assertGreater(len(found), 20)
        halves = [r for r in found if not is_whole(r)]
        self.assertEqual(halves, [], f"{len(halves)} of {len(found)}")
        paths = {r["request"]["path"] for r in found}
        self.assertEqual(paths, {"/held/driven", "/held/http1", "/held/http2"})
        self.assertEqual({r["verdict"] for r in found}, {"Ok"})

    def test_c_a_proxy_that_is_not_read_keeps_little(self):
        wait_until(lambda: streams()[0] == streams()[1], "nobody's stream is read", 30)
        before = counted(HOLDER, "grpc_access_log.logs_dropped")
        for _ in range(10):
            call_often(300)
            if counted(HOLDER, "grpc_access_log.logs_dropped") > before:
                break
        else:
            self.fail("it has kept 3000 entries")
        self.assertLess(counted(HOLDER, "traffictap-collector.*pending_send_bytes"), WAITING_BYTES)

    def test_d_a_restarted_collector_finds_the_proxies_again(self):
        place.first_record("kept")
        collector.stop()
        collector.start()
        wait_until(lambda: streams()[0] > 0, "streams are there again", 60)
        begin = time.time()
        wait_until(lambda: any(started_at(r) > begin and is_whole(r) for r in taps.matching("kept")),
                   "pairs come again", 60)

    def test_e_long_lived_ones_that_were_there_before_are_seen_as_they_end(self):
        place.create("late", match={"protocols": ["HTTP/1.1", "HTTP/2", "TCP"]})
        taps.wait("late", "Ready")
        held, type(self).held = self.held, None
        held.end()
        taps.records("late", 30, path="/held/websocket")
        taps.records("late", 30, path="/held.Held/Watch")
        wait_until(lambda: any(r["request"].get("protocol") == "TCP" and is_whole(r) for r in taps.matching("late")),
                   "the TCP connection is a pair", 30)


class Unattached(unittest.TestCase):
    """The measure of the tests above: what they say did not happen is seen here."""

    def test_the_end_of_the_attachment_and_a_tap_on_demand_tell_http_to_go(self):
        held = Held(place)
        self.addCleanup(held.end)
        for number, change in enumerate((lambda: place.attach("OnDemand", settle=False), lambda: place.create("demand"))):
            before, begin = place.listeners(), time.time()
            change()
            for kind in ("HTTP/1.1", "HTTP/2"):
                wait_until(lambda k=kind, at=begin: held.happened("told", k, at), f"{kind} is told to go, {number}", 60)
            self.assertNotEqual(place.listeners(), before)
            wait_until(lambda n=number: bool(taps.patches(NAMESPACE)) == bool(n), "the patches are as they should be", 30)
            held.wait_alive()


if __name__ == "__main__":
    unittest.main()
