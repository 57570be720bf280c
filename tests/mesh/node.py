# SPDX-License-Identifier: Apache-2.0
"""The node: the process that owns one mesh. It is the first process of a process id namespace, so that whatever way it
ends, everything that it started ends with it, and its mounts and networks too.

It starts the control plane, then is the kubelet, the service proxy and the DNS, and takes orders on a Unix socket."""

import json
import pathlib
import signal
import socketserver
import sys
import threading
import time
import traceback

from mesh import control_plane, istio, network, pki, service_network
from mesh.api import Api
from mesh.kubelet import Kubelet, register_node
from mesh.namespaces import own_pid, run
from mesh.processes import wait_until

STOP_SECONDS = 3  # open watches keep the API server and istiod from ending sooner than they are told
HERE = pathlib.Path(__file__).parent


def _python_binds(directory):
    """A Python with packages of its own needs the one that it was made of, where that is not the pods' own."""
    made_of = str((directory / "bin/python3").resolve().parents[1])
    return {"/opt/python": str(directory), **({} if made_of == "/usr" else {made_of: made_of})}


class Node:
    """`settings`: binaries (directory), mtls (STRICT or DISABLE), build (directory of the project's own programs), cni
    (whether this node stands in for Istio's CNI plugin), ambient (whether istiod makes waypoints), image_roots (directories
    of unpacked images by name), python (the directory of a Python with packages that pods see as /opt/python)."""

    def __init__(self, state, settings):
        self.state, self.settings = pathlib.Path(state), settings
        self.binaries = pathlib.Path(settings["binaries"])
        self.processes = {}

    def start(self):
        began = time.monotonic()
        (self.state / "log").mkdir()
        network.set_up_node()
        self._use_own_resolver()
        pki.create(self.state / "pki")
        control_plane.write_kubeconfig(self.state)
        istio.write_files(self.state / "istiod", self.binaries / "istio", self.settings.get("cni", False))
        self.api = Api(self.state / "pki", network.NODE)
        self.processes = control_plane.processes(self.binaries, self.state)
        self.processes["istiod"] = istio.process(self.binaries, self.state, self.settings.get("ambient", False))
        self.processes["etcd"].start()
        self.processes["kube-apiserver"].start()
        control_plane.wait_for_api(self.api, self.processes["kube-apiserver"])
        self.say(began, "the API server is ready")
        self._fill()
        self.say(began, "istiod is ready")

    def say(self, began, text):
        print(f"{time.monotonic() - began:5.1f} s  {text}", flush=True)

    def _use_own_resolver(self):
        own = self.state / "resolv.conf"
        own.write_text(service_network.resolver_file())
        run("mount", "--bind", own, "/etc/resolv.conf")

    def _fill(self):
        """Everything that needs the API server, in the order in which one needs the other."""
        self.processes["kube-controller-manager"].start()
        self._create_crds()
        istio.create_objects(self.api)
        self.processes["istiod"].start()
        register_node(self.api)
        table = service_network.ServiceTable(self.api)
        service_network.Dns(table)
        service_network.translate_services(table)
        binds = {"/opt/mesh": str(self.binaries), "/opt/shop": str(HERE / "shop")}
        if self.settings.get("build"):
            binds["/opt/traffictap"] = self.settings["build"]
        if self.settings.get("python"):
            binds |= _python_binds(pathlib.Path(self.settings["python"]))
        kubelet = Kubelet(self.api, self.state, binds, self.settings.get("image_roots", {}))
        threading.Thread(target=kubelet.run, daemon=True).start()
        wait_until(istio.ready, "istiod is ready", 180, self.processes["istiod"])
        wait_until(
            lambda: istio.injector_trusted(self.api), "istiod's injector is trusted", 120, self.processes["istiod"]
        )
        wait_until(lambda: istio.require_mtls(self.api, self.settings["mtls"]) or True, "mTLS is set", 120)

    def _create_crds(self):
        control_plane.kubectl(self.binaries, self.state, "create", "-f", self.binaries / "crds")

    def obey(self, order):
        """{"verb": "start"|"stop"|"kill", "name": PROCESS} -> {"ok": true} or {"error": text}."""
        process = self.processes[order["name"]]
        if order["verb"] == "start":
            process.start()
        else:
            process.stop(0 if order["verb"] == "kill" else STOP_SECONDS)
        return {"ok": True}

    def serve(self):
        node = self

        class Order(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    answer = node.obey(json.loads(self.rfile.readline()))
                except (KeyError, ValueError) as error:
                    answer = {"error": f"cannot do that: {error!r}"}
                self.wfile.write(json.dumps(answer).encode() + b"\n")

        socketserver.ThreadingUnixStreamServer(str(self.state / "control.sock"), Order).serve_forever()


def main(state):
    state = pathlib.Path(state)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    (state / "node.pid").write_text(str(own_pid()))
    node = Node(state, json.loads((state / "settings.json").read_text()))
    try:
        node.start()
    except Exception:
        (state / "failed").write_text(traceback.format_exc())
        sys.exit(1)
    (state / "ready").touch()
    node.serve()
