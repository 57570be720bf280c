# SPDX-License-Identifier: Apache-2.0
"""A small shop on the loopback network: each pod has an address of its own, an application and, where it is meshed, a
real Envoy as its sidecar. Needs no rights. Everything it starts ends with it. Any number of shops run side by side."""
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
    host: int  # the last byte of its address
    meshed: bool = True
    tcp: int = 0  # the port that callers find it on, for what is not HTTP
    timeout: str = "15s"
    retries: int = 0
    instant: bool = False  # its Envoy itself plays the application
    open_streams: str = ""  # how often its Envoy logs what is open
    ip: str = ""


PODS = [
    Pod("frontend", 1),
    Pod("cart", 2),
    Pod("catalog", 3),
    Pod("payment", 4, timeout="1s"),  # its application takes 1.5 s
    Pod("stock", 5, retries=2),  # fails each request once
    Pod("broken", 6),
    Pod("ledger", 7, meshed=False),
    Pod("db", 8, tcp=5432),
    Pod("gone", 9),  # nothing listens there
]


class Network:
    """A /24 of the loopback network that nobody else uses: whoever listens on its last address owns it, and the kernel
    gives it back when that process ends, however it ends."""

    CLAIM_HOST, CLAIM_PORT = 254, 20009
    COLLECTOR, OUTSIDER = 250, 200

    def __init__(self):
        first = os.getpid() % 64000
        for number in range(first, first + 64000):
            self.prefix = f"127.{1 + number // 250 % 250}.{1 + number % 250}"
            self.claim = socket.socket()
            try:
                self.claim.bind((self.ip(self.CLAIM_HOST), self.CLAIM_PORT))
                self.claim.listen(1)
                return
            except OSError:
                self.claim.close()
        raise RuntimeError("no free network below 127.0.0.0/8")

    def ip(self, host):
        return f"{self.prefix}.{host}"

    def listen(self, host, port):
        """The address that a program is told to listen on."""
        return f"{self.ip(host)}:{port}"

    def close(self):
        self.claim.close()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **kwargs):
    return subprocess.Popen(command, preexec_fn=die_with_parent, start_new_session=True, **kwargs)


def wait_until_live(ip, process, seconds=20):
    """Until Envoy listens: its own word, since a probe of its ports would be logged as traffic."""
    wait_for_port(ip, envoy_config.ADMIN, "Envoy", process, seconds)
    end = time.monotonic() + seconds
    while get(ip, envoy_config.ADMIN, "/ready")[1] != "LIVE\n":
        if time.monotonic() > end or process.poll() is not None:
            raise RuntimeError(f"Envoy on {ip} is not ready; its log says why")
        time.sleep(0.05)


