# SPDX-License-Identifier: Apache-2.0
"""TrafficTap on the mesh: the collector and the operator as processes of the node, and the records that come out."""

import atexit
import json
import os
import pathlib
import signal
import subprocess

import api_gate
from api_gate import ApiGate
from mesh import Mesh, shop
from mesh.api import path_of
from mesh.network import NODE, host_port
from mesh.processes import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALS, HTTP, DISCOVERY, OPERATOR_HTTP, API = 9811, 9812, 9813, 9814, 9815
BEHIND = 9819  # the collector's port where a recorder stands before it
NAMESPACE = "traffictap-system"
API_SERVICE = "v1alpha1.tap.traffictap.io"
RIGHTS = ROOT / "charts/kustomize/base/rbac.yaml"  # the chart's, as make manifests writes them


_shared = []


def python():
    """The directory of the Python that has the packages of requirements.txt."""
    line = [ROOT / "tests/python_env.sh", ROOT / "tests/e2e/requirements.txt"]
    return pathlib.Path(subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()).parents[1]


def run_cli(mesh, *args):
    """What kubectl-traffictap prints; it reads files and needs no cluster. It must succeed."""
    line = [mesh.build / "src/cli/kubectl-traffictap", *args]
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def shared_mesh():
    """The mesh with the shop that all files of this folder use, started by the first that asks."""
    if not _shared:
        mesh = Mesh.for_tests(python=python())
        atexit.register(mesh.down)
        mesh.up()
        shop.deploy(mesh)
        _shared.append(mesh)
    return _shared[0]


def pushed(mesh, which):
    """istiod's word on the listeners of a pod's proxy: {"sent", "acked", "sentTime", "lastError"}."""
    pod = mesh.pod(which)
    for proxy in json.loads(mesh.istiod(f"/debug/syncz?namespace={pod.namespace}")):
        if proxy["proxy"] == f"{pod.name}.{pod.namespace}":
            return proxy["resources"]["type.googleapis.com/envoy.config.listener.v3.Listener"]
    return {}


def answer_to(mesh, which, write, seconds=60):
    """Does `write`, and waits for the push that follows it; "" or what the proxy says against it."""
    before = pushed(mesh, which)["sent"]
    write()

    def answered():
        now = pushed(mesh, which)
        return now["sent"] != before and (now["sent"] == now["acked"] or now.get("lastError"))

    wait_until(answered, f"{which} has answered a push", seconds)
    return pushed(mesh, which).get("lastError", "")


_kinds_of = set()


def create_crds(mesh):
    """Once for each mesh: its tests leave the kinds as they are."""
    if mesh.name in _kinds_of:
        return
    for file in sorted((ROOT / "crds").glob("traffictap.io_*.yaml")):
        mesh.apply(file)
    for plural in ("traffictaps", "clustertraffictaps", "tapdestinations"):
        established = ("wait", "--for=condition=Established", f"crd/{plural}.traffictap.io", "--timeout=30s")
        # kubectl fails where an object has no conditions at all yet.
        wait_until(lambda line=established: mesh.kubectl(*line) or True, f"{plural} are established", 60)
    _kinds_of.add(mesh.name)


def create_accounts(mesh):
    """The installation's namespace, ServiceAccounts and rights, as the chart has them."""
    if not mesh.api.find(path_of("namespaces", name=NAMESPACE)):
        mesh.kubectl("create", "namespace", NAMESPACE)
    mesh.apply(RIGHTS)


def install(mesh):
    """The operator behind an ApiGate, and the collector that it tells what to do; both ready."""
    create_crds(mesh)
    gate = ApiGate(mesh)
    operator = Operator(mesh, api_gate.PORT).start()
    collector = Collector(mesh, *operator.discovery()).start()
    return operator, collector, gate


def install_with_api(mesh):
    """The operator and the collector, which serves the live records as well; both ready."""
    create_crds(mesh)
    operator = Operator(mesh).start()
    collector = Collector(mesh, *operator.discovery()).with_api().start()
    collector.wait_served()
    return operator, collector


def remove_with_api(mesh, operator, collector):
    collector.kill()
    operator.stop()  # the next one need not wait for the lease
    remove_api_service(mesh)


