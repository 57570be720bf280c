# SPDX-License-Identifier: Apache-2.0
"""The node's network. Every pod has one veth pair to the node and an address of its own; all traffic between pods
passes the node's routing, as with a routing CNI plugin, so that Service addresses are translated both ways."""

from mesh.namespaces import run

NODE = "10.244.0.1"
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"


def set_up_node():
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{NODE}/32", "dev", "lo")
    run("ip", "route", "add", SERVICES, "dev", "lo", "src", NODE)  # so that the node itself can call a Service
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")


class PodAddresses:
    """Hands out 10.244.1.1 to 10.244.255.254, an address again only after all others."""

    def __init__(self):
        self._last, self._used = 255, set()

    def take(self):
        while True:
            self._last = self._last + 1 if self._last < 65534 else 256
            low = self._last % 256
            address = f"10.244.{self._last // 256}.{low}"
            if low not in (0, 255) and address not in self._used:
                self._used.add(address)
                return address

    def give_back(self, address):
        self._used.discard(address)


def device_of(address):
    """The node's end of a pod's veth pair."""
    third, fourth = address.split(".")[2:]
    return f"pod{third}.{fourth}"


def attach(address, pid):
    """Gives the network namespace of `pid` (as this process counts them) an eth0 with the address."""
    device = device_of(address)
    run("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", pid)
    run("ip", "link", "set", device, "up")
    run("ip", "route", "add", f"{address}/32", "dev", device)


def pod_side(address):
    """The shell lines that finish eth0 from inside of the pod's network namespace."""
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
        run("iptables", "-w", "-t", table, "-I", chain, *match, "-j", "DROP")


def mend(address):
    for table, chain, *match in _cut_rules(address):
        run("iptables", "-w", "-t", table, "-D", chain, *match, "-j", "DROP")
