# SPDX-License-Identifier: Apache-2.0
"""Receivers, pairers and a reader as the chart installs them on a mesh of tests/mesh, Kafka on its node, and traffic that is
written down: what `make demo-scale` and mesh_test.py have in common."""
import concurrent.futures
import http.client
import shutil
import threading
import time

from ledger import Ledger
from mesh import pki, shop
from mesh.network import NODE
from mesh.processes import wait_until
from node_broker import NodeBroker
from stage import metric

NAMESPACE, PARTITIONS = "traffictap-system", 12  # the second as values.yaml has it
TOPICS = {
    "traffictap.halves": {"message_timestamp_type": "LogAppendTime", "retention_ms": 7200000},
    "traffictap.checkpoints": {"cleanup_policy": "compact"},
    "traffictap.proxies": {"cleanup_policy": "compact"},
    "traffictap.records": {},
}
HTTP = 9812  # of each role's pod
PAUSE = 0.03  # seconds between requests
CALM_SECONDS = 3  # without a change, when nothing is on its way any more
NETWORKS = {"client": "east", "frontend": "east", "catalog": "west"}  # of Istio's; a gateway is between them
WEST = ('.metadata = {name: "traffictap-receiver-west", namespace: .metadata.namespace}'
        ' | (.spec.selector.matchLabels, .spec.template.metadata.labels)."topology.istio.io/network" = "west"')
# In a shell of the project's folder, whose $HOME has the certificates. Two clusters would have an installation each, with receivers
# of their own. This one has two networks, and the receiver of the second is a copy of the first.
INSTALL = (
    f"kubectl create namespace {NAMESPACE}",
    f"kubectl create secret generic traffictap-pairers -n {NAMESPACE} --from-file=$HOME/pairers",
    f"kubectl create secret generic traffictap-reader -n {NAMESPACE} --from-file=$HOME/reader",
    f"helm install traffictap charts/traffictap -n {NAMESPACE} --values tests/scale_out/values.yaml --wait --timeout 4m --hide-notes",
    f"kubectl get deployment traffictap-receiver -n {NAMESPACE} -o json | jq '{WEST}' | kubectl apply -f -",
    f"kubectl rollout status deployment/traffictap-receiver-west -n {NAMESPACE} --timeout=2m",
    "kubectl apply -f tests/scale_out/tap.yaml",
    "kubectl wait -n shop --for=condition=Ready ttap/everything --timeout=90s",
)
# Every tenth request, of which the caller's hop.
VIEW = ("tap", "-n", "shop", "--to", "frontend-v1", "--path", "~/catalog/[0-9]*0")


def write_certificates(home):
    """home/pairers and home/reader, files as cert-manager names them, each signed by an authority of its own."""
    for role, name in (("pairers", "traffictap-pairer"), ("reader", "traffictap-reader")):
        made, shown = home / f"{role}-authority", home / role
        made.mkdir()
        shown.mkdir()
        pki.authority(made, "ca", f"/O=traffictap/CN={role}")
        pki.sign(made, "tls", f"/CN={name}", [f"DNS:{name}"])
        for file in ("ca.crt", "tls.crt", "tls.key"):
            shutil.copy(made / file, shown)


class Driver(threading.Thread):
    """One request after the other, until it is told to stop; each has a path of its own and goes into the ledger."""

    def __init__(self, mesh, ledger):
        super().__init__(daemon=True)
        self._mesh, self._ledger, self._ended = mesh, ledger, threading.Event()
        self._client, self._host = mesh.pod("shop/client"), mesh.address_of("frontend", "shop")

    def run(self):
        number = 0
        while not self._ended.wait(PAUSE):
            began = time.monotonic()
            fault = self._call(f"/catalog/{number}")
            self._ledger.add(number, began, time.monotonic(), fault)
            number += 1

    def _call(self, path):
        try:
            status = self._mesh.call(self._client, f"http://{self._host}{path}", headers={"Host": "frontend"}).status
            return None if status == 200 else f"status {status}"
        except (OSError, http.client.HTTPException) as error:
            return repr(error)

    def stop(self):
        self._ended.set()
        self.join()


class ScaledOut:
    """A mesh with part of the sample shop, and Kafka, until down(). Whoever calls installs TrafficTap by INSTALL."""

    def __init__(self, mesh):
        self.mesh, self.broker, self.ledger = mesh, None, Ledger()

    def up(self):
        self.mesh.up()
        with concurrent.futures.ThreadPoolExecutor() as others:
            jobs = [others.submit(shop.deploy_part, self.mesh, networks=NETWORKS)]
            self.broker = NodeBroker(self.mesh, NODE)
            jobs += [others.submit(self.broker.create, name, PARTITIONS, **config) for name, config in TOPICS.items()]
            for job in jobs:
                job.result()

    def down(self, keep_logs=False):
        if self.broker:
            self.broker.kill()
        self.mesh.down(keep_logs)

    def pods(self, role):
        return [p for p in self.mesh.pods(NAMESPACE) if p.labels.get("app.kubernetes.io/name") == f"traffictap-{role}"]

    def metrics(self, pod):
        connection = self.mesh.node_http(HTTP, pod.ip)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return {key: float(value) for key, value in (x.rsplit(" ", 1) for x in lines if x and x[0] != "#")}

    def of(self, role, name, **labels):
        """The sum over all pods of the role."""
        return sum(metric(self.metrics(pod), name, **labels) for pod in self.pods(role))

    def kill(self, role, run):
        """Kills the pod that has most to do, by `run` of a command line, and notes when. Its place is filled by another one.
        Returns where its log is."""
        work = {"receiver": "als_streams", "pairer": "shuffle_partitions"}[role]
        load = {pod.name: metric(self.metrics(pod), work) for pod in self.pods(role)}
        name = max(load, key=load.get)
        if not load[name]:
            raise RuntimeError(f"no {role} has anything to do: {load}")
        before = time.monotonic()
        run(f"kubectl delete pod {name} -n {NAMESPACE} --grace-period=0 --force")
        self.ledger.kills[role] = (before, time.monotonic())
        return self.mesh.state / "log" / f"{NAMESPACE}.{name}" / f"{role}.log"

    def on_its_way(self):
        """What has not come out yet, and how many entries the pairers took."""
        waits = [self.of("receiver", name) for name in ("queue_bytes", "shuffle_halves_building", "shuffle_halves_pending")]
        waits += [self.of("pairer", name) for name in ("shuffle_behind_messages", "waiting", "output_memory_bytes")]
        waits.append(PARTITIONS - self.of("pairer", "shuffle_partitions"))
        return waits, self.of("pairer", "shuffle_partition_halves", result="taken")

    def report(self, seconds=90):
        """Once nothing is on its way any more. A receiver that was killed holds back one-sided records for half a minute."""
        seen = [None, 0.0]  # the last state, and since when

        def calm():
            state = self.on_its_way()
            if state != seen[0] or any(state[0]):
                seen[:] = state, time.monotonic()
            return not any(state[0]) and time.monotonic() - seen[1] > CALM_SECONDS

        wait_until(calm, "nothing is on its way any more", seconds)
        records = [message["record"] for message in self.broker.each("traffictap.records")]
        return self.ledger.report(records, taken=seen[0][1])
