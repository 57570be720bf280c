# SPDX-License-Identifier: Apache-2.0
"""As much of HTTP/2 as the held connections speak, frame by frame: a library's client ends with a GOAWAY, and here what comes
after one is the question. Header blocks are written without a table and not read, but for a status of 200."""

import asyncio
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM = ACK = 1
END_HEADERS = 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STATUS_200 = 0x88  # an entry of the static table
GRPC_ANSWER = b"\x88" + b"\x00\x0ccontent-type\x10application/grpc"


def text(value):
    """A string as it is, after its length: an integer with a prefix of 7 bits (RFC 7541, 5.1 and 5.2)."""
    data = value.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    head, rest = b"\x7f", len(data) - 127
    while rest >= 128:
        head, rest = head + bytes([rest % 128 + 128]), rest // 128
    return head + bytes([rest]) + data


def block(fields):
    """Header fields as literals that nobody indexes."""
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def frame(kind, stream=0, payload=b"", flags=0):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def request(authority, path, method="GET", **more):
    fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority)]
    return block(fields + [(name.replace("_", "-"), value) for name, value in more.items()])


def message(payload):
    """gRPC's frame around one message that is not compressed."""
    return b"\x00" + struct.pack(">I", len(payload)) + payload


def is_200(headers):
    """Whether a response's header block begins with that status, as every encoder writes it."""
    while headers[0] & 0xE0 == 0x20:  # the table gets another size first
        headers = headers[1:] if headers[0] & 0x1F < 0x1F else headers[3:]
    return headers[0] == STATUS_200


class Connection:
    """One end of a connection: send() and next() are frames; settings and pings are answered in passing."""

    def __init__(self, reader, writer):
        self._reader, self._writer, self._pending = reader, writer, None

    def start(self, client):
        self._writer.write(PREFACE if client else b"")
        self.send(SETTINGS)

    def send(self, kind, stream=0, payload=b"", flags=0):
        self._writer.write(frame(kind, stream, payload, flags))

    async def next(self):
        """(type, flags, stream, payload); raises OSError or IncompleteReadError where the connection ends."""
        while True:
            head = await self._reader.readexactly(9)
            kind, flags, stream = head[3], head[4], struct.unpack(">I", head[5:])[0]
            payload = await self._reader.readexactly(int.from_bytes(head[:3], "big"))
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.send(kind, 0, payload if kind == PING else b"", ACK)
            else:
                return kind, flags, stream, payload

    async def next_within(self, seconds):
        """As next(), None where nothing comes in time; what is half read then is not lost."""
        if self._pending is None:
            self._pending = asyncio.ensure_future(self.next())
            # Nobody asks for it once the connection is given up.
            self._pending.add_done_callback(lambda task: task.cancelled() or task.exception())
        done, _ = await asyncio.wait({self._pending}, timeout=seconds)
        if not done:
            return None
        frame, self._pending = self._pending, None
        return frame.result()


async def serve(reader, writer, answer):
    """The server's end: `answer(connection, stream)` for each request, which has ended with its headers or its data."""
    if await reader.readexactly(len(PREFACE)) != PREFACE:
        return
    connection = Connection(reader, writer)
    connection.start(client=False)
    tasks = {}
    try:
        while True:
            kind, flags, stream, _ = await connection.next()
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                tasks[stream] = asyncio.create_task(answer(connection, stream))
            elif kind == RST_STREAM and stream in tasks:
                tasks.pop(stream).cancel()
    finally:
        for task in tasks.values():
            task.cancel()
