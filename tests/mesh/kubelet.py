# SPDX-License-Identifier: Apache-2.0
"""The node's agent: gives every Pod of the API server a sandbox and its containers, reports their state, and takes them
down when the Pod is deleted. It also binds pods to the only node, as a scheduler would."""

import http.client
import os
import pathlib
import threading
import traceback

from mesh.api import ApiError, path_of
from mesh.container import now
from mesh.network import FAMILIES, PodAddresses
from mesh.pod_worker import PodWorker, key_of

NODE_NAME = "node"


def register_node(api):
    ready = [
        {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "lastHeartbeatTime": now(),
            "lastTransitionTime": now(),
        }
    ]
    size = {"cpu": str(os.cpu_count()), "memory": "16Gi", "pods": "1000"}
    api.create(path_of("nodes"), {"metadata": {"name": NODE_NAME, "labels": {"kubernetes.io/hostname": NODE_NAME}}})
    api.merge(
        path_of("nodes", name=NODE_NAME, subresource="status"),
        {
            "status": {
                "conditions": ready,
                "capacity": size,
                "allocatable": size,
                "addresses": [{"type": "InternalIP", "address": family.node} for family in FAMILIES],
                "nodeInfo": {"kubeletVersion": "v1.35.4"},
            }
        },
    )


class Kubelet:
    """`binds`: directories of this machine that every pod sees, by their path in the pod. `image_roots`: directories of
    unpacked images by their name."""

    def __init__(self, api, state, binds, image_roots):
        self.api, self.state, self.binds, self.image_roots = api, pathlib.Path(state), binds, image_roots
        self.addresses = PodAddresses()
        self._lock, self._workers = threading.Lock(), {}

    def run(self):
        for kind, pod in self.api.follow(path_of("pods")):
            try:
                self._take(kind, pod)
            except ApiError as error:
                if error.status not in (404, 409):  # the pod has gone or changed meanwhile
                    traceback.print_exc()
            except (OSError, http.client.HTTPException):
                traceback.print_exc()

    def _take(self, kind, pod):
        uid, spec = pod["metadata"]["uid"], pod["spec"]
        with self._lock:
            worker = self._workers.get(uid)
        if kind == "DELETED" or "deletionTimestamp" in pod["metadata"]:
            if worker:
                # Gone from the API server before the node knew of it: deleted by force, and nobody waits for its end.
                worker.end(pod["metadata"], at_once=kind == "DELETED")
            elif kind != "DELETED":
                self.api.delete(path_of("pods", pod["metadata"]["namespace"], pod["metadata"]["name"]), 0, uid)
        elif not spec.get("nodeName"):
            self._bind(pod)
        elif worker is None and spec["nodeName"] == NODE_NAME:
            with self._lock:
                # One that was deleted by force may still be on its way out, in the directory of the same name.
                before = [w for w in self._workers.values() if w.name == key_of(pod)]
                self._workers[uid] = PodWorker(self, pod, before)

    def _bind(self, pod):
        meta = pod["metadata"]
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE_NAME}
        self.api.create(
            path_of("pods", meta["namespace"], meta["name"], "binding"),
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]}, "target": target},
        )

    def removed(self, worker):
        self.addresses.give_back(worker.address)
        with self._lock:
            self._workers.pop(worker.meta["uid"], None)
