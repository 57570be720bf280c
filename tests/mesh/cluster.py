# SPDX-License-Identifier: Apache-2.0
"""A mesh as tests and people use it. Every method may be called from any process of this machine that is root."""

import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import urllib.parse

from mesh import istio, namespaces, network
from mesh.api import Api, path_of
from mesh.owner import Owner, MeshError
from mesh.processes import wait_until

HERE = pathlib.Path(__file__).parent
STATES = pathlib.Path(os.environ.get("TRAFFICTAP_MESH_DIR", "/var/tmp/traffictap-mesh"))
COLLECTOR = ("traffictap-system", "traffictap-collector")
COLLECTOR_PORTS = {"grpc-als": (9811, 9811), "https-api": (443, 9815)}  # of the Service, of the node


@dataclasses.dataclass
class Response:
    status: int
    headers: dict
    body: str


@dataclasses.dataclass(frozen=True)
class Pod:
    """A pod as the API server has it."""

    namespace: str
    name: str
    ip: str
    labels: dict
    ready: bool
    meshed: bool

    @property
    def key(self):
        return f"{self.namespace}.{self.name}"


def _built(*line):
    """What a script prints that builds programs."""
    done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise MeshError("the mesh's programs could not be built: see above")
    return done.stdout.strip()


def _last_line(log):
    return (log.read_text(errors="replace").splitlines() or ["nothing"])[-1]


