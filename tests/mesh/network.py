# SPDX-License-Identifier: Apache-2.0
"""The node's network. Every pod has one veth pair to the node and an address of its own; all traffic between pods
passes the node's routing, as with a routing CNI plugin, so that Service addresses are translated both ways.

MESH_FAMILY=6 in the environment makes a mesh whose pods, Services and API server have IPv6 addresses alone. MESH_FAMILY=dual
gives pods addresses of both families, IPv4 first, and Services that ask for it (ipFamilyPolicy) as well."""

import dataclasses
import os
import re

from mesh.namespaces import run


@dataclasses.dataclass(frozen=True)
class Family:
    kind: str  # of EndpointSlices
    node: str
    services: str
    api_service: str
    pod: str  # how a pod's address is made of two numbers
    bits: int
    iptables: str
    gateway: str  # what answers a pod's question for its way out: in IPv6 no device answers for the address of another one


IPV4 = Family("IPv4", "10.244.0.1", "10.96.0.0/16", "10.96.0.1", "10.244.{}.{}", 32, "iptables", "10.244.0.1")
IPV6 = Family("IPv6", "fd00:10:244::ffff", "fd00:10:96::/112", "fd00:10:96::1", "fd00:10:244::{:x}:{:x}", 128, "ip6tables", "fe80::1")
FAMILIES = {"6": (IPV6,), "dual": (IPV4, IPV6)}.get(os.environ.get("MESH_FAMILY"), (IPV4,))
FIRST, DUAL = FAMILIES[0], len(FAMILIES) > 1
NODE, API_SERVICE = FIRST.node, FIRST.api_service
ANY = "::" if IPV6 in FAMILIES else "0.0.0.0"
LOCALHOST = "::1" if FIRST is IPV6 else "127.0.0.1"  # where a pod's Envoy has its administration port
NO_WAITING = "net.ipv6.conf.{}.accept_dad=0"  # nobody else has these addresses


def host_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def family_of(address):
    return IPV6 if ":" in address else IPV4


def set_up_node():
    run("ip", "link", "set", "lo", "up")
    for family in FAMILIES:
        run("ip", "address", "add", f"{family.node}/{family.bits}", "dev", "lo")
        # So that the node itself can call a Service.
        run("ip", "route", "add", family.services, "dev", "lo", "src", family.node)
    if IPV6 in FAMILIES:
        run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", *(NO_WAITING.format(name) for name in ("all", "default")))
    if IPV4 in FAMILIES:
        run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")


class PodAddresses:
    """Hands out 10.244.1.1 to 10.244.255.254, or what IPv6 has in their place; an address again only after all others."""

    def __init__(self):
        self._last, self._used = 255, set()

    def take(self):
        while True:
            self._last = self._last + 1 if self._last < 65534 else 256
            low = self._last % 256
            address = FIRST.pod.format(self._last // 256, low)
            if low not in (0, 255) and address not in self._used:
                self._used.add(address)
                return address

    def give_back(self, address):
        self._used.discard(address)


def _numbers(address):
    """The two that a pod's first address is made of."""
    base = 16 if FIRST is IPV6 else 10
    return [int(text, base) for text in re.split("[.:]", address)[-2:]]


def addresses_of(address):
    """All addresses of the pod with this first one, in the order of the families."""
    return [family.pod.format(*_numbers(address)) for family in FAMILIES]


def device_of(address):
    """The node's end of a pod's veth pair."""
    third, fourth = _numbers(address)
    return f"pod{third:x}.{fourth:x}"


def attach(address, pid):
    """Gives the network namespace of `pid` (as this process counts them) an eth0 for the pod's addresses."""
    device = device_of(address)
    run("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", pid)
    run("ip", "link", "set", device, "up")
    if IPV6 in FAMILIES:
        run("ip", "address", "add", f"{IPV6.gateway}/64", "dev", device, "nodad")
    for each in addresses_of(address):
        run("ip", "route", "add", f"{each}/{family_of(each).bits}", "dev", device)


def pod_side(address):
    """The shell lines that finish eth0 from inside of the pod's network namespace."""
    addresses = addresses_of(address)
    lines = ["ip link set lo up"]
    if IPV6 in FAMILIES:
        lines.append(f"sysctl -qw {NO_WAITING.format('eth0')}")
    for each in addresses:
        lines.append(f"ip address add {each}/{family_of(each).bits} dev eth0" + (" nodad" if ":" in each else ""))
    lines.append("ip link set eth0 up")
    for family in FAMILIES:
        if family is IPV4:
            lines.append(f"ip route add {family.node} dev eth0 scope link")
        lines.append(f"ip route add default via {family.gateway} dev eth0")
    return "\n".join(lines)


def _cut_rules(address):
    device = device_of(address)
    return (["raw", "PREROUTING", "-i", device], ["mangle", "POSTROUTING", "-o", device])


def _rule(verb, address):
    for family in FAMILIES:
        for table, chain, *match in _cut_rules(address):
            run(family.iptables, "-w", "-t", table, verb, chain, *match, "-j", "DROP")


def cut(address):
    """Loses every packet of the pod in silence, as a broken network does."""
    _rule("-I", address)


def mend(address):
    _rule("-D", address)
