"""The node's agent: gives every Pod of the API server a sandbox and its containers, reports their state, and takes them
down when the Pod is deleted. It also binds pods to the only node, as a scheduler would."""
import datetime
import http.client
import os
import pathlib
import threading
import time
import traceback

from mesh import pod_fields, service_network
from mesh.api import ApiError, path_of
from mesh.images import image_of
from mesh.namespaces import command, connect
from mesh.network import NODE, PodAddresses, mend
from mesh.processes import Process
from mesh.sandbox import Sandbox

NODE_NAME = "node"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def register_node(api):
    ready = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now(),
              "lastTransitionTime": now()}]
    size = {"cpu": str(os.cpu_count()), "memory": "16Gi", "pods": "1000"}
    api.create(path_of("nodes"), {"metadata": {"name": NODE_NAME, "labels": {"kubernetes.io/hostname": NODE_NAME}}})
    api.merge(path_of("nodes", name=NODE_NAME, subresource="status"), {"status": {
        "conditions": ready, "capacity": size, "allocatable": size,
        "addresses": [{"type": "InternalIP", "address": NODE}],
        "nodeInfo": {"kubeletVersion": "v1.35.4"}}})


class Container:
    """One container of a pod: its process, its probes and its state."""

    def __init__(self, spec, process):
        self.spec, self.process = spec, process
        self.started_at, self.restarts, self.started, self.ready = now(), 0, False, False
        self._next_probe, self._restart_at = 0.0, None

    def start(self):
        self.started_at, self.started, self.ready = now(), False, False
        self.process.start()

    def observe(self, sandbox):
        """Restarts what ended, and asks the probes when they are due."""
        moment = time.monotonic()
        if self.process.exit_code() is not None:
            self.ready = self.started = False
            if self._restart_at is None:
                self._restart_at = moment + min(0.5 * 2 ** self.restarts, 30)
            elif moment >= self._restart_at:
                self._restart_at, self.restarts = None, self.restarts + 1
                self.start()
            return
        if moment < self._next_probe:
            return
        kind = "readinessProbe" if self.started or "startupProbe" not in self.spec else "startupProbe"
        passed = probe(sandbox, self.spec.get(kind))
        self.started = self.started or passed or kind == "readinessProbe"
        self.ready = passed and kind == "readinessProbe"
        period = self.spec.get(kind, {}).get("periodSeconds", 1) if self.ready else 0.2
        self._next_probe = moment + min(period, 2) if passed and kind == "readinessProbe" else moment + 0.1

    def status(self):
        running = {"running": {"startedAt": self.started_at}}
        code = self.process.exit_code()
        state = running if code is None else {"terminated": {"exitCode": code, "finishedAt": now()}}
        return {"name": self.spec["name"], "image": self.spec["image"], "imageID": self.spec["image"],
                "containerID": f"mesh://{self.spec['name']}", "ready": self.ready, "started": self.started,
                "restartCount": self.restarts, "state": state}