class Mesh:
    """`name` tells meshes that live side by side apart. `build` is where the project's own programs are built.
    With `ambient` istiod makes waypoints of Gateways; there is no ztunnel.
    With `cni` the node redirects the pods' traffic, as Istio's CNI plugin does: no pod needs rights for it.
    `image_roots`: directories of unpacked images by name; their containers run in them, not in programs of the machine.
    `python`: the directory of a Python with the packages that applications of its pods need."""

    def __init__(self, name="default", mtls="STRICT", build=None, cni=False, image_roots=None, python=None,
                 ambient=False):
        self.name, self.mtls, self.cni, self.python, self.ambient = name, mtls, cni, python, ambient
        self.image_roots = {name: str(path) for name, path in (image_roots or {}).items()}
        self.build = pathlib.Path(build or os.environ.get("TRAFFICTAP_BUILD") or HERE.parent.parent / "build").resolve()
        self.state = STATES / name
        self._owner = Owner(self.state)
        self._api = None

    # --- life

    @classmethod
    def for_tests(cls, purpose="", **kwargs):
        """A mesh of this process alone. Removes what killed test runs left of theirs."""
        for state in STATES.glob("test-*"):
            if not pathlib.Path("/proc", state.name.split("-")[1]).exists():
                shutil.rmtree(state, ignore_errors=True)
        return cls(f"test-{os.getpid()}{purpose}", **kwargs)

    def up(self, detached=False):
        """Starts the mesh. Unless detached it ends with the process that called this."""
        if os.geteuid() != 0:
            raise MeshError("a mesh needs root: it makes network namespaces")
        if self.running():
            raise MeshError(f"the mesh {self.name} runs already: `make mesh-down MESH={self.name}` ends it")
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir(parents=True)
        settings = {
            "binaries": self.binaries(),
            "mtls": self.mtls,
            "cni": self.cni,
            "ambient": self.ambient,
            "image_roots": self.image_roots,
            "python": str(self.python) if self.python else None,
            "build": str(self.build) if self.build.exists() else None,
        }
        (self.state / "settings.json").write_text(json.dumps(settings))
        self._owner.start(detached)
        return self

    @staticmethod
    def binaries():
        """The directory with the mesh's programs; ISTIO=1.29 in the environment has those of that release of Istio."""
        built = _built(HERE / "build.sh")
        return _built(HERE / "istio_release.sh", os.environ["ISTIO"], built) if os.environ.get("ISTIO") else built

    @property
    def node_pid(self):
        return self._owner.pid

    def running(self):
        return self._owner.running()

    def down(self, keep_logs=False):
        """Ends everything. What is left is nothing, or the logs."""
        self._owner.end()
        if keep_logs:
            kept = self.state.with_name(f"{self.name}-logs")
            shutil.rmtree(kept, ignore_errors=True)
            shutil.move(self.state / "log", kept)
        shutil.rmtree(self.state, ignore_errors=True)

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.down()

    # --- the API server

    @property
    def api(self):
        if self._api is None:
            self._api = Api(
                self.state / "pki",
                network.NODE,
                open_socket=lambda address, timeout: namespaces.connect(self.node_pid, address, timeout),
            )
        return self._api

    def kubectl(self, *args, stdin=None):
        """Runs kubectl as the administrator and returns what it prints."""
        settings = json.loads((self.state / "settings.json").read_text())
        line = [
            f"{settings['binaries']}/kubectl",
            "--kubeconfig",
            self.state / "kubeconfig",
            "--cache-dir",
            self.state / "kubectl-cache",
            *args,
        ]
        return namespaces.run(*namespaces.command(self.node_pid, line, directory=os.getcwd()), stdin=stdin)

    def apply(self, manifest):
        """A file, a directory of files, or the YAML itself. Returns what kubectl prints."""
        if isinstance(manifest, pathlib.Path):
            return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", manifest)
        return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)

    def require_mtls(self, mode):
        """STRICT or DISABLE, from now on."""
        istio.require_mtls(self.api, mode)

    def token(self, namespace, account, audience=None, seconds=3600):
        """A token of a ServiceAccount, as a pod of it would have."""
        spec = {"audiences": [audience] if audience else [], "expirationSeconds": seconds}
        path = path_of("serviceaccounts", namespace, account, "token")
        return self.api.create(path, {"kind": "TokenRequest", "spec": spec})["status"]["token"]

    def wait_for_none(self, kind, namespace, seconds=60):
        """Until the namespace has no object of the kind (as kubectl knows it)."""
        wait_until(lambda: not self.kubectl("-n", namespace, "get", kind, "-o", "name").strip(),
                   f"{namespace} has no {kind}", seconds)

    # --- pods

    def pods(self, namespace=None, app=None):
        """The pods that are not on their way out, by name."""
        out = []
        for item in self.api.get(path_of("pods", namespace))["items"]:
            meta, status = item["metadata"], item.get("status", {})
            labels = meta.get("labels", {})
            if "deletionTimestamp" in meta or (app and labels.get("app") != app):
                continue
            names = [c["name"] for c in item["spec"]["containers"] + item["spec"].get("initContainers", [])]
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
            out.append(
                Pod(meta["namespace"], meta["name"], status.get("podIP", ""), labels, ready, "istio-proxy" in names)
            )
        return sorted(out, key=lambda pod: pod.key)

    def pod(self, which):
        """A Pod, or "NAMESPACE/APP": the first ready pod with the label app=APP, or of that name."""
        if isinstance(which, Pod):
            return which
        namespace, app = which.split("/")
        for pod in self.pods(namespace):
            if pod.ready and (pod.labels.get("app") == app or pod.name == app):
                return pod
        raise MeshError(f"there is no ready pod {which}")

    def wait_ready(self, namespace, count=None, seconds=300):
        """Until all pods of the namespace are ready, and as many as `count` where it is given."""

        def check():
            pods = self.pods(namespace)
            waiting = [self._why_waits(pod) for pod in pods if not pod.ready]
            if waiting or not pods or count not in (None, len(pods)):
                raise MeshError(f"{len(pods)} of {count or 'any number of'} pods\n" + "\n".join(waiting))
            return True

        wait_until(check, f"the pods of {namespace} are ready", seconds)

    def _why_waits(self, pod):
        """The name of a pod that is not ready, and what its containers said last."""
        logs = sorted((self.state / "log" / pod.key).glob("*.log"))
        return "\n  ".join([pod.name, *(f"{log.stem}: {_last_line(log)}" for log in logs)])

    def pod_pid(self, which):
        return int((self.state / "pods" / self.pod(which).key / "pid").read_text())

    def exec(self, which, *args, user="0:0"):
        """Runs a command in a pod and returns what it prints."""
        pod = self.pod(which)
        root = self.state / "pods" / pod.key / "root"
        return namespaces.run(*namespaces.command(self.pod_pid(pod), args, root=root, user=user))

    def cut(self, which):
        """Loses all packets from and to the pod until mend()."""
        self._on_node("network-cut", self.pod(which).ip)

    def mend(self, which):
        self._on_node("network-mend", self.pod(which).ip)

    def _on_node(self, verb, ip):
        namespaces.run(*namespaces.command(self.node_pid, [sys.executable, HERE, verb, ip]))

    # --- traffic

    def address_of(self, host, namespace):
        """The address that the name of a Service has for a pod of the namespace."""
        if ":" in host or host.replace(".", "").isdigit():
            return host
        parts = host.split(".")
        service = self.api.get(path_of("services", parts[1] if len(parts) > 1 else namespace, parts[0]))
        if service["spec"]["clusterIP"] != "None":
            return service["spec"]["clusterIP"]
        raise MeshError(f"{host} has no address of its own")

    def connect(self, source, host, port, timeout=10):
        """A TCP connection as the application of a pod opens it: through its sidecar where it has one."""
        pod = self.pod(source)
        return namespaces.connect(self.pod_pid(pod), (self.address_of(host, pod.namespace), port), timeout)

    def call(self, source, url, method="GET", headers=None, body=None, timeout=10):
        """An HTTP call as the application of a pod makes it."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
        connection.sock = self.connect(source, parts.hostname, parts.port or 80, timeout)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
        finally:
            connection.close()

    # --- Envoy

    def envoy_admin(self, which, path):
        """GET on the administration port of the pod's Envoy."""
        connection = http.client.HTTPConnection(network.LOCALHOST, 15000, timeout=10)
        connection.sock = namespaces.connect(self.pod_pid(which), (network.LOCALHOST, 15000), 10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def envoy_stats(self, which, pattern=""):
        """{name: value} of the sidecar's counters and gauges whose names match the pattern."""
        lines = self.envoy_admin(which, f"/stats?filter={urllib.parse.quote(pattern)}").splitlines()
        pairs = (line.rsplit(": ", 1) for line in lines if ": " in line)
        return {name: int(value) for name, value in pairs if value.isdigit()}

    def envoy_config(self, which):
        return json.loads(self.envoy_admin(which, "/config_dump"))

    def log(self, which, container="istio-proxy"):
        return (self.state / "log" / self.pod(which).key / f"{container}.log").read_text(errors="replace")

    # --- the control plane

    def order(self, verb, name):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.state / "control.sock"))
            connection.sendall(json.dumps({"verb": verb, "name": name}).encode() + b"\n")
            answer = json.loads(connection.makefile().readline())
        if "error" in answer:
            raise MeshError(answer["error"])

    def stop(self, name):
        """etcd, kube-apiserver, kube-controller-manager or istiod."""
        self.order("stop", name)

    def start(self, name):
        self.order("start", name)
        if name == "kube-apiserver":
            wait_until(lambda: self.api.get("/readyz", timeout=2) == "ok", "the API server is ready", 180)

    def restart(self, name):
        self.stop(name)
        self.start(name)

    def node_http(self, port, host="127.0.0.1", timeout=10):
        """An HTTP connection to a port of the node, from the node."""
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        connection.sock = namespaces.connect(self.node_pid, (host, port), timeout)
        return connection

    def _on_loopback(self, port, method, path, body=None):
        connection = self.node_http(port)
        try:
            connection.request(method, path, body)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def istiod(self, path):
        """GET on istiod's own loopback, where it asks for no token."""
        return self._on_loopback(8080, "GET", path)

    def compact_etcd(self):
        """Forgets all history: a watch from an old revision ends in 410 once the API server's own cache is new."""
        revision = int(self._etcd("/v3/kv/range", {"key": "AA=="})["header"]["revision"])
        self._etcd("/v3/kv/compaction", {"revision": revision, "physical": True})
        return revision

    def _etcd(self, path, body):
        return json.loads(self._on_loopback(2379, "POST", path, json.dumps(body)))

    # --- the project's own programs on the node

    def run_on_node(self, args, **kwargs):
        """Starts a process in the node's namespaces, where the API server is 10.244.0.1:6443. It dies with this one."""
        line = namespaces.command(self.node_pid, args, directory=kwargs.pop("cwd", os.getcwd()))
        return subprocess.Popen(line, preexec_fn=namespaces.die_with_parent, **kwargs)

    def serve_collector_from_node(self):
        """The collector's Service, with the node's address as its only endpoint."""
        namespace, service = COLLECTOR
        ports = [{"name": name, "port": outside} for name, (outside, _) in COLLECTOR_PORTS.items()]
        if not self.api.find(path_of("namespaces", name=namespace)):
            self.api.create(path_of("namespaces"), {"metadata": {"name": namespace}})
        self.api.apply(
            path_of("services", namespace, service),
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": service},
                "spec": {"ports": ports},
            },
        )
        slice_ = istio.node_endpoints(service, {name: inside for name, (_, inside) in COLLECTOR_PORTS.items()})
        self.api.apply(
            path_of("endpointslices", namespace, slice_["metadata"]["name"], group="discovery.k8s.io"), slice_
        )
