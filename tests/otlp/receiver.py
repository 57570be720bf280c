# SPDX-License-Identifier: Apache-2.0
"""The OpenTelemetry Collector as one process on the loopback network: OTLP by gRPC and HTTP, plain, with TLS and with
client certificates, written to files."""
import json
import pathlib
import subprocess

import certificates
import shop
from contestants import build_otelcol

HOST = 110
# name: (port for gRPC, port for HTTP)
LISTENERS = {"plain": (4317, 4318), "tls": (4327, 4328), "mtls": (4337, 4338)}
PROTOCOLS = ("Grpc", "HttpProtobuf")


class Receiver:
    def __init__(self, work, network):
        self.work, self.ip = pathlib.Path(work), network.ip(HOST)
        self.binary, self.process = build_otelcol(), None
        self.tls = self.work / "otlp-tls"
        self.tls.mkdir(parents=True)
        self.authority("ca")
        self.authority("other")
        self.certificate("server", f"subjectAltName=IP:{self.ip}\n")
        self.certificate("client", "subjectAltName=DNS:client\n")
        self.config = self.work / "otelcol.json"
        self.config.write_text(json.dumps(self.settings()))

    def authority(self, name):
        certificates.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/O={name}",
                             "-keyout", self.tls / f"{name}.key", "-out", self.tls / f"{name}.pem")

    def certificate(self, name, extension):
        request, key, out = (self.tls / f"{name}.{end}" for end in ("csr", "key", "pem"))
        certificates.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out",
                             request)
        (self.tls / "extension").write_text(extension)
        certificates.openssl("x509", "-req", "-days", 2, "-in", request, "-CA", self.tls / "ca.pem", "-CAkey",
                             self.tls / "ca.key", "-CAcreateserial", "-extfile", self.tls / "extension", "-out", out)

    def settings(self):
        tls = {"cert_file": str(self.tls / "server.pem"), "key_file": str(self.tls / "server.key")}
        secure = {"plain": {}, "tls": {"tls": tls}, "mtls": {"tls": {**tls, "client_ca_file": str(self.tls / "ca.pem")}}}
        receivers = {
            f"otlp/{name}": {"protocols": {kind: {"endpoint": f"{self.ip}:{port}", **secure[name]}
                                           for kind, port in zip(("grpc", "http"), ports)}}
            for name, ports in LISTENERS.items()}
        exporters = {f"file/{signal}": {"path": str(self.work / f"{signal}.json"), "append": True, "flush_interval": "100ms"}
                     for signal in ("logs", "traces")}
        pipelines = {signal: {"receivers": list(receivers), "exporters": [f"file/{signal}"]}
                     for signal in ("logs", "traces")}
        return {"receivers": receivers, "exporters": exporters,
                "service": {"pipelines": pipelines, "telemetry": {"metrics": {"level": "none"}}}}

    def start(self):
        with open(self.work / "otelcol.log", "a") as log:
            self.process = shop.start([str(self.binary), "--config", str(self.config)], stdout=log, stderr=log)
        for port in LISTENERS["plain"] + LISTENERS["mtls"]:
            shop.wait_for_port(self.ip, port, "the OpenTelemetry Collector", self.process, 60)

    def stop(self):
        """It writes what it took and ends."""
        self.process.terminate()
        self.process.wait(30)
        self.process = None

    def endpoint(self, listener, protocol):
        scheme = "http" if listener == "plain" else "https"
        return f"{scheme}://{self.ip}:{LISTENERS[listener][PROTOCOLS.index(protocol)]}"

    def read(self, signal, tap):
        """The log records or spans of one tap, each with its resource's attributes under "resource"."""
        path = self.work / f"{signal}.json"
        out = []
        for line in path.read_text().splitlines() if path.exists() else []:
            for group in json.loads(line)[{"logs": "resourceLogs", "traces": "resourceSpans"}[signal]]:
                resource = attributes(group["resource"])
                for scope in group[{"logs": "scopeLogs", "traces": "scopeSpans"}[signal]]:
                    out += [{**item, "resource": resource, "attributes": attributes(item)}
                            for item in scope[{"logs": "logRecords", "traces": "spans"}[signal]]]
        return [item for item in out if item["attributes"]["traffictap.tap"] == f"shop/{tap}"]


def attributes(item):
    return {a["key"]: value(a["value"]) for a in item.get("attributes", [])}


def value(any_value):
    kind, content = next(iter(any_value.items()))
    if kind == "arrayValue":
        return [value(element) for element in content["values"]]
    return int(content) if kind == "intValue" else content
