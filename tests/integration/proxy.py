# SPDX-License-Identifier: Apache-2.0
"""Plays a proxy byte by byte, for what a real Envoy cannot be made to do: envoy.service.accesslog.v3 by hand."""
import asyncio
import itertools

import grpc.aio

METHOD = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
NOTHING = b""


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def address(ip, port):
    return text(1, text(2, ip) + number(3, port))  # Address.socket_address


def identifier(pod="ghost-0", ip="10.9.9.9", namespace="shop", workload="ghost"):
    def meta(key, value):  # Struct.fields
        return text(1, text(1, key) + text(2, text(3, value)))

    node = (text(1, f"sidecar~{ip}~{pod}.{namespace}~{namespace}.svc.cluster.local") + text(2, f"ghost.{namespace}")
            + text(3, meta("NAME", pod) + meta("NAMESPACE", namespace) + meta("WORKLOAD_NAME", workload)))
    return text(1, text(1, node) + text(2, "traffictap"))


serial = itertools.count(1)


START = 1_700_000_000


def entry(path="/ghost", agent="ghost/1.0", request_id=None, port=None, client=False, start=START,
          code=200, to="10.9.9.9", meshed=False):
    """One side of a request from 10.8.8.8 to `to`. The name of the cluster tells the side, as Istio's do. `meshed`: the client's
    proxy knows that the server has one."""
    port = port or next(serial) % 60000 + 1024
    caller, server = address("10.8.8.8", port), address(to, 8080)
    ends = text(13, server) + text(14, caller) if client else text(3, server) + text(20, caller)
    cluster = "outbound|8080||ghost.shop.svc.cluster.local" if client else "inbound|8080||"
    common = text(5, number(1, start)) + text(15, cluster) + ends + text(23, number(2, 1_000_000))
    if meshed:
        common += text(22, text(1, "tlsMode") + text(2, "istio"))  # AccessLogCommon.custom_tags
    request = (number(1, 1) + text(3, "ghost") + text(5, path) + text(6, agent)
               + text(9, request_id or f"{next(serial):08x}-0000-4000-8000-000000000000"))
    return text(1, common) + number(2, 2) + text(3, request) + text(4, text(1, number(1, code)))


def message(*entries, head=NOTHING):
    return head + text(2, b"".join(text(1, e) for e in entries))


class Proxy:
    """One connection to the collector; its streams are the same ones an Envoy would open."""

    def __init__(self, collector):
        self.channel = grpc.aio.insecure_channel(f"{collector.ip}:{collector.als_port}", options=[
            ("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)])

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.channel.close()

    def stream(self):
        return self.channel.stream_unary(METHOD)()


# One for all tests: grpc.aio keeps to the first loop that it sees.
LOOP = asyncio.new_event_loop()


def run(coroutine):
    return LOOP.run_until_complete(coroutine)


async def ended(stream, seconds=20):
    """The status code that the stream ends with."""
    return await asyncio.wait_for(stream.code(), seconds)
