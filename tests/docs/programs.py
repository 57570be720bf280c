# SPDX-License-Identifier: Apache-2.0
"""An installation of the chart on a real mesh, for all tests of this folder, and what its programs expose once everything
that they count has happened: a tap that delivers, one that holds records, one whose output fails, and traffic between the proxies.
Receivers, pairers and readers expose what they count from the start, without a Kafka cluster."""

import atexit
import functools
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e"), str(ROOT / "charts/image"), str(ROOT / "release")]

from mesh import Mesh, namespaces, shop  # noqa: E402
from mesh.processes import wait_until  # noqa: E402
from taps import Taps  # noqa: E402
from terminal import Terminal  # noqa: E402

import build_images  # noqa: E402
import bundle  # noqa: E402
import exposition  # noqa: E402
import pages  # noqa: E402
import system  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TRAFFICTAP_BUILD") or ROOT / "build").resolve()
NAMESPACE = "traffictap-system"
METRICS = {"collector": 9812, "operator": 9814}
# Options of the roles that share a collector's work, with others that are not there.
ROLES = {"receiver": "--taps {taps} --shuffle-brokers 127.0.0.1:1 --als 127.0.0.1:0",
         "pairer": "--taps {taps} --shuffle-brokers 127.0.0.1:1 --live off",
         "reader": "--pairer 127.0.0.1:1"}
_exposed, _shared = {}, []


def shared_mesh():
    """A mesh with the sample shop and nothing of ours, for all tests of this folder."""
    if not _shared:
        mesh = Mesh.for_tests("-docs")
        atexit.register(mesh.down)
        mesh.up()
        for file in ("workloads", "routes", "gateway"):
            mesh.apply(ROOT / f"tests/mesh/shop/{file}.yaml")
        mesh.wait_ready("shop", shop.PODS)
        _shared.append(mesh)
    return _shared[0]


def exposed():
    """{name: Family} of the collector and the operator together."""
    return {**exposed_by("collector"), **exposed_by("operator")}


def exposed_by(program):
    """{name: Family} of "collector" or "operator", as an installation's pods tell them."""
    if not _exposed:
        with Shell() as shell:
            shell.install()
            texts = _scrape(shell.mesh)
        roles = [exposition.parse(_of_role(role)) for role in ROLES]
        _exposed.update(collector=_merged(exposition.parse(texts[0]), *roles), operator=exposition.parse(texts[1]))
    return _exposed[program]


def _merged(*all_families):
    out = {}
    for families in all_families:
        for name, family in families.items():
            known = out.setdefault(name, family)
            for label, values in family.labels.items():
                known.labels.setdefault(label, set()).update(values)
    return out


def _of_role(role):
    """/metrics of a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as taps:
        command = [BUILD / "src/collector/traffictap-collector", "--role", role, "--http", f"127.0.0.1:{port}"]
        command += ROLES[role].format(taps=taps).split()
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            texts = []
            wait_until(lambda: texts.append(_get(port)) or "traffictap_build_info" in texts[-1], f"a {role} counts", 30)
            return texts[-1]
        finally:
            process.kill()
            process.wait()


def _get(port):
    """/metrics of a port of this machine, or nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def _scrape(mesh):
    taps = Taps(mesh, None)
    # A destination that nobody is at, for an output that fails.
    destination = {"apiVersion": "traffictap.io/v1alpha1", "kind": "TapDestination", "metadata": {"name": "nobody"},
                   "spec": {"type": "Kafka", "kafka": {"brokers": ["127.0.0.1:1"], "topic": "t"}, "allowedNamespaces": {}}}
    mesh.apply(json.dumps(destination))
    taps.apply("delivered", metrics={"by": ["Source", "Destination", "Verdict", "ResponseClass"]})
    taps.apply("recorded", recorder={"triggers": [{"name": "errors", "type": "ErrorRatio", "errorRatio": {"ratio": 0.5}}]})
    taps.apply("refused", wait=None, outputs=[{"name": "bus", "type": "Kafka", "kafka": {"destination": "nobody"}}])
    wait_until(lambda: "traffictap_output_failing" in _metrics(mesh, "collector"), "the second tap's output fails", 90)
    wait_until(lambda: 'verdict="Ok"' in "".join(line for line in _metrics(mesh, "collector").splitlines()
                                                 if line.startswith("traffictap_requests_total{")), "requests are counted", 90)
    texts = _metrics(mesh, "collector"), _metrics(mesh, "operator")
    taps.delete_all(patches=False)
    mesh.kubectl("delete", "tapdestination", "nobody")
    return texts


