# SPDX-License-Identifier: Apache-2.0
"""The sample shop on the mesh: client -> frontend -> catalog, payments, flaky, legacy, db, and a gateway in front."""

import pathlib

HERE = pathlib.Path(__file__).parent
PODS = 9  # eight deployments of one pod each, and the gateway's


def deploy(mesh, seconds=400, collector_on_node=True):
    """Applies the shop and returns when every pod of it is ready. The collector's Service leads to the node unless an
    installation brings its own."""
    if collector_on_node:
        mesh.serve_collector_from_node()
    for file in ("workloads", "routes", "gateway"):
        mesh.apply(HERE / f"{file}.yaml")
    mesh.wait_ready("shop", PODS, seconds)
