# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy and the cluster's DNS do: Service addresses reach ready pods, Service names have addresses."""

import re
import socket
import struct
import threading
import time

from mesh.api import path_of
from mesh.namespaces import run
from mesh.network import FAMILIES, IPV6, NODE, family_of, host_port

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
        """What the name of a Service stands for: its own addresses, or without any those of its pods."""
        with self._lock:
            service = self._services.get((namespace, name))
        if not service:
            return None
        return own_addresses(service) or sorted({a for _, _, addresses in self.endpoints(namespace, name) for a in addresses})


def own_addresses(service):
    """Those of a Service itself, one of each of its families."""
    spec = service["spec"]
    return [address for address in spec.get("clusterIPs") or [spec.get("clusterIP")] if address and address != "None"]


def _rules(table, family):
    for service in table.services():
        spec, meta = service["spec"], service["metadata"]
        own = next((address for address in own_addresses(service) if family_of(address) is family), None)
        if own is None:
            continue
        endpoints = {}
        for name, port, addresses in table.endpoints(meta["namespace"], meta["name"]):
            endpoints.setdefault(name, []).extend(host_port(a, port) for a in addresses if family_of(a) is family)
        for port in spec.get("ports") or []:
            protocol = port.get("protocol", "TCP").lower()
            match = f"-A {CHAIN} -d {own}/{family.bits} -p {protocol} --dport {port['port']}"
            targets = endpoints.get(port.get("name") or "", [])
            for left, target in zip(range(len(targets), 0, -1), targets):
                share = f" -m statistic --mode random --probability {1 / left:.6f}" if left > 1 else ""
                yield f"{match}{share} -j DNAT --to-destination {target}"


def _write_rules(table):
    for family in FAMILIES:
        lines = ["*nat", f":{CHAIN} - [0:0]", *_rules(table, family), "COMMIT", ""]
        run(f"{family.iptables}-restore", "-w", "--noflush", stdin="\n".join(lines))


def translate_services(table):
    """Keeps the node's rules as the table says. Returns after the first time; the rest happens in a thread."""
    _write_rules(table)
    for family in FAMILIES:
        for chain in ("PREROUTING", "OUTPUT"):
            run(family.iptables, "-w", "-t", "nat", "-A", chain, "-j", CHAIN)

    def keep():
        while table.changed.wait():
            time.sleep(0.05)  # one writing for several changes that come together
            table.changed.clear()
            _write_rules(table)

    threading.Thread(target=keep, daemon=True).start()


class Dns:
    """Answers A and AAAA questions for SERVICE.NAMESPACE.svc.cluster.local over UDP on the node's address (RFC 1035)."""

    KINDS = {1: socket.AF_INET, 28: socket.AF_INET6}
    NAME = re.compile(rf"^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.{re.escape(DOMAIN)}$")

    def __init__(self, table):
        self._table = table
        self._socket = socket.socket(_socket_family(NODE), socket.SOCK_DGRAM)
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
        packed = [socket.inet_pton(self.KINDS[kind], a) for a in addresses or [] if self.KINDS.get(kind) == _socket_family(a)]
        records = [struct.pack("!HHHIH", 0xC00C, kind, 1, 5, len(a)) + a for a in packed]
        header = struct.pack("!HHHHHH", number, flags, 1, len(records), 0, 0)
        return header + packet[12 : end + 5] + b"".join(records)


def _socket_family(address):
    return socket.AF_INET6 if family_of(address) is IPV6 else socket.AF_INET


def resolver_file(namespace=None):
    search = ([f"{namespace}.svc.{DOMAIN}"] if namespace else []) + [f"svc.{DOMAIN}", DOMAIN]
    return f"nameserver {NODE}\nsearch {' '.join(search)}\noptions ndots:5 timeout:2\n"