def probe(sandbox, spec):
    """Whether the probe passes; without one a running container counts."""
    if not spec:
        return True
    kind = "httpGet" if "httpGet" in spec else "grpc" if "grpc" in spec else "tcpSocket"
    try:
        connection = http.client.HTTPConnection(sandbox.address, int(spec[kind]["port"]), timeout=1)
        connection.connect()
        if kind == "httpGet":
            connection.request("GET", spec[kind].get("path", "/"))
            return 200 <= connection.getresponse().status < 400
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class PodWorker:
    """Runs one Pod in a thread of its own, from its binding to its removal."""

    def __init__(self, kubelet, pod):
        self._kubelet, self._api, self.pod = kubelet, kubelet.api, pod
        self.meta, self.spec = pod["metadata"], pod["spec"]
        self.name = f"{self.meta['namespace']}.{self.meta['name']}"
        self.address = kubelet.addresses.take()
        directory = kubelet.state / "pods" / self.name
        resolver = service_network.resolver_file(self.meta["namespace"])
        self.sandbox = Sandbox(directory, self.meta["name"], self.meta["namespace"], self.address, resolver, kubelet.binds)
        self.logs = kubelet.state / "log" / self.name
        self._ended, self._reported = threading.Event(), None
        self.containers, self.init_done = [], False
        self.started_at = now()
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def end(self):
        self._ended.set()

    def _run(self):
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
            container = self._launch(spec)
            if spec.get("restartPolicy") == "Always":
                self.containers.append(container)
                self._wait_for(lambda c=container: (c.observe(self.sandbox), c.started)[1])
            else:
                self._wait_for(lambda c=container: c.process.exit_code() is not None)
                if container.process.exit_code():
                    raise RuntimeError(f"{spec['name']} ended with {container.process.exit_code()}: {container.process.tail()}")
        self.init_done = True
        self.containers += [self._launch(spec) for spec in self.spec["containers"]]

    def _wait_for(self, done):
        while not self._ended.is_set() and not done():
            self._report()
            time.sleep(0.05)

    def _write_volumes(self):
        while not self._ended.is_set():
            try:
                files = pod_fields.volume_files(self._api, self.pod, self.address)
                break
            except (pod_fields.NotYet, ApiError, OSError):
                time.sleep(0.2)
        else:
            return
        root = self.sandbox.root
        for volume, contents in files.items():
            base = root / "volumes" / volume
            base.mkdir(exist_ok=True)
            base.chmod(0o777)
            for path, value in contents.items():
                target = base / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(value)
        mounts = [m for c in self.spec.get("initContainers", []) + self.spec["containers"] for m in c.get("volumeMounts", [])]
        for mount in sorted(mounts, key=lambda m: len(m["mountPath"])):
            self._link(root, mount)

    @staticmethod
    def _link(root, mount):
        path = mount["mountPath"].rstrip("/").replace("/var/run/", "/run/")
        target = pathlib.Path("/volumes") / mount["name"] / mount.get("subPath", "")
        place = pathlib.Path(f"{root}{path}")
        parent = pathlib.Path(os.path.realpath(place.parent))
        if not parent.is_relative_to(root):  # under another volume's link, which is absolute inside of the pod
            parent = pathlib.Path(f"{root}{os.readlink(place.parent)}")
        parent.mkdir(parents=True, exist_ok=True)
        link = parent / place.name
        if link.is_symlink():
            return
        if link.is_dir():
            link.rmdir()
        link.symlink_to(target)

    def _launch(self, spec):
        values = pod_fields.environment(self._api, self.pod, self.address, spec)
        entry = spec.get("command") or list(image_of(spec["image"]).entrypoint)
        args = [pod_fields.expand(a, values) for a in [*entry, *spec.get("args", [])]]
        security = {**self.spec.get("securityContext", {}), **spec.get("securityContext", {})}
        user = f"{security.get('runAsUser', 0)}:{security.get('runAsGroup', security.get('runAsUser', 0))}"
        line = command(self.sandbox.pid, args, root=self.sandbox.root, user=user)
        container = Container(spec, Process(f"{self.name}/{spec['name']}", line, self.logs / f"{spec['name']}.log", env=values))
        container.start()
        return container

    def _observe(self):
        for container in self.containers:
            container.observe(self.sandbox)
        self._report()

    def _report(self):
        ready = self.init_done and all(c.ready for c in self.containers)
        status = self._status("Running" if self.init_done else "Pending", ready)
        key = (status["phase"], ready, [(c.ready, c.started, c.restarts, c.process.exit_code()) for c in self.containers])
        if key == self._reported:
            return
        try:
            self._api.merge(path_of("pods", self.meta["namespace"], self.meta["name"], "status"), {"status": status})
            self._reported = key
        except ApiError as error:
            if error.status in (404, 409):
                self._ended.set()
        except (OSError, http.client.HTTPException):
            time.sleep(0.3)  # the API server is away: told later

    def _status(self, phase, ready):
        def condition(kind, value):
            return {"type": kind, "status": str(bool(value)), "lastTransitionTime": now()}

        init = {spec["name"] for spec in self.spec.get("initContainers", [])}
        return {
            "phase": phase, "hostIP": NODE, "hostIPs": [{"ip": NODE}], "podIP": self.address,
            "podIPs": [{"ip": self.address}], "startTime": self.started_at,
            "conditions": [condition("PodScheduled", True), condition("Initialized", self.init_done),
                           condition("ContainersReady", ready), condition("Ready", ready)],
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
        for container in reversed(self.containers):
            container.process.stop(grace)
        self.sandbox.stop()
        try:
            mend(self.address)
        except RuntimeError:
            pass  # it was not cut
        self._kubelet.removed(self)
        while True:
            try:
                self._api.delete(path_of("pods", self.meta["namespace"], self.meta["name"]), 0, self.meta["uid"])
                return
            except ApiError:
                return  # gone, or another pod of that name
            except (OSError, http.client.HTTPException):
                time.sleep(0.5)


class Kubelet:
    """`binds`: directories of this machine that every pod sees, by their path in the pod."""

    def __init__(self, api, state, binds):
        self.api, self.state, self.binds = api, pathlib.Path(state), binds
        self.addresses = PodAddresses()
        self._lock, self._workers = threading.Lock(), {}

    def run(self):
        for kind, pod in self.api.follow(path_of("pods")):
            try:
                self._take(kind, pod)
            except (ApiError, OSError, http.client.HTTPException):
                traceback.print_exc()

    def _take(self, kind, pod):
        uid, spec = pod["metadata"]["uid"], pod["spec"]
        with self._lock:
            worker = self._workers.get(uid)
        if kind == "DELETED" or "deletionTimestamp" in pod["metadata"]:
            if worker:
                worker.meta = pod["metadata"]
                worker.end()
            elif kind != "DELETED":
                self.api.delete(path_of("pods", pod["metadata"]["namespace"], pod["metadata"]["name"]), 0, uid)
        elif not spec.get("nodeName"):
            self._bind(pod)
        elif worker is None and spec["nodeName"] == NODE_NAME:
            with self._lock:
                self._workers[uid] = PodWorker(self, pod)

    def _bind(self, pod):
        meta = pod["metadata"]
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE_NAME}
        self.api.create(path_of("pods", meta["namespace"], meta["name"], "binding"),
                        {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]}, "target": target})

    def removed(self, worker):
        self.addresses.give_back(worker.address)
        with self._lock:
            self._workers.pop(worker.meta["uid"], None)
