# SPDX-License-Identifier: Apache-2.0
"""The sample shop on the mesh: client -> frontend -> catalog, payments, flaky, legacy, db, and a gateway in front."""

import pathlib
import re

HERE = pathlib.Path(__file__).parent
PODS = 9  # eight deployments of one pod each, and the gateway's
NETWORK_GATEWAYS = {"east": "10.96.77.1", "west": "10.96.77.2"}
PART = ("shop", "client", "client-v1", "frontend", "frontend-v1", "catalog", "catalog-v1")


def deploy(mesh, seconds=400, collector_on_node=True):
    """Applies the shop and returns when every pod of it is ready. The collector's Service leads to the node unless an
    installation brings its own."""
    if collector_on_node:
        mesh.serve_collector_from_node()
    for file in ("workloads", "routes", "gateway"):
        mesh.apply(HERE / f"{file}.yaml")
    mesh.wait_ready("shop", PODS, seconds)


def deploy_part(mesh, seconds=300, networks=None):
    """client -> frontend -> catalog v1 alone, all with sidecars, and no Service of the collector. `networks`: {app: network of
    Istio's}; each network gets a gateway, and what is in another one is reached by way of it."""
    networks = networks or {}
    for network in sorted(set(networks.values())):
        text = (HERE / "network_gateway.yaml").read_text()
        mesh.apply(text.replace("NETWORK", network).replace("ADDRESS", NETWORK_GATEWAYS[network]))
    named = ((re.search(r"^metadata: \{name: ([\w-]+)", text, re.M), text)
             for text in (HERE / "workloads.yaml").read_text().split("---\n"))
    text = "---\n".join(text for name, text in named if name and name[1] in PART)
    for app, network in networks.items():
        pods = f"    metadata: {{labels: {{app: {app}, "
        assert pods in text, f"{app} is none of {PART}"
        text = text.replace(pods, f"{pods}topology.istio.io/network: {network}, ")
    mesh.apply(text)
    mesh.wait_ready("shop", 3, seconds)
    if networks:
        mesh.wait_ready("istio-system", len(set(networks.values())), seconds)