def remove_api_service(mesh):
    mesh.kubectl("delete", "apiservice", API_SERVICE, "--ignore-not-found")


class Program:
    """One of the project's programs on the node; it ends with the test run at the latest."""

    def __init__(self, mesh, name, args, log, stdout=None):
        self._mesh, self.name, self.args, self.log = mesh, name, args, pathlib.Path(log)
        self._stdout, self.process = stdout, None

    def start(self):
        if self.running():
            return self
        with open(self.log, "ab") as out:
            self.process = self._mesh.run_on_node(self.args, stdout=self._stdout or out, stderr=out)
        return self

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode if self.process else None

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, port, seconds=30):
        def ready():
            if not self.running():
                raise RuntimeError("it has ended")
            return self.get(port, "/readyz") is not None

        try:
            wait_until(ready, f"{self.name} is ready", seconds)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{self.log.read_text(errors='replace')[-2000:]}") from None
        return self

    def get(self, port, path):
        """What the program says on its HTTP port, None unless it says 200."""
        connection = self._mesh.node_http(port, NODE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.read().decode() if response.status == 200 else None
        finally:
            connection.close()

    def metrics(self, port):
        """{"name{labels}": value}"""
        lines = (self.get(port, "/metrics") or "").splitlines()
        return {key: float(value) for key, value in (x.rsplit(" ", 1) for x in lines if x and x[0] != "#")}


class Records:
    """The JSON lines of File outputs, as they are now."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def all(self, file):
        file = self.directory / file
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def matching(self, file, **conditions):
        return [r for r in self.all(file) if all(value_of(r, key) == value for key, value in conditions.items())]

    def wait_for(self, file, seconds=20, count=1, **conditions):
        """The records that match, once there are `count` of them. Keys are names of value_of()."""
        wait_until(
            lambda: len(self.matching(file, **conditions)) >= count, f"{file} has {count} of {conditions}", seconds
        )
        return self.matching(file, **conditions)


def value_of(record, key):
    """Short names of the facts that scenarios speak of; other keys are the record's own at the top."""
    places = {
        "source": ("source", "name"),
        "destination": ("destination", "name"),
        "code": ("response", "code"),
        "path": ("request", "path"),
        "method": ("request", "method"),
        "agent": ("request", "userAgent"),
        "orphan": ("orphanReason",),
    }
    for part in places.get(key, (key,)):
        record = record.get(part, {}) if isinstance(record, dict) else {}
    return None if record == {} else record


class Collector(Program):
    """traffictap-collector, where the mesh's Service traffictap-collector leads."""

    def __init__(self, mesh, *source, stdout=None, als=ALS):
        """`source`: the options that say where the taps come from. `stdout`: as Popen's, for Stdout outputs. `als`: the port
        for the proxies; they are sent to another one only where something stands between."""
        work = mesh.state / "collector"
        self.records = Records(work / "records")
        self.records.directory.mkdir(parents=True, exist_ok=True)
        args = [mesh.build / "src/collector/traffictap-collector", "--als", host_port(NODE, als), "--http", host_port(NODE, HTTP),
                "--output-dir", self.records.directory, "--name", "node", *source]
        super().__init__(mesh, "the collector", args, work / "collector.log", stdout)

    def with_api(self, *options):
        """Serves the aggregated API too, with the rights of its own ServiceAccount."""
        create_accounts(self._mesh)
        file = self.log.with_name("kubeconfig")
        file.write_text(kubeconfig(self._mesh, self._mesh.token(NAMESPACE, "traffictap-collector")))
        self.args += ["--api", host_port(NODE, API), "--api-owner", "traffictap-collector", "--kubeconfig", file, *options]
        return self

    def start(self):
        super().start()
        return self.wait_ready(HTTP, 60)

    def wait_served(self, seconds=120):
        """Until the API server answers for the collector and kubectl knows what there is. Available alone does not say so:
        it is asked without a look at the certificate, which is trusted a moment later."""
        group = ("api-resources", "--api-group", "tap.traffictap.io", "--no-headers", "-o", "name", "--cached=false")
        wait_until(lambda: "pairs.tap.traffictap.io" in self._mesh.kubectl(*group), "kubectl knows the live records", seconds)

    def counters(self):
        return self.metrics(HTTP)


def recorded_collector(mesh, operator):
    """(a collector, and what stands before it and writes down what the proxies send: into the file RECORD, or None)."""
    file = os.environ.get("RECORD")
    collector = Collector(mesh, *operator.discovery(), als=BEHIND if file else ALS).start()
    if not file:
        return collector, None
    line = [python() / "bin/python3", ROOT / "tests/captures/record.py", host_port(NODE, ALS), host_port(NODE, BEHIND), file]
    return collector, mesh.run_on_node(line)


def kubeconfig(mesh, token, port=6443):
    """Leads to the API server, or to an ApiGate before it; JSON, which is YAML too."""
    cluster = {"server": f"https://{host_port(NODE, port)}", "certificate-authority": str(mesh.state / "pki/ca.crt")}
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "mesh",
        "clusters": [{"name": "mesh", "cluster": cluster}], "users": [{"name": "own", "user": {"token": token}}],
        "contexts": [{"name": "mesh", "context": {"cluster": "mesh", "user": "own"}}]})


