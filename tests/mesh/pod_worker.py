# SPDX-License-Identifier: Apache-2.0
"""One Pod's life on the node: sandbox, volumes, init containers, containers, status, and the way down."""

import http.client
import threading
import time
import traceback

from mesh import container_root, pod_fields, service_network, volumes
from mesh.api import ApiError, path_of
from mesh.container import Container, now
from mesh.images import image_of, name_of
from mesh.namespaces import command, run
from mesh.network import FAMILIES, NODE, addresses_of, mend
from mesh.processes import Process
from mesh.sandbox import Sandbox

# The proxies hear that a pod is on its way out before it goes, as with the preStop sleep that people give their pods.
DRAIN_SECONDS = 1.0
CNI_CHECK = "istio-validation"


def key_of(pod):
    """As its directories are called."""
    return f"{pod['metadata']['namespace']}.{pod['metadata']['name']}"


class PodWorker:
    """Runs one Pod in a thread of its own, from its binding to its removal. `before`: workers of Pods of the same name, which
    end first."""

    def __init__(self, kubelet, pod, before=()):
        self._kubelet, self._api, self.pod = kubelet, kubelet.api, pod
        self.meta, self.spec = pod["metadata"], pod["spec"]
        self.name = key_of(pod)
        self.address = kubelet.addresses.take()
        directory = kubelet.state / "pods" / self.name
        resolver = service_network.resolver_file(self.meta["namespace"])
        self.sandbox = Sandbox(
            directory, self.meta["name"], self.meta["namespace"], self.address, resolver, kubelet.binds
        )
        self.logs = kubelet.state / "log" / self.name
        self._before, self.gone = before, threading.Event()
        self._ended, self._reported = threading.Event(), None
        self.containers, self.init_done = [], False
        self.started_at = now()
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def end(self, meta=None, at_once=False):
        """`at_once`: without the time to end that its Pod gives it."""
        if not self._ended.is_set():
            self.meta = {**(meta or self.meta), **({"deletionGracePeriodSeconds": 0} if at_once else {})}
            self._ended.set()

    def _run(self):
        for other in self._before:
            other.gone.wait()
        self._before = ()
        try:
            self._start()
            while not self._ended.wait(0.1):
                self._observe()
        except Exception:  # one pod's failure is its own: it is reported, and the pod stays until it is deleted
            self._report_failure(traceback.format_exc())
            self._ended.wait()
        self._stop()

    def _start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        self.sandbox.start()
        self._write_volumes()
        for spec in self.spec.get("initContainers", []):
            if spec["name"] == CNI_CHECK:
                self._redirect(spec)
            container = self._launch(spec)
            if spec.get("restartPolicy") == "Always":
                self.containers.append(container)
                self._wait_for(lambda c=container: (c.observe(self.sandbox), c.started)[1])
            else:
                self._wait_for(lambda c=container: c.process.exit_code() is not None)
                if container.process.exit_code():
                    raise RuntimeError(
                        f"{spec['name']} ended with {container.process.exit_code()}: {container.process.tail()}"
                    )
        self.init_done = True
        self.containers += [self._launch(spec) for spec in self.spec["containers"]]

    def _wait_for(self, done):
        while not self._ended.is_set() and not done():
            self._report()
            time.sleep(0.05)

    def _write_volumes(self):
        """Waits for what the volumes name, as long as the pod lives."""
        while not self._ended.is_set():
            try:
                volumes.write(self.sandbox.root, volumes.files_of(self._api, self.pod, self.address))
                break
            except (pod_fields.NotYet, ApiError, OSError):
                self._ended.wait(0.2)
        volumes.mount(self.sandbox.root, self.spec.get("initContainers", []) + self.spec["containers"])

    def _root_of(self, spec):
        """The pod's directory, or one of the container's own where its image has been unpacked."""
        image_root = self._kubelet.image_roots.get(name_of(spec["image"]))
        return container_root.make(self.sandbox, image_root, spec) if image_root else self.sandbox.root

    def _redirect(self, spec):
        """What Istio's CNI plugin does, with the arguments of the container that checks it."""
        args = [a for a in spec["args"] if a not in ("--run-validation", "--skip-rule-apply")]
        run(*command(self.sandbox.pid, [*image_of(spec["image"]).entrypoint, *args], root=self.sandbox.root))

    def _launch(self, spec):
        values = pod_fields.environment(self._api, self.pod, self.address, spec)
        unpacked = name_of(spec["image"]) in self._kubelet.image_roots
        entry = spec.get("command") or list(image_of(spec["image"], unpacked).entrypoint)
        args = [pod_fields.expand(a, values) for a in [*entry, *spec.get("args", [])]]
        security = {**self.spec.get("securityContext", {}), **spec.get("securityContext", {})}
        user = f"{security.get('runAsUser', 0)}:{security.get('runAsGroup', security.get('runAsUser', 0))}"
        line = command(self.sandbox.pid, args, root=self._root_of(spec), user=user)
        process = Process(f"{self.name}/{spec['name']}", line, self.logs / f"{spec['name']}.log", env=values)
        container = Container(spec, process, spec.get("restartPolicy") or self.spec.get("restartPolicy", "Always"))
        container.start()
        return container

    def _observe(self):
        for container in self.containers:
            container.observe(self.sandbox)
        self._report()

    def _phase(self):
        """A pod has finished when its applications have; sidecars do not count."""
        if not self.init_done:
            return "Pending"
        init = [spec["name"] for spec in self.spec.get("initContainers", [])]
        applications = [c for c in self.containers if c.spec["name"] not in init]
        if not all(c.finished() for c in applications):
            return "Running"
        return "Failed" if any(c.process.exit_code() for c in applications) else "Succeeded"

    def _report(self):
        ready = self.init_done and all(c.ready for c in self.containers)
        status = self._status(self._phase(), ready)
        key = (
            status["phase"],
            ready,
            [(c.ready, c.started, c.restarts, c.process.exit_code()) for c in self.containers],
        )
        if key == self._reported:
            return
        try:
            self._api.merge(path_of("pods", self.meta["namespace"], self.meta["name"], "status"), {"status": status})
            self._reported = key
        except ApiError as error:
            if error.status in (404, 409):
                self.end(at_once=error.status == 404)
        except (OSError, http.client.HTTPException):
            time.sleep(0.3)  # the API server is away: told later

    def _status(self, phase, ready):
        def condition(kind, value):
            return {"type": kind, "status": str(bool(value)), "lastTransitionTime": now()}

        init = {spec["name"] for spec in self.spec.get("initContainers", [])}
        return {
            "phase": phase,
            "hostIP": NODE,
            "hostIPs": [{"ip": family.node} for family in FAMILIES],
            "podIP": self.address,
            "podIPs": [{"ip": address} for address in addresses_of(self.address)],
            "startTime": self.started_at,
            "conditions": [
                condition("PodScheduled", True),
                condition("Initialized", self.init_done),
                condition("ContainersReady", ready),
                condition("Ready", ready),
            ],
            "initContainerStatuses": [c.status() for c in self.containers if c.spec["name"] in init],
            "containerStatuses": [c.status() for c in self.containers if c.spec["name"] not in init],
        }

    def _report_failure(self, text):
        (self.logs / "pod.log").write_text(text)
        path = path_of("pods", self.meta["namespace"], self.meta["name"], "status")
        message = text.strip().splitlines()[-1][:500]
        try:
            self._api.merge(path, {"status": {"phase": "Pending", "reason": "CannotStart", "message": message}})
        except (ApiError, OSError, http.client.HTTPException):
            pass  # the log has it

    def _stop(self):
        """Applications first, then what carries their traffic; then the Pod object itself."""
        grace = min(self.meta.get("deletionGracePeriodSeconds", 30), 10)
        if grace and self.init_done:
            time.sleep(DRAIN_SECONDS)
        for container in reversed(self.containers):
            container.process.stop(grace)
        self.sandbox.stop()
        try:
            mend(self.address)
        except RuntimeError:
            pass  # it was not cut
        self._kubelet.removed(self)
        self.gone.set()
        while True:
            try:
                self._api.delete(path_of("pods", self.meta["namespace"], self.meta["name"]), 0, self.meta["uid"])
                return
            except ApiError:
                return  # gone, or another pod of that name
            except (OSError, http.client.HTTPException):
                time.sleep(0.5)
