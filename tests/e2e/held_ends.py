# SPDX-License-Identifier: Apache-2.0
"""Both ends of connections that are held open; each runs in the network of a pod. usage: held_ends.py serve | hold ADDRESS

`hold` opens one connection of each kind to the ports of ADDRESS, sends or receives something on it twice a second, and opens the
next one where it ends. Each thing that happens is a line of JSON on standard output: {"at": seconds since 1970, "kind",
"connection": which one of its kind, "what": "open", "beat", "told" (to go), "cut", "how"}. SIGTERM closes all in good order."""

import asyncio
import base64
import hashlib
import itertools
import json
import signal
import struct
import sys
import time

from held_http2 import (DATA, END_HEADERS, END_STREAM, GOAWAY, GRPC_ANSWER, HEADERS, RST_STREAM, STATUS_200, Connection,
                        is_200, message, request)
import held_http2

PORTS = {"TCP": 9101, "HTTP/1.1": 9102, "websocket": 9102, "HTTP/2": 9103, "gRPC stream": 9104}
HOST = "server"  # by which the sidecar finds the Service
PAUSE = 0.5
SILENT_SECONDS = 10  # without an answer the connection is as good as cut
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455


# --- the serving end


async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()


async def read_head(reader):
    """(first line, {lower case name: value}) of a request or response."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
    return lines[0], {name.strip().lower(): value.strip() for name, value in pairs}


async def read_frame(reader):
    """The payload of a short websocket frame, unmasked."""
    _, length = await reader.readexactly(2)
    mask = await reader.readexactly(4) if length & 0x80 else bytes(4)
    payload = await reader.readexactly(length & 0x7F)
    return bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


async def http(reader, writer):
    while True:
        _, headers = await read_head(reader)
        if "sec-websocket-key" in headers:
            break
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    accepted = accept_of(headers["sec-websocket-key"])
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                 f"sec-websocket-accept: {accepted}\r\n\r\n".encode())
    while True:
        payload = await read_frame(reader)
        writer.write(bytes([0x81, len(payload)]) + payload)


async def answer_ok(connection, stream):
    connection.send(HEADERS, stream, bytes([STATUS_200]), END_HEADERS | END_STREAM)


async def answer_stream(connection, stream):
    connection.send(HEADERS, stream, GRPC_ANSWER, END_HEADERS)
    while True:
        connection.send(DATA, stream, message(b"x"))
        await asyncio.sleep(PAUSE)


def quietly(serve_one):
    """A connection that ends is no failure of the server."""

    async def run(reader, writer):
        try:
            await serve_one(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return run


async def serve():
    handlers = {
        "TCP": echo, "HTTP/1.1": http,
        "HTTP/2": lambda reader, writer: held_http2.serve(reader, writer, answer_ok),
        "gRPC stream": lambda reader, writer: held_http2.serve(reader, writer, answer_stream),
    }
    for kind, handler in handlers.items():
        await asyncio.start_server(quietly(handler), "0.0.0.0", PORTS[kind])
    await asyncio.Event().wait()


# --- the end that holds


class Cut(Exception):
    """The connection ended though nobody here wanted it to."""


class Told(Exception):
    """It was told to go, and goes when what was under way has ended."""


class Line:
    """One connection, and what is told of it."""

    def __init__(self, kind, number, reader, writer):
        self._kind, self._number, self.reader, self.writer = kind, number, reader, writer

    def tell(self, what, how=""):
        event = {"at": time.time(), "kind": self._kind, "connection": self._number, "what": what, "how": how}
        print(json.dumps(event), flush=True)


def soon(what):
    return asyncio.wait_for(what, SILENT_SECONDS)


async def hold_tcp(line):
    while True:
        line.writer.write(b"x")
        if await soon(line.reader.read(16)) == b"":
            raise Cut("closed by the other side")
        line.tell("beat")
        await asyncio.sleep(PAUSE)


async def hold_http(line):
    while True:
        line.writer.write(b"GET /held/http1 HTTP/1.1\r\nhost: server\r\n\r\n")
        first, headers = await soon(read_head(line.reader))
        await line.reader.readexactly(int(headers.get("content-length", 0)))
        if " 200 " not in first:
            raise Cut(first)
        line.tell("beat")
        if headers.get("connection") == "close":
            raise Told("connection: close")
        await asyncio.sleep(PAUSE)


async def hold_websocket(line):
    line.writer.write(b"GET /held/websocket HTTP/1.1\r\nhost: server\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                      b"sec-websocket-version: 13\r\nsec-websocket-key: aGVsZCBjb25uZWN0aW9ucw==\r\n\r\n")
    first, _ = await soon(read_head(line.reader))
    if " 101 " not in first:
        raise Cut(first)
    while True:
        line.writer.write(b"\x81\x81\x00\x00\x00\x00x")
        await soon(read_frame(line.reader))
        line.tell("beat")
        await asyncio.sleep(PAUSE)


def told_by(payload):
    """What a GOAWAY says."""
    last, code = struct.unpack(">II", payload[:8])
    return f"GOAWAY, last stream {last}, error {code}"


async def frame_of(connection):
    """The next frame, which must come before the other end counts as silent."""
    frame = await connection.next_within(SILENT_SECONDS)
    if frame is None:
        raise Cut(f"silent for {SILENT_SECONDS} s")
    if frame[0] == RST_STREAM:
        raise Cut(f"stream reset, error {struct.unpack('>I', frame[3])[0]}")
    return frame


async def hold_http2(line):
    connection = Connection(line.reader, line.writer)
    connection.start(client=True)
    for stream in itertools.count(1, 2):
        connection.send(HEADERS, stream, request(HOST, "/held/http2"), END_HEADERS | END_STREAM)
        told, payload = "", b""
        while not payload:
            kind, _, on, content = await frame_of(connection)
            if kind == GOAWAY:
                told = told_by(content)
            elif kind == HEADERS and on == stream:
                payload = content
        if not is_200(payload):
            raise Cut("a status other than 200")
        line.tell("beat")
        if told:
            raise Told(told)
        await pause_until_told(connection)


async def pause_until_told(connection):
    end = time.monotonic() + PAUSE
    while (left := end - time.monotonic()) > 0:
        frame = await connection.next_within(left)
        if frame and frame[0] == GOAWAY:
            raise Told(told_by(frame[3]))


async def hold_grpc(line):
    """A stream that was told to go goes on: only its end counts as cut."""
    connection = Connection(line.reader, line.writer)
    connection.start(client=True)
    headers = request(HOST, "/held.Held/Watch", "POST", content_type="application/grpc", te="trailers")
    connection.send(HEADERS, 1, headers, END_HEADERS)
    connection.send(DATA, 1, message(b""), END_STREAM)
    while True:
        kind, flags, _, payload = await frame_of(connection)
        if kind == GOAWAY:
            line.tell("told", told_by(payload))
        elif kind == DATA:
            line.tell("beat")
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            raise Cut("the stream's end")


HOLDERS = {"TCP": hold_tcp, "HTTP/1.1": hold_http, "websocket": hold_websocket, "HTTP/2": hold_http2,
           "gRPC stream": hold_grpc}


async def hold(kind, address):
    for number in itertools.count():
        writer = None
        line = Line(kind, number, None, None)
        try:
            line.reader, writer = await asyncio.open_connection(address, PORTS[kind])
            line.writer = writer
            line.tell("open")
            await HOLDERS[kind](line)
        except Told as told:
            line.tell("told", str(told))
        except asyncio.IncompleteReadError:
            line.tell("cut", "closed by the other side")
        except asyncio.TimeoutError:
            line.tell("cut", f"silent for {SILENT_SECONDS} s")
        except (OSError, Cut) as cut:
            line.tell("cut", str(cut))
        finally:
            if writer:
                writer.close()
        await asyncio.sleep(0.1)


async def hold_all(address):
    tasks = [asyncio.create_task(hold(kind, address)) for kind in HOLDERS]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    # Before Python 3.12 wait_for loses a cancellation that comes with its result (python/cpython#86296): so again.
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1)


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1] == "serve" else hold_all(sys.argv[2]))
