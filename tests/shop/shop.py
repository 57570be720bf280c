"""A small shop on the loopback network: each pod has an address of 127.0.1.0/24, an application and, where it is
meshed, a real Envoy as its sidecar. Needs no rights. Everything it starts ends with it."""
import ctypes
import dataclasses
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import certificates
import envoy_config

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Pod:
    name: str
    ip: str
    meshed: bool = True
    tcp: int = 0  # the port that callers find it on, for what is not HTTP
    timeout: str = "15s"
    retries: int = 0


PODS = [
    Pod("frontend", "127.0.1.1"),
    Pod("cart", "127.0.1.2"),
    Pod("catalog", "127.0.1.3"),
    Pod("payment", "127.0.1.4", timeout="1s"),  # its application takes 1.5 s
    Pod("stock", "127.0.1.5", retries=2),  # fails each request once
    Pod("broken", "127.0.1.6"),
    Pod("ledger", "127.0.1.7", meshed=False),
    Pod("db", "127.0.1.8", tcp=5432),
    Pod("gone", "127.0.1.9"),  # nothing listens there
]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **kwargs):
    return subprocess.Popen(command, preexec_fn=die_with_parent, start_new_session=True, **kwargs)


def stop(process, wait=20):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def wait_for_port(ip, port, what, process, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with code {process.returncode}; its log says why")
        with socket.socket() as s:
            s.settimeout(0.5)
            if s.connect_ex((ip, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{what} does not listen on {ip}:{port} after {seconds} s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Collector:
    """traffictap-collector as a child process."""

    def __init__(self, binary, taps, work, stdout=subprocess.DEVNULL, als_port=None):
        self.binary, self.taps, self.work, self.stdout = binary, pathlib.Path(taps), pathlib.Path(work), stdout
        self.als_port, self.http_port = als_port or free_port(), free_port()
        self.output = self.work / "records"
        self.output.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self):
        self.log = open(self.work / "collector.log", "a")
        self.process = start(
            [self.binary, "--als", f"127.0.0.1:{self.als_port}", "--http", f"127.0.0.1:{self.http_port}",
             "--taps", str(self.taps), "--output-dir", str(self.output), "--name", "demo"],
            stdout=self.stdout, stderr=self.log)
        wait_for_port("127.0.0.1", self.http_port, "the collector", self.process)
        wait_for_port("127.0.0.1", self.als_port, "the collector", self.process)

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        connection.request("GET", "/metrics")
        out = {}
        for line in connection.getresponse().read().decode().splitlines():
            if line and line[0] != "#":
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def stop(self):
        return stop(self.process)


class Shop:
    def __init__(self, als_port, work, mtls=False):
        self.work, self.processes, self.pods = pathlib.Path(work), [], {p.name: p for p in PODS}
        envoy = subprocess.run([HERE / "fetch_envoy.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        tls = certificates.Authority(self.work / "certificates") if mtls else None
        try:
            for pod in PODS:
                if pod.name != "gone":
                    self.start_pod(pod, envoy, als_port, tls)
            for pod, process in self.processes:
                if pod.meshed:
                    wait_for_port(pod.ip, envoy_config.INBOUND, f"Envoy of {pod.name}", process)
        except BaseException:
            self.stop()
            raise

    def start_pod(self, pod, envoy, als_port, tls):
        app = start([sys.executable, HERE / "app.py", pod.name, pod.ip])
        self.processes.append((dataclasses.replace(pod, meshed=False), app))
        if not pod.meshed:
            return
        config = self.work / f"{pod.name}.json"
        others = [p for p in PODS if p is not pod] if pod.name == "frontend" else []
        config.write_text(json.dumps(envoy_config.sidecar(pod, others, als_port, tls)))
        log = open(self.work / f"{pod.name}.log", "w")
        process = start([envoy, "-c", config, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning",
                         "--drain-time-s", "1", "--parent-shutdown-time-s", "2"], stdout=log, stderr=log)
        self.processes.append((pod, process))

    def call(self, service, path="/", method="GET", agent="shop-demo/1.0", timeout=10, abort=False):
        """One call of the frontend's application through its sidecar. Returns the status, or None if given up."""
        ip = self.pods["frontend"].ip
        connection = http.client.HTTPConnection(ip, envoy_config.OUTBOUND, timeout=0.2 if abort else timeout)
        try:
            connection.request(method, path, headers={"Host": service, "User-Agent": agent})
            return connection.getresponse().status
        except (TimeoutError, ConnectionError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def call_unmeshed(self, service, path="/"):
        """A call from outside of the mesh, straight to the server's sidecar."""
        connection = http.client.HTTPConnection(self.pods[service].ip, envoy_config.INBOUND, timeout=5,
                                                source_address=("127.0.2.1", 0))
        connection.request("GET", path, headers={"Host": service, "User-Agent": "outsider/1.0"})
        status = connection.getresponse().status
        connection.close()
        return status

    def query_db(self, text=b"select 1"):
        with socket.create_connection((self.pods["frontend"].ip, 5432), timeout=5) as s:
            s.sendall(text)
            return s.recv(4096)

    def entries_sent(self):
        """What the Envoys themselves count: {written, dropped, flushed, failed} over all pods."""
        names = {"logs_written": "written", "logs_dropped": "dropped", "grpc_entries_flushed": "flushed",
                 "grpc_entries_flush_failed": "failed"}
        out = dict.fromkeys(names.values(), 0)
        for pod in self.pods.values():
            if not pod.meshed or pod.name == "gone":
                continue
            connection = http.client.HTTPConnection(pod.ip, envoy_config.ADMIN, timeout=5)
            connection.request("GET", "/stats?filter=grpc_access_log")
            for line in connection.getresponse().read().decode().splitlines():
                name, value = line.split(": ")
                out[names.get(name.rsplit(".", 1)[1], "written")] += int(value) if name.rsplit(".", 1)[1] in names else 0
        return out

    def stop(self):
        for _, process in self.processes:
            if process.poll() is None:
                process.kill()
        for _, process in self.processes:
            process.wait()
        self.processes = []