def _metrics(mesh, program):
    """/metrics of the pod, of the leading one where there are several; asked for inside of the pod."""
    texts = []
    for pod in mesh.pods(NAMESPACE):
        if pod.labels.get("app.kubernetes.io/name") == f"traffictap-{program}" and pod.ready:
            connection = http.client.HTTPConnection(pod.ip, METRICS[program], timeout=10)
            connection.sock = namespaces.connect(mesh.pod_pid(pod), (pod.ip, METRICS[program]), 10)
            connection.request("GET", "/metrics")
            texts.append(connection.getresponse().read().decode())
            connection.close()
    return max(texts, key=len, default="")


@functools.cache
def unpacked_plugin(directory):
    """The folder in `directory` to which the archive of kubectl-traffictap unpacks that a release would have."""
    build = system.Build.read(BUILD)
    name, packed, _ = bundle.archive(build, build.version, build_images.epoch())
    subprocess.run(["tar", "xzf", "-", "-C", directory], input=packed, check=True)
    return pathlib.Path(directory, name)


class Shell:
    """What a user has: kubectl with our plugin out of its archive, helm, the project's folder, and traffic in the namespace shop."""

    def __init__(self):
        self.mesh = shared_mesh()
        downloads = self.mesh.state / "downloads"
        downloads.mkdir(exist_ok=True)
        self._terminal = Terminal(self.mesh, "docs", helm=True, plugin=unpacked_plugin(downloads))
        self._ended = threading.Event()
        self._driver = threading.Thread(target=self._drive, daemon=True)
        self._driver.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def install(self):
        """By the first command of the quick start, unless there is an installation."""
        if "traffictap" not in self.mesh.kubectl("get", "deployments", "-n", NAMESPACE, "-o", "name"):
            page = "quick-start.md"
            block = next(b for b in pages.blocks(page, pages.pages()[page]) if b.mark == "run")
            code, said, errors = self.run(self.directory("install"), block.text)
            if code:
                raise AssertionError(f"{block.text}\n{said}{errors}")

    def _drive(self):
        calls = ("http://frontend/catalog", "http://frontend/slow?delay=1.2", "http://frontend/report?code=503")
        while not self._ended.is_set():
            for url in calls:
                try:
                    self.mesh.call("shop/client", url)
                except OSError:
                    pass
            self._ended.wait(0.2)

    def close(self):
        self._ended.set()
        self._driver.join()

    def directory(self, page):
        """Where a page's commands are run: charts/ and crds/ are there as in the project's folder."""
        path = self._terminal.home / page.replace("/", "-")
        path.mkdir(parents=True)
        for name in ("charts", "crds"):
            (path / name).symlink_to(ROOT / name)
        return path

    def run(self, directory, text):
        """The exit code of a script, what it prints, and its errors; the first command that fails ends it."""
        return self._terminal.run(["bash", "-euo", "pipefail", "-c", text], directory)

    def taps_by_health(self):
        """{"Progressing", "Healthy", "Suspended", "Degraded": a real tap that is so}"""
        taps = Taps(self.mesh, None)
        taps.apply("healthy")
        taps.apply("suspended", wait=None)
        self.mesh.kubectl("annotate", "-n", "shop", "ttap/suspended", "traffictap.io/plan-only=true")
        taps.apply("degraded", wait=None, outputs=[{"name": "bus", "type": "Kafka", "kafka": {"destination": "nowhere"}}])
        taps.wait("suspended", "Ready", "False", "PlanOnly")
        taps.wait("degraded", "Ready", "False", "DestinationNotFound")
        out = {name.capitalize(): taps.get(name) for name in ("healthy", "suspended", "degraded")}
        changed = json.loads(json.dumps(out["Healthy"]))
        changed["metadata"]["generation"] += 1
        taps.delete_all(patches=False)
        return {**out, "Progressing": changed}
