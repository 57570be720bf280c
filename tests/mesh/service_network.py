# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy and the cluster's DNS do: Service addresses reach ready pods, Service names have addresses."""

import re
import socket
import struct
import threading
import time

from mesh.api import path_of
from mesh.namespaces import run
from mesh.network import BITS, IPTABLES, IPV6, NODE, host_port

DOMAIN = "cluster.local"
CHAIN = "MESH-SERVICES"


class ServiceTable:
    """Services and their ready endpoints, as watched. Reads are snapshots."""

    def __init__(self, api):
        self._lock, self.changed = threading.Lock(), threading.Event()
        self._services, self._slices = {}, {}
        slices = path_of("endpointslices", group="discovery.k8s.io")
        for path, into in ((path_of("services"), self._services), (slices, self._slices)):
            threading.Thread(target=self._follow, args=(api, path, into), daemon=True).start()

    def _follow(self, api, path, into):
        for kind, item in api.follow(path):
            key = (item["metadata"]["namespace"], item["metadata"]["name"])
            with self._lock:
                if kind == "DELETED":
                    into.pop(key, None)
                else:
                    into[key] = item
            self.changed.set()

    def services(self):
        with self._lock:
            return list(self._services.values())

    def endpoints(self, namespace, name):
        """Yields (port name, port, addresses) of each ready slice."""
        with self._lock:
            slices = [
                s
                for (ns, _), s in self._slices.items()
                if ns == namespace and s["metadata"].get("labels", {}).get("kubernetes.io/service-name") == name
            ]
        for piece in slices:
            addresses = [
                address
                for endpoint in piece.get("endpoints") or []
                if endpoint.get("conditions", {}).get("ready", True)
                for address in endpoint["addresses"]
            ]
            for port in piece.get("ports") or []:
                yield port.get("name") or "", port["port"], addresses

    def addresses(self, namespace, name):
        """What the name of a Service stands for: its own address, or without one those of its pods."""
        with self._lock:
            service = self._services.get((namespace, name))
        if not service:
            return None
        own = service["spec"].get("clusterIP")
        if own and own != "None":
            return [own]
        return sorted({a for _, _, addresses in self.endpoints(namespace, name) for a in addresses})


def _rules(table):
    for service in table.services():
        spec, meta = service["spec"], service["metadata"]
        if spec.get("clusterIP", "None") == "None":
            continue
        endpoints = {}
        for name, port, addresses in table.endpoints(meta["namespace"], meta["name"]):
            endpoints.setdefault(name, []).extend(host_port(a, port) for a in addresses)
        for port in spec.get("ports") or []:
            protocol = port.get("protocol", "TCP").lower()
            match = f"-A {CHAIN} -d {spec['clusterIP']}/{BITS} -p {protocol} --dport {port['port']}"
            targets = endpoints.get(port.get("name") or "", [])
            for left, target in zip(range(len(targets), 0, -1), targets):
                share = f" -m statistic --mode random --probability {1 / left:.6f}" if left > 1 else ""
                yield f"{match}{share} -j DNAT --to-destination {target}"


def _write_rules(table):
    lines = ["*nat", f":{CHAIN} - [0:0]", *_rules(table), "COMMIT", ""]
    run(f"{IPTABLES}-restore", "-w", "--noflush", stdin="\n".join(lines))


def translate_services(table):
    """Keeps the node's rules as the table says. Returns after the first time; the rest happens in a thread."""
    _write_rules(table)
    for chain in ("PREROUTING", "OUTPUT"):
        run(IPTABLES, "-w", "-t", "nat", "-A", chain, "-j", CHAIN)

    def keep():
        while table.changed.wait():
            time.sleep(0.05)  # one writing for several changes that come together
            table.changed.clear()
            _write_rules(table)

    threading.Thread(target=keep, daemon=True).start()


class Dns:
    """Answers A questions, or AAAA ones, for SERVICE.NAMESPACE.svc.cluster.local over UDP on the node's address (RFC 1035)."""

    FAMILY, KIND = (socket.AF_INET6, 28) if IPV6 else (socket.AF_INET, 1)
    NAME = re.compile(rf"^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.{re.escape(DOMAIN)}$")

    def __init__(self, table):
        self._table = table
        self._socket = socket.socket(self.FAMILY, socket.SOCK_DGRAM)
        self._socket.bind((NODE, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, sender = self._socket.recvfrom(512)
            try:
                self._socket.sendto(self._answer(question), sender)
            except (ValueError, IndexError, struct.error, OSError):
                continue

    def _answer(self, packet):
        number, _, questions = struct.unpack("!HHH", packet[:6])
        end, labels = 12, []
        while packet[end]:
            labels.append(packet[end + 1 : end + 1 + packet[end]].decode().lower())
            end += 1 + packet[end]
        kind = struct.unpack("!H", packet[end + 1 : end + 3])[0]
        match = self.NAME.match(".".join(labels)) if questions == 1 else None
        addresses = self._table.addresses(match[2], match[1]) if match else None
        flags = 0x8580 if addresses is not None else 0x8583  # authoritative; 3 is "no such name"
        packed = [socket.inet_pton(self.FAMILY, a) for a in (addresses or []) if kind == self.KIND]
        records = [struct.pack("!HHHIH", 0xC00C, kind, 1, 5, len(a)) + a for a in packed]
        header = struct.pack("!HHHHHH", number, flags, 1, len(records), 0, 0)
        return header + packet[12 : end + 5] + b"".join(records)


def resolver_file(namespace=None):
    search = ([f"{namespace}.svc.{DOMAIN}"] if namespace else []) + [f"svc.{DOMAIN}", DOMAIN]
    return f"nameserver {NODE}\nsearch {' '.join(search)}\noptions ndots:5 timeout:2\n"
