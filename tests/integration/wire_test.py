# SPDX-License-Identifier: Apache-2.0
"""What Envoy itself writes on the wire, held against the protos that the decoder was built with."""
import collections
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import types
import unittest
from concurrent import futures

import grpc

import proxy
from shop import PODS, Network, Shop
from stage import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["envoy/service/accesslog/v3/als.proto", "envoy/data/accesslog/v3/accesslog.proto",
            "envoy/config/core/v3/address.proto"]
# Messages whose bytes are not looked into: other parties' shapes, or of one number each.
OPAQUE = {"Node", "Any", "Metadata", "Timestamp", "Duration", "UInt32Value"}


def messages():
    """{message: {field number: (name, type)}} of the protos; nested ones by their own name."""
    cache = os.environ.get("TRAFFICTAP_CACHE") or pathlib.Path.home() / ".cache/traffictap"
    fetch = [ROOT / "proto/fetch_envoy_protos.sh", cache]
    folder = subprocess.run(fetch, check=True, stdout=subprocess.PIPE, text=True)
    out = {}
    for package in PACKAGES:
        stack = []
        for line in pathlib.Path(folder.stdout.strip(), package).read_text().splitlines():
            line = line.split("//")[0]
            opened = re.match(r"\s*(message|enum|oneof|service)\s+(\w+)", line)
            if opened and "{" in line:
                inside = stack[-1] if opened.group(1) == "oneof" else None
                stack.append(opened.group(2) if opened.group(1) == "message" else inside)
                out.setdefault(stack[-1], {})
                continue
            field = re.match(r"\s*(?:repeated |optional )?(map<[^>]*>|[\w.]+)\s+(\w+)\s*=\s*(\d+)\s*(?:[;\[]|$)", line)
            if field and stack and stack[-1]:
                out[stack[-1]][int(field.group(3))] = (field.group(2), field.group(1).rsplit(".")[-1])
            if line.strip() == "}" and stack:
                stack.pop()
    return out


def fields(data):
    """(number, value) of one level; raises where the bytes are no message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
        elif kind == 2:
            size = varint()
            yield tag >> 3, data[at:at + size]
            at += size
        else:
            yield tag >> 3, None
            at += {1: 8, 5: 4}[kind]


def unknown(known, message, data, path, found):
    for number, value in fields(data):
        if number not in known[message]:
            found[f"{path}.{number}"] += 1
            continue
        name, kind = known[message][number]
        kind = kind.split(".")[-1]
        if kind in known and kind not in OPAQUE and isinstance(value, bytes):
            unknown(known, kind, value, f"{path}.{name}", found)


class Listener:
    """Takes the collector's place and keeps the raw messages."""

    def __init__(self):
        self.network, self.als_port, self.messages, self.lock = Network(), 9001, [], threading.Lock()
        self.ip = self.network.ip(Network.COLLECTOR)
        self.server = grpc.server(futures.ThreadPoolExecutor(40))
        service, method = proxy.METHOD[1:].split("/")
        handler = grpc.stream_unary_rpc_method_handler(self.take)
        self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
        self.server.add_insecure_port(f"{self.ip}:{self.als_port}")
        self.server.start()

    def take(self, requests, _context):
        for request in requests:
            with self.lock:
                self.messages.append(request)
        return b""

    def entries(self):
        with self.lock:
            return sum(number == 1 for message in self.messages for kind, logs in fields(message) if kind in (2, 3)
                       for number, _ in fields(logs))


class Wire(unittest.TestCase):
    def test_the_decoder_knows_every_field_that_this_envoy_writes(self):
        known = messages()
        self.assertEqual(known["AccessLogCommon"][15], ("upstream_cluster", "string"))
        self.assertEqual(known["ResponseFlags"][28][0], "downstream_remote_reset")
        for mtls in (False, True):
            listener, work = Listener(), tempfile.TemporaryDirectory(prefix="traffictap-test-")
            shop = Shop(types.SimpleNamespace(ip=listener.ip, als_port=listener.als_port, network=listener.network),
                        work.name, mtls, PODS)
            try:
                for service in ("cart", "stock", "payment", "broken", "ledger", "gone", "nowhere"):
                    shop.call(service, "/field")
                shop.call("payment", "/field", abort=True)
                shop.call_unmeshed("catalog", "/field")
                shop.query_db()
                time.sleep(2)  # two flushes
                wait_until("all that was flushed is here", lambda: listener.entries() == shop.entries_sent()["flushed"])
            finally:
                shop.stop()
                listener.server.stop(0).wait()
                work.cleanup()
            found = collections.Counter()
            for message in listener.messages:
                unknown(known, "StreamAccessLogsMessage", message, "", found)
            print(f"     {'mTLS' if mtls else 'plain'}: {listener.entries()} entries, unknown fields: "
                  f"{', '.join(f'{k} {v} times' for k, v in sorted(found.items())) or 'none'}")
            self.assertGreater(listener.entries(), 12)
            self.assertEqual(dict(found), {})
            # The walk would have seen one: take a field away that is surely there.
            poorer, missed = {**known, "HTTPRequestProperties": {}}, collections.Counter()
            for message in listener.messages:
                unknown(poorer, "StreamAccessLogsMessage", message, "", missed)
            self.assertIn(".http_logs.log_entry.request.9", missed)
