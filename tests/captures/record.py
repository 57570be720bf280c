# SPDX-License-Identifier: Apache-2.0
"""Stands between proxies and a collector, passes on what they send, and writes it down. usage: record.py LISTEN FORWARD FILE

FILE is gzip of one line of JSON for each message, in the order of their arrival: {"stream": number, "message": base64}. Of
the node in a stream's first message only what the collector keeps of it is written: the rest is 60 kB of the machine's own."""

import base64
import gzip
import itertools
import json
import signal
import sys
import threading
from concurrent import futures

import grpc

SERVICE, METHOD = "envoy.service.accesslog.v3.AccessLogService", "StreamAccessLogs"
# src/als/decode_identifier.cc
KEPT = {b"NAME", b"NAMESPACE", b"WORKLOAD_NAME", b"SERVICE_ACCOUNT", b"CLUSTER_ID", b"NETWORK", b"LABELS", b"INSTANCE_IPS"}
ID, CLUSTER, METADATA = 1, 2, 3  # fields of a Node


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def size(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def fields(data):
    """(number, the whole field, its content); of such as the identifier has: all are of a length that is told."""
    at = 0
    while at < len(data):
        begin = at
        tag, at = varint(data, at)
        if tag & 7 != 2:
            raise ValueError(f"field {tag >> 3} is of wire type {tag & 7}")
        length, at = varint(data, at)
        yield tag >> 3, data[begin:at + length], data[at:at + length]
        at += length


def message(number, content):
    return size(number << 3 | 2) + size(len(content)) + content


def known_name(entry):
    return next((content for number, _, content in fields(entry) if number == 1), b"") in KEPT


def short_node(node):
    out = b""
    at = 0
    while at < len(node):  # other fields of a node are of any wire type, so the walk ends with those that are wanted
        begin = at
        tag, at = varint(node, at)
        length, at = varint(node, at)
        number, content = tag >> 3, node[at:at + length]
        if tag & 7 != 2 or number > METADATA:
            break
        at += length
        if number == METADATA:
            out += message(METADATA, b"".join(whole for _, whole, entry in fields(content) if known_name(entry)))
        elif number in (ID, CLUSTER):
            out += node[begin:at]
    return out


def short(data):
    """A StreamAccessLogsMessage with no more of the node than is kept."""
    out = b""
    for number, whole, content in fields(data):
        if number == 1:
            parts = [message(1, short_node(part)) if n == 1 else all_ for n, all_, part in fields(content)]
            whole = message(1, b"".join(parts))
        out += whole
    return out


class Recorder:
    def __init__(self, forward):
        self._call = grpc.insecure_channel(forward).stream_unary(f"/{SERVICE}/{METHOD}")
        self._numbers, self._lock, self._lines = itertools.count(), threading.Lock(), []

    def take(self, requests, _context):
        number = next(self._numbers)

        def seen():
            for request in requests:
                with self._lock:
                    self._lines.append({"stream": number, "message": base64.b64encode(short(request)).decode()})
                yield request

        return self._call(seen())

    def write(self, file):
        with self._lock:
            text = "".join(json.dumps(line) + "\n" for line in self._lines)
        # Without the time of its making: the same messages are the same file.
        with open(file, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
            packed.write(text.encode())


def main(listen, forward, file):
    recorder, ended = Recorder(forward), threading.Event()
    server = grpc.server(futures.ThreadPoolExecutor(64))
    handler = grpc.stream_unary_rpc_method_handler(recorder.take)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler})])
    server.add_insecure_port(listen)
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    server.stop(0)
    recorder.write(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
