# SPDX-License-Identifier: Apache-2.0
"""Connections of every kind, held open between the sidecars of two pods, and what happens to them."""

import http.client
import json
import pathlib
import signal
import subprocess
import sys
import threading
import time

from held_ends import PORTS
from mesh import namespaces
from mesh.processes import wait_until
from taps import Taps

HERE = pathlib.Path(__file__).parent
NAMESPACE, SERVER, HOLDER = "held", "held/server", "held/holder"
KINDS = list(PORTS)
LABEL = "traffictap.io/attachment"
LOGGERS = {"access_loggers.http_grpc", "access_loggers.tcp_grpc"}
LISTENERS = ("listener_added", "listener_modified", "listener_removed", "listener_in_place_updated",
             "total_filter_chains_draining", "total_listeners_draining")


def start_in(mesh, which, *args, **kwargs):
    """A program of this folder with the network of a pod. It ends with this process."""
    line = namespaces.command(mesh.pod_pid(which), [sys.executable, HERE / "held_ends.py", *args])
    return subprocess.Popen(line, preexec_fn=namespaces.die_with_parent, **kwargs)


class Place:
    """The namespace with the two pods, and the program that serves."""

    def __init__(self, mesh, collector):
        self.mesh, self.collector, self.taps = mesh, collector, Taps(mesh, collector, NAMESPACE)
        mesh.apply(HERE / "held.yaml")
        mesh.wait_ready(NAMESPACE, 2)
        self._server = start_in(mesh, SERVER, "serve")

    def remove(self):
        """With all that is attached to it."""
        self._server.kill()
        self._server.wait()
        self.taps.delete_all(patches=False)
        self.attach("OnDemand", settle=False)
        wait_until(lambda: not self.taps.patches(NAMESPACE), "the patches are gone", 60)
        self.mesh.kubectl("delete", "namespace", NAMESPACE, "--timeout=90s")

    def attach(self, mode, settle=True):
        """Standing or OnDemand; `settle`: returns when the proxies have it."""
        self.mesh.kubectl("label", "namespace", NAMESPACE, f"{LABEL}={mode}", "--overwrite")
        if settle:
            wanted = LOGGERS if mode == "Standing" else set()
            wait_until(lambda: all(self.loggers(pod) == wanted for pod in (SERVER, HOLDER)), f"both are {mode}", 60)

    def create(self, name, **spec):
        """Creates a tap of the namespace with one call, and returns the moment."""
        spec = {"targets": [{"kind": "Namespace"}], "pairing": {"window": "2s"},
                "outputs": [{"name": "disk", "type": "File", "file": {"path": f"{name}.jsonl"}}], **spec}
        now = time.time()
        self.mesh.api.create(self.taps.path(), {
            "apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap",
            "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})
        return now

    def first_record(self, name):
        """Seconds from a tap's creation to its first record."""
        file = self.collector.records.directory / self.taps.file(name)
        created = self.create(name)
        wait_until(lambda: file.exists() and file.stat().st_size > 0, f"{name} records", 30)
        return time.time() - created

    def loggers(self, which):
        config = self.mesh.envoy_admin(which, "/config_dump?resource=dynamic_listeners")
        return {name for name in LOGGERS if name in config}

    def listeners(self):
        """What the proxies count of their listeners, {pod: {counter: value}}; a change of one of them shows in it."""
        def of(which):
            found = self.mesh.envoy_stats(which, "^listener_manager")
            return {name: found.get(f"listener_manager.{name}", 0) for name in LISTENERS}

        return {which: of(which) for which in (SERVER, HOLDER)}

    def wait_undrained(self, seconds=120):
        """Until no connection is served by a configuration that is on its way out."""
        def quiet():
            return not any(found[name] for found in self.listeners().values() for name in LISTENERS if "draining" in name)

        wait_until(quiet, "nothing drains", seconds)


class Calls(threading.Thread):
    """Twenty requests a second over one connection, until stop()."""

    def __init__(self, mesh):
        super().__init__(daemon=True)
        self._ended, self.failed = threading.Event(), []
        self._connection = http.client.HTTPConnection("server", PORTS["HTTP/1.1"], timeout=10)
        self._connection.sock = mesh.connect(HOLDER, "server", PORTS["HTTP/1.1"])
        self.start()

    def run(self):
        while not self._ended.wait(0.05):
            try:
                self._connection.request("GET", "/held/driven")
                self._connection.getresponse().read()
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                return

    def stop(self):
        self._ended.set()
        self.join()
        self._connection.close()


class Held:
    """One connection of each kind, from now until end(); where one ends, another one is opened."""

    def __init__(self, place):
        self._lock, self._events = threading.Lock(), []
        address = place.mesh.address_of("server", NAMESPACE)
        self._process = start_in(place.mesh, HOLDER, "hold", address, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_alive()

    def _read(self):
        for line in self._process.stdout:
            with self._lock:
                self._events.append(json.loads(line))

    def end(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._reader.join()
        self._process.stdout.close()

    def events(self, what, since=0):
        with self._lock:
            return [event for event in self._events if event["what"] == what and event["at"] >= since]

    def wait_alive(self, seconds=30):
        """Until something has passed over each of them since now."""
        now = time.time()

        def all_beat():
            silent = set(KINDS) - {event["kind"] for event in self.events("beat", now)}
            if silent:
                raise AssertionError(f"silent: {sorted(silent)}")
            return True

        wait_until(all_beat, "all held connections are alive", seconds)

    def happened(self, what, kind, since):
        """The events "cut" or "told" of a kind. A connection that never was alive cannot be cut."""
        alive = {event["connection"] for event in self.events("beat") if event["kind"] == kind}
        return [event for event in self.events(what, since) if event["kind"] == kind and event["connection"] in alive]

    def troubles(self, since):
        """All of them, in words: [] where nothing noticed anything."""
        return [f"{kind} {what} after {event['at'] - since:.1f} s: {event['how']}"
                for kind in KINDS for what in ("cut", "told") for event in self.happened(what, kind, since)]