def get(ip, port, path):
    """Status and text of a plain HTTP answer."""
    connection = http.client.HTTPConnection(ip, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


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
        try:
            socket.create_connection((ip, port), timeout=0.5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{what} does not listen on {ip}:{port} after {seconds} s")


class Collector:
    """traffictap-collector as a child process. Its address stays the same when it is started again."""

    def __init__(self, binary, taps, work, network=None, stdout=subprocess.DEVNULL, options=()):
        self.binary, self.taps, self.work, self.stdout = binary, pathlib.Path(taps), pathlib.Path(work), stdout
        self.network, self.options = network or Network(), [str(o) for o in options]
        self.ip, self.als_port, self.http_port = self.network.ip(Network.COLLECTOR), 9001, 9090
        self.output = self.work / "records"
        self.output.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self):
        name = [] if "--name" in self.options else ["--name", "demo"]
        with open(self.work / "collector.log", "a") as log:
            self.process = start(
                [self.binary, "--als", self.network.listen(Network.COLLECTOR, self.als_port),
                 "--http", self.network.listen(Network.COLLECTOR, self.http_port),
                 "--taps", self.taps, "--output-dir", self.output, *name, *self.options],
                stdout=self.stdout, stderr=log)
        wait_for_port(self.ip, self.http_port, "the collector", self.process)
        wait_for_port(self.ip, self.als_port, "the collector", self.process)

    def get(self, path):
        return get(self.ip, self.http_port, path)

    def metrics(self):
        lines = (line for line in self.get("/metrics")[1].splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def stop(self):
        return stop(self.process)


class Shop:
    def __init__(self, collector, work, mtls=False, pods=PODS, receivers=None):
        """`receivers`: (ip, port, port of /readyz) of each that the Envoys may send to, instead of the collector alone."""
        self.work, self.processes, self.network = pathlib.Path(work), [], collector.network
        receivers = receivers or [(collector.ip, collector.als_port)]
        self.pods = {p.name: dataclasses.replace(p, ip=self.network.ip(p.host)) for p in pods}
        envoy = subprocess.run([HERE / "fetch_envoy.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        tls = certificates.Authority(self.work / "certificates") if mtls else None
        try:
            for pod in self.pods.values():
                if pod.name != "gone":
                    self.start_pod(pod, envoy, receivers, tls)
            for pod, process in self.processes:
                if pod.meshed:
                    wait_until_live(pod.ip, process)
                else:
                    wait_for_port(pod.ip, envoy_config.APP, f"the application of {pod.name}", process)
        except BaseException:
            self.stop()
            raise

    def start_pod(self, pod, envoy, als, tls):
        if not pod.instant:
            app = start([sys.executable, HERE / "app.py", pod.name, pod.ip])
            self.processes.append((dataclasses.replace(pod, meshed=False), app))
        if not pod.meshed:
            return
        config = self.work / f"{pod.name}.json"
        others = [p for p in self.pods.values() if p is not pod] if pod.name == "frontend" else []
        config.write_text(json.dumps(envoy_config.sidecar(pod, others, als, tls)))
        with open(self.work / f"{pod.name}.log", "w") as log:
            process = start([envoy, "-c", config, "--disable-hot-restart", "--concurrency", "1", "--log-level",
                             "warning", "--drain-time-s", "1", "--parent-shutdown-time-s", "2"], stdout=log, stderr=log)
        self.processes.append((pod, process))

    def call(self, service, path="/", method="GET", agent="shop-demo/1.0", timeout=10, abort=False, headers=()):
        """One call of the frontend's application through its sidecar. Returns the status, or None if given up."""
        ip = self.pods["frontend"].ip
        connection = http.client.HTTPConnection(ip, envoy_config.OUTBOUND, timeout=0.2 if abort else timeout)
        try:
            connection.request(method, path, headers={"Host": service, "User-Agent": agent, **dict(headers)})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (TimeoutError, ConnectionError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def call_unmeshed(self, service, path="/"):
        """A call from outside of the mesh, straight to the server's sidecar. Returns the status, or None if refused."""
        connection = http.client.HTTPConnection(self.pods[service].ip, envoy_config.INBOUND, timeout=5,
                                                source_address=(self.network.ip(Network.OUTSIDER), 0))
        try:
            connection.request("GET", path, headers={"Host": service, "User-Agent": "outsider/1.0"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (ConnectionError, http.client.HTTPException):  # it speaks no TLS, which the mesh may ask for
            return None
        finally:
            connection.close()

    def load(self, service, count, path="/load", batch=20):
        """`count` requests over one connection, `batch` at a time. Returns how many were answered."""
        request = f"GET {path} HTTP/1.1\r\nHost: {service}\r\nUser-Agent: load/1.0\r\n\r\n".encode()
        answered = 0
        with socket.create_connection((self.pods["frontend"].ip, envoy_config.OUTBOUND), timeout=20) as s:
            while answered < count:
                wanted = min(batch, count - answered)
                s.sendall(request * wanted)
                seen, rest = 0, b""
                while seen < wanted:
                    received = s.recv(65536)
                    if not received:
                        return answered + seen
                    text = rest + received
                    seen += text.count(b"HTTP/1.1 ")
                    rest = text[-8:]  # too short for a whole one
                answered += wanted
        return answered

    def hold(self, service, path):
        """A call whose answer goes on until the connection that this returns is closed."""
        connection = http.client.HTTPConnection(self.pods["frontend"].ip, envoy_config.OUTBOUND, timeout=10)
        connection.request("GET", path, headers={"Host": service})
        connection.getresponse().read(1)
        return connection

    def connect_db(self):
        return socket.create_connection((self.pods["frontend"].ip, 5432), timeout=5)

    def query_db(self, text=b"select 1"):
        with self.connect_db() as s:
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
            for line in get(pod.ip, envoy_config.ADMIN, "/stats?filter=grpc_access_log")[1].splitlines():
                name, value = line.split(": ")
                counter = name.rsplit(".", 1)[1]
                if counter in names:
                    out[names[counter]] += int(value)
        return out

    def stop(self):
        for _, process in self.processes:
            if process.poll() is None:
                process.kill()
        for _, process in self.processes:
            process.wait()
        self.processes = []
