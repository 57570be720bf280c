# SPDX-License-Identifier: Apache-2.0
"""What ztunnel does for the connections of a pod in ambient mode, as far as a waypoint can tell: HBONE, a CONNECT over HTTP/2 and
mutual TLS for each, with a certificate that istiod has signed for the pod's ServiceAccount."""

import http.client
import io
import pathlib
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from held_http2 import (ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, block, frame, is_200,
                        message)
from mesh import istio, namespaces
from mesh.api import path_of
from mesh.cluster import Response
from mesh.network import NODE
from mesh.pki import CURVE

PORT = 15008
ISTIOD = f"istiod.{istio.NAMESPACE}.svc"
SIGN = "/istio.v1.auth.IstioCertificateService/CreateCertificate"


class Frames:
    """One stream after the other over a connection that has spoken TLS. What is read fits a window, 64 KiB in all, and comes
    within `timeout` from now: a waypoint pings every 10 s, so that a timeout of the socket's own would never come."""

    def __init__(self, connection, timeout):
        self._connection, self._file, self._opened = connection, connection.makefile("rb"), 0
        self._timeout, self._end = timeout, time.monotonic() + timeout
        connection.sendall(PREFACE + frame(SETTINGS))

    def open(self, fields):
        """A stream that begins with these header fields; returns its number."""
        stream, self._opened = 2 * self._opened + 1, self._opened + 1
        self.send(HEADERS, stream, block(fields), END_HEADERS)
        return stream

    def send(self, kind, stream, payload, flags=0):
        self._connection.sendall(frame(kind, stream, payload, flags))

    def _read(self, count):
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {self._timeout} s")
        self._connection.settimeout(left)
        data = self._file.read(count)
        if len(data) < count:
            raise ConnectionResetError("the other end has closed the connection")
        return data

    def next(self, stream):
        """(type, flags, payload) of the next headers or data of a stream; settings and pings are answered in passing."""
        while True:
            head = self._read(9)
            kind, flags, number = head[3], head[4], int.from_bytes(head[5:], "big")
            payload = self._read(int.from_bytes(head[:3], "big"))
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.send(kind, 0, payload if kind == PING else b"", ACK)
            elif number == stream and kind == RST_STREAM:
                raise ConnectionResetError(f"the stream was reset: error {int.from_bytes(payload, 'big')}")
            elif number == stream and kind in (HEADERS, DATA):
                return kind, flags, payload


class Answer(io.RawIOBase):
    """The bytes that come in a stream."""

    def __init__(self, frames, stream):
        super().__init__()
        self._frames, self._stream, self._rest, self._ended = frames, stream, b"", False

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._rest and not self._ended:
            kind, flags, payload = self._frames.next(self._stream)
            self._rest, self._ended = payload if kind == DATA else b"", bool(flags & END_STREAM)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class Tunnel:
    """A stream as http.client uses a socket: the connection of an application, inside of the tunnel."""

    def __init__(self, frames, address, port):
        self._frames = frames
        self._stream = frames.open([(":method", "CONNECT"), (":authority", f"{address}:{port}")])
        kind, _, headers = frames.next(self._stream)
        if kind != HEADERS or not is_200(headers):
            raise ConnectionRefusedError(f"the waypoint refuses the tunnel: {headers!r}")

    def sendall(self, data):
        self._frames.send(DATA, self._stream, bytes(data))

    def makefile(self, *_):
        return io.BufferedReader(Answer(self._frames, self._stream))

    def close(self):
        """The connection that it is part of is closed as a whole."""


def _field(text):
    """Field 1 of a message of protobuf, a string."""
    data, head = text.encode(), b"\x0a"
    length = len(data)
    while length >= 128:
        head, length = head + bytes([length % 128 + 128]), length // 128
    return head + bytes([length]) + data


def _fields(data):
    """The strings of a message that has a repeated field 1 and nothing else."""
    out = []
    while data:
        length, at, shift = 0, 1, 0
        while True:
            length |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                break
        out.append(data[at:at + length].decode())
        data = data[at + length:]
    return out


def _sign(connection, request, token):
    """The chain that istiod makes of a certificate request for who has the token, its root last; PEM."""
    frames = Frames(connection, 10)
    stream = frames.open([
        (":method", "POST"), (":scheme", "https"), (":authority", ISTIOD), (":path", SIGN), ("te", "trailers"),
        ("content-type", "application/grpc"), ("authorization", f"Bearer {token}")])
    frames.send(DATA, stream, message(_field(request)), END_STREAM)
    answer = Answer(frames, stream).readall()
    if not answer:
        raise PermissionError("istiod signs nothing: see its log")
    return _fields(answer[5:])


class Caller:
    """The applications of a pod without a sidecar, whose connections pass a waypoint of its namespace."""

    def __init__(self, mesh, pod, account, waypoint):
        """`waypoint`: its pod; `account`: the ServiceAccount of `pod`, in the same namespace."""
        self._mesh, self._pod, self._waypoint = mesh, mesh.pod(pod), mesh.pod(waypoint)
        self._tls = self._context(account)

    def _context(self, account):
        namespace = self._pod.namespace
        root = self._mesh.api.get(path_of("configmaps", namespace, "istio-ca-root-cert"))["data"]["root-cert.pem"]
        with tempfile.TemporaryDirectory() as directory:
            key, request, chain = (pathlib.Path(directory, name) for name in ("key", "request", "chain"))
            subprocess.run(["openssl", "req", "-new", *CURVE, "-subj", f"/O={account}", "-keyout", key, "-out", request],
                           check=True, capture_output=True)
            istiod = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            istiod.load_verify_locations(cadata=root)
            istiod.set_alpn_protocols(["h2"])
            token = self._mesh.token(namespace, account, audience="istio-ca")
            with istiod.wrap_socket(namespaces.connect(self._mesh.node_pid, (NODE, istio.PORTS["https-dns"]), 10),
                                    server_hostname=ISTIOD) as connection:
                chain.write_text("".join(_sign(connection, request.read_text(), token)[:-1]))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.check_hostname = False  # a workload's certificate names its ServiceAccount alone
            context.load_verify_locations(cadata=root)
            context.load_cert_chain(chain, key)
            context.set_alpn_protocols(["h2"])
            return context

    def call(self, url, headers=None, timeout=10):
        """As Mesh.call, through the waypoint."""
        parts = urllib.parse.urlsplit(url)
        port = parts.port or 80
        address = self._mesh.address_of(parts.hostname, self._pod.namespace)
        raw = namespaces.connect(self._mesh.pod_pid(self._pod), (self._waypoint.ip, PORT), timeout)
        with self._tls.wrap_socket(raw) as connection:
            inner = http.client.HTTPConnection(parts.hostname, port)
            inner.sock = Tunnel(Frames(connection, timeout), address, port)
            inner.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers or {})
            response = inner.getresponse()
            return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
