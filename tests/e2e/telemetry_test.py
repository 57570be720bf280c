# SPDX-License-Identifier: Apache-2.0
"""Proxies that are attached by Telemetry, where EnvoyFilter is forbidden: the HTTP provider alone tells of everything."""

import unittest

from installation import collect_by_hand, shared_mesh
from mesh.processes import wait_until

ALL = "shop/telemetry.jsonl"
TELEMETRY = """
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: attached, namespace: shop}
spec: {accessLogging: [{providers: [{name: traffictap}]}]}
"""


def setUpModule():
    global mesh, collector
    mesh = shared_mesh()
    pods = ("shop/client", "shop/catalog", "shop/db")
    collector = collect_by_hand(mesh, "telemetry", TELEMETRY, "http_envoy_accesslog", pods)


def tearDownModule():
    mesh.kubectl("-n", "shop", "delete", "telemetry", "attached")
    collector.stop()


def only(seconds=3, **conditions):
    """The one record that matches: what else comes within a window and a flush would be a second one."""
    collector.records.wait_for(ALL, **conditions)
    seen = len(collector.records.all(ALL))
    mesh.call("shop/client", "http://catalog/later")
    collector.records.wait_for(ALL, path="/later", count=1, seconds=20)
    wait_until(lambda: len(collector.records.all(ALL)) > seen, "a later record came", seconds)
    found = collector.records.matching(ALL, **conditions)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} records match {conditions}: {found}")
    return found[0]


class Telemetry(unittest.TestCase):
    def test_a_request_is_one_pair_and_no_connection_beside_it(self):
        # Connections from before the attachment tell of one side or of none.
        def warm():
            mesh.call("shop/client", "http://catalog/warm")
            found = collector.records.matching(ALL, path="/warm")
            ends = {r["destination"].get("name") for r in found if "orphanReason" not in r}
            return {"catalog-v1", "catalog-v2"} <= ends

        wait_until(warm, "both catalogs' requests come as pairs", 60)
        mesh.call("shop/client", "http://catalog/once")
        record = only(source="client-v1", path="/once")
        self.assertEqual((record["verdict"], record["response"]["code"]), ("Ok", 200))
        self.assertNotIn("orphanReason", record)
        tcp = [r for r in collector.records.all(ALL) if r["request"].get("protocol") == "TCP" and "db-v1" not in str(r)]
        self.assertEqual(tcp, [])

    def test_a_connection_is_one_pair(self):
        with mesh.connect("shop/client", "db", 5432) as connection:
            connection.sendall(b"ping\n")
            self.assertTrue(connection.recv(100))
        record = only(source="client-v1", destination="db-v1")
        self.assertEqual(record["request"]["protocol"], "TCP")
        self.assertNotIn("orphanReason", record)


if __name__ == "__main__":
    unittest.main()
