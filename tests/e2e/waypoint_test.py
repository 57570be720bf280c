# SPDX-License-Identifier: Apache-2.0
"""A waypoint of a real istiod, and what our EnvoyFilter makes of its configuration. There is no ztunnel, so that no request
comes to it: that records come out is not shown here."""

import json
import unittest

from installation import ROOT
from mesh import Mesh
from mesh.processes import wait_until

RENDERED = ROOT / "tests/operator/golden/waypoint-envoy-filter.objects.yaml"
CLUSTER = "outbound|9811||traffictap-collector.traffictap-system.svc.cluster.local"
OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {selector: {app: catalog}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 5432}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {istio.io/waypoint-for: service}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
"""


def setUpModule():
    global mesh
    mesh = Mesh.for_tests("-ambient", ambient=True).up()
    mesh.serve_collector_from_node()
    mesh.apply(OBJECTS)


def tearDownModule():
    mesh.down()


def waypoint():
    """The pod that istiod has made of the Gateway, once its proxy is connected; else nothing."""
    for proxy in json.loads(mesh.istiod("/debug/syncz?namespace=shop")):
        if proxy["proxy"].startswith("waypoint-"):
            return proxy
    return None


def generated():
    """What istiod has for the waypoint: {name of a listener: its JSON}, and the names of its clusters."""
    dump = json.loads(mesh.istiod(f"/debug/config_dump?proxyID={waypoint()['proxy']}"))
    listeners, clusters = {}, set()
    for config in dump["configs"]:
        for item in config.get("dynamic_listeners", config.get("dynamicListeners", [])):
            listener = item.get("active_state", item.get("activeState", {}))["listener"]
            listeners[listener["name"]] = json.dumps(listener)
        for item in config.get("dynamic_active_clusters", config.get("dynamicActiveClusters", [])):
            clusters.add(item["cluster"]["name"])
    return listeners, clusters


class Waypoint(unittest.TestCase):
    def test_an_envoy_filter_by_target_refs_reaches_the_requests_and_the_collector_and_no_tunnel(self):
        wait_until(waypoint, "the waypoint is connected", 120)
        self.assertNotIn("http_grpc", "".join(generated()[0].values()))
        rendered = json.loads(mesh.kubectl("create", "--dry-run=client", "-o", "json", "-f", RENDERED))
        del rendered["metadata"]["ownerReferences"]  # the tap is not there
        mesh.apply(json.dumps(rendered))
        wait_until(lambda: "access_loggers.http_grpc" in generated()[0]["main_internal"], "the requests are logged", 60)
        listeners, clusters = generated()
        self.assertIn(CLUSTER, clusters)
        self.assertIn("x-tenant", listeners["main_internal"])
        for name, text in listeners.items():
            self.assertEqual("access_loggers.http_grpc" in text, name == "main_internal", name)
