# SPDX-License-Identifier: Apache-2.0
"""A network with IPv6 alone, as pods of some clusters have it: real Envoys, the collector with the addresses that the chart gives
it, and the command line. Needs root: the network is a namespace of its own."""
import ctypes
import json
import os
import pathlib
import re
import subprocess
import unittest

from cli_test import CLI
from shop import Network
from stage import CART, FAST, FRONTEND, Stage, sides, tap

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Ipv6Network:
    """A network namespace, which this thread and what it starts are in until close(): no address but [::1] and those below."""

    PREFIX = "fd00:7a70"
    HOSTS = (FRONTEND.host, CART.host, FAST.host, Network.COLLECTOR)

    def __init__(self):
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        checked(LIBC.unshare(CLONE_NEWNET))
        try:
            self.ip_command("link", "set", "lo", "up")
            self.ip_command("-4", "address", "flush", "dev", "lo")
            for host in self.HOSTS:
                self.ip_command("-6", "address", "add", f"{self.ip(host)}/128", "dev", "lo", "nodad")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def ip_command(*args):
        subprocess.run(["ip", *args], check=True)

    def ip(self, host):
        return f"{self.PREFIX}::{host}"

    @staticmethod
    def listen(_, port):
        """As the chart has it, whatever the cluster's addresses are."""
        return f"0.0.0.0:{port}"

    def close(self):
        checked(LIBC.setns(self.before, CLONE_NEWNET))
        os.close(self.before)


class Ipv6Alone(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        inside = tap("inside", peers={"include": [{"ipBlock": "fd00:7a70::/64"}]})
        outside = tap("outside", peers={"include": [{"ipBlock": "fd00:7a71::/64"}]})
        network = Ipv6Network()
        cls.stage = Stage(tap("all"), inside, outside, network=network, options=("--live", "[::1]:0"))
        cls.addClassCleanup(cls.stage.close)
        cls.answers = [cls.stage.shop.call("cart", "/cart/1"), cls.stage.shop.load("fast", 20)]
        cls.stage.settle()

    def test_both_sides_of_each_request_are_joined_and_have_their_addresses(self):
        self.assertEqual(self.answers, [200, 20])
        records = self.stage.records()
        self.assertEqual([sides(record) for record in records], [2] * 21)
        record, = (one for one in records if one["destination"]["name"] == "cart")
        self.assertEqual((record["source"]["ip"], record["destination"]["ip"]), ("fd00:7a70::1", "fd00:7a70::2"))
        self.assertEqual(record["destination"]["address"], "[fd00:7a70::2]:15006")

    def test_blocks_of_addresses_select(self):
        self.assertEqual((len(self.stage.records("inside.jsonl")), len(self.stage.records("outside.jsonl"))), (21, 0))

    def test_health_and_metrics_are_served(self):
        self.assertEqual(self.stage.collector.get("/readyz")[0], 200)
        self.assertEqual(self.stage.collector.metrics()["traffictap_entries_received_total"], 42)

    def test_the_command_line_reads_and_lists_at_an_ipv6_address(self):
        said = re.search(r"Watch live: (http://\[::1\]:\d+)/#token=(\S+)", (self.stage.work / "collector.log").read_text())
        self.assertIsNotNone(said, "it tells where to look, with the address in brackets")
        token = pathlib.Path(self.stage.work, "token")
        token.write_text(said[2] + "\n")
        token.chmod(0o600)

        def told(*args):
            done = subprocess.run([CLI, *args, "--collector", said[1], "--token-file", token], text=True, capture_output=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        self.assertIn("shop/all", told("list", "--no-headers"))
        read = [json.loads(line) for line in told("attach", "all", "--no-follow", "--path", "/cart", "-o", "json").splitlines()]
        self.assertEqual([one["source"]["ip"] for one in read], ["fd00:7a70::1"])
