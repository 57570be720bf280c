"""The real programs on the real mesh, for all tests of this folder, and what they expose once everything that they count
has happened: a tap that delivers, one whose output fails, and traffic between the proxies."""

import atexit
import json
import os
import pathlib
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e")]

from installation import HTTP, OPERATOR_HTTP, Collector, Operator, create_crds  # noqa: E402
from mesh import Mesh, namespaces, shop  # noqa: E402
from mesh.processes import wait_until  # noqa: E402
from taps import Taps  # noqa: E402

import exposition  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TRAFFICTAP_BUILD") or ROOT / "build").resolve()
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
    """{name: Family} of "collector" or "operator"."""
    if not _exposed:
        mesh = shared_mesh()
        mesh.serve_collector_from_node()
        create_crds(mesh)
        operator = Operator(mesh).start()
        collector = Collector(mesh, *Operator.routes()).start()
        texts = _scrape(mesh, operator, collector)
        _exposed.update(collector=exposition.parse(texts[0]), operator=exposition.parse(texts[1]))
        collector.stop()
        operator.stop()
    return _exposed[program]


def _scrape(mesh, operator, collector):
    taps = Taps(mesh, collector)
    # A directory where the file should be: nobody can write to it, not even root.
    (collector.records.directory / "shop/refused.jsonl").mkdir(parents=True)
    taps.apply("delivered")
    taps.apply("refused", wait=None)

    def failing():
        mesh.call("shop/client", "http://frontend/catalog")
        return "traffictap_output_failing" in (collector.get(HTTP, "/metrics") or "")

    wait_until(failing, "the second tap's output fails", 60)
    texts = collector.get(HTTP, "/metrics"), operator.get(OPERATOR_HTTP, "/metrics")
    taps.delete_all()
    return texts


class Shell:
    """What a user has: kubectl, helm, the project's folder, and traffic in the namespace shop."""

    def __init__(self):
        self.mesh = shared_mesh()
        self._home = self.mesh.state / "docs"
        self._ended = threading.Event()
        self._driver = threading.Thread(target=self._drive, daemon=True)
        self._driver.start()

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
        path = self._home / page.replace("/", "-")
        path.mkdir(parents=True)
        for name in ("charts", "crds"):
            (path / name).symlink_to(ROOT / name)
        return path

    def run(self, directory, text):
        """The exit code of a script, what it prints, and its errors; the first command that fails ends it."""
        line = namespaces.command(self.mesh.node_pid, ["bash", "-euo", "pipefail", "-c", text], directory=directory)
        done = subprocess.run(line, env=self._environment(), text=True, capture_output=True, timeout=300, check=False)
        return done.returncode, done.stdout, done.stderr

    def _environment(self):
        helm = pathlib.Path(os.environ["TRAFFICTAP_HELM"]).parent
        path = f"{helm}:{self.mesh.binaries()}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "KUBECONFIG": str(self.mesh.state / "kubeconfig"), "HOME": str(self._home)}

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
        taps.delete_all()
        return {**out, "Progressing": changed}