EVERYTHING = """
apiVersion: traffictap.io/v1alpha1
kind: TrafficTap
metadata: {{name: {name}, namespace: shop}}
spec:
  pairing: {{window: 2s}}
  match: {{protocols: [HTTP/1.0, HTTP/1.1, HTTP/2, HTTP/3, TCP]}}
  outputs: [{{name: disk, type: File, file: {{path: shop/{name}.jsonl}}}}]
"""


def collect_by_hand(mesh, name, attachment, logger, pods):
    """A collector without an operator that records all of namespace shop in shop/NAME.jsonl, and the proxies of `pods`
    attached to it by the manifest `attachment` (text or file): their listeners name the access logger."""
    taps = mesh.state / f"{name}-taps"
    taps.mkdir()
    (taps / f"{name}.yaml").write_text(EVERYTHING.format(name=name))
    collector = Collector(mesh, "--taps", taps).start()
    mesh.apply(attachment)
    for pod in pods:
        wait_until(lambda p=pod: logger in mesh.envoy_admin(p, "/config_dump?resource=dynamic_listeners"),
                   f"{pod} is attached", 20)
    return collector


class Operator(Program):
    """traffictap-operator with the rights of its own ServiceAccount; `api_port` may be that of an ApiGate."""

    def __init__(self, mesh, api_port=6443, name="operator", discovery=DISCOVERY, http=OPERATOR_HTTP, grace="0"):
        """`name` and ports differ where there are two. `grace`: how long a patch outlives its last tap."""
        work = mesh.state / name
        work.mkdir(exist_ok=True)
        self.http = http
        create_accounts(mesh)
        account = (NAMESPACE, "traffictap-operator")
        (work / "istiod-token").write_text(mesh.token(*account, audience="istio-ca"))
        (work / "kubeconfig").write_text(kubeconfig(mesh, mesh.token(*account), api_port))
        args = [mesh.build / "operator/traffictap-operator", "--kubeconfig", work / "kubeconfig",
                "--discovery", host_port(NODE, discovery), "--http", host_port(NODE, http),
                "--istiod-token", work / "istiod-token", "--patch-grace", grace]
        super().__init__(mesh, f"the {name}", args, work / "operator.log")

    @staticmethod
    def discovery():
        """The options of a collector that has its taps from this operator."""
        return "--operator", host_port(NODE, DISCOVERY)

    def start(self, wait=True):
        super().start()
        return self.wait_ready(self.http, 60) if wait else self

    def kill(self):
        """And forgets its lease, for which the next one would wait 15 s: two_operators_test.py has that."""
        killed = self.running()
        super().kill()
        lease = path_of("leases", NAMESPACE, "traffictap-operator", group="coordination.k8s.io")
        if killed and self._mesh.api.find(lease):
            self._mesh.api.delete(lease)

    def leads(self):
        return self.metrics(self.http).get('traffictap_leader{lease="traffictap-operator"}') == 1
