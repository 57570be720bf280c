# SPDX-License-Identifier: Apache-2.0
"""The node's network. Every pod has one veth pair to the node and an address of its own; all traffic between pods
passes the node's routing, as with a routing CNI plugin, so that Service addresses are translated both ways.

MESH_FAMILY=6 in the environment makes a mesh whose pods, Services and API server have IPv6 addresses alone."""

import os
import re

from mesh.namespaces import run

IPV6 = os.environ.get("MESH_FAMILY") == "6"
# The node, the Services, the API server's, and how a pod's address is made of two numbers.
NODE, SERVICES, API_SERVICE, POD = (
    ("fd00:10:244::ffff", "fd00:10:96::/112", "fd00:10:96::1", "fd00:10:244::{:x}:{:x}") if IPV6
    else ("10.244.0.1", "10.96.0.0/16", "10.96.0.1", "10.244.{}.{}"))
BITS = 128 if IPV6 else 32
LOCALHOST = "::1" if IPV6 else "127.0.0.1"  # where a pod's Envoy has its administration port
ADDRESS_TYPE = "IPv6" if IPV6 else "IPv4"  # of EndpointSlices
IPTABLES = "ip6tables" if IPV6 else "iptables"
# What answers a pod's question for its way out: in IPv6 no device answers for the address of another one.
GATEWAY = "fe80::1" if IPV6 else NODE
NO_WAITING = "net.ipv6.conf.{}.accept_dad=0"  # nobody else has these addresses


def host_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def set_up_node():
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{NODE}/{BITS}", "dev", "lo")
    run("ip", "route", "add", SERVICES, "dev", "lo", "src", NODE)  # so that the node itself can call a Service
    if IPV6:
        run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", *(NO_WAITING.format(name) for name in ("all", "default")))
        return
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")


class PodAddresses:
    """Hands out 10.244.1.1 to 10.244.255.254, or what IPv6 has in their place; an address again only after all others."""

    def __init__(self):
        self._last, self._used = 255, set()

    def take(self):
        while True:
            self._last = self._last + 1 if self._last < 65534 else 256
            low = self._last % 256
            address = POD.format(self._last // 256, low)
            if low not in (0, 255) and address not in self._used:
                self._used.add(address)
                return address

    def give_back(self, address):
        self._used.discard(address)


def device_of(address):
    """The node's end of a pod's veth pair."""
    third, fourth = re.split("[.:]", address)[-2:]
    return f"pod{third}.{fourth}"


def attach(address, pid):
    """Gives the network namespace of `pid` (as this process counts them) an eth0 with the address."""
    device = device_of(address)
    run("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", pid)
    run("ip", "link", "set", device, "up")
    if IPV6:
        run("ip", "address", "add", f"{GATEWAY}/64", "dev", device, "nodad")
    run("ip", "route", "add", f"{address}/{BITS}", "dev", device)


def pod_side(address):
    """The shell lines that finish eth0 from inside of the pod's network namespace."""
    if IPV6:
        return f"""ip link set lo up
sysctl -qw {NO_WAITING.format("eth0")}
ip address add {address}/{BITS} dev eth0 nodad
ip link set eth0 up
ip route add default via {GATEWAY} dev eth0"""
    return f"""ip link set lo up
ip address add {address}/32 dev eth0
ip link set eth0 up
ip route add {NODE} dev eth0 scope link
ip route add default via {NODE}"""


def _cut_rules(address):
    device = device_of(address)
    return (["raw", "PREROUTING", "-i", device], ["mangle", "POSTROUTING", "-o", device])


def cut(address):
    """Loses every packet of the pod in silence, as a broken network does."""
    for table, chain, *match in _cut_rules(address):
        run(IPTABLES, "-w", "-t", table, "-I", chain, *match, "-j", "DROP")


def mend(address):
    for table, chain, *match in _cut_rules(address):
        run(IPTABLES, "-w", "-t", table, "-D", chain, *match, "-j", "DROP")
