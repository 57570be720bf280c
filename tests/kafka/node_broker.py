# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka as a process of a mesh's node (tests/mesh), beside the API server and istiod."""
import subprocess

from broker import LISTENERS, Broker
from mesh import namespaces
from mesh.processes import wait_until

LOOPBACK = "127.0.0.1"


class NodeBroker(Broker):
    """`address`: the node's own, so that pods reach it, or its loopback. It has to be killed before the mesh goes down."""

    def __init__(self, mesh, address=LOOPBACK):
        self._mesh, self._address = mesh, address
        work = mesh.state / "kafka"
        work.mkdir()
        super().__init__(work, self)

    def ip(self, _):
        return self._address

    def inside(self, line):
        return namespaces.command(self._mesh.node_pid, line)

    def start(self):
        with open(self.work / "kafka.log", "a") as log:
            self.process = subprocess.Popen(
                self.command("kafka.Kafka", self.config), stdout=log, stderr=log, preexec_fn=namespaces.die_with_parent
            )

        def listens():
            namespaces.connect(self._mesh.node_pid, (self._address, LISTENERS["PLAIN"]), 1).close()
            return True

        wait_until(listens, "Kafka listens", 120)
