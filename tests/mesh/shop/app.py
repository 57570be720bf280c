# SPDX-License-Identifier: Apache-2.0
"""The application of one pod of the sample shop. usage: app.py http NAME [NEXT=URL...] | app.py tcp [PORT...] | app.py client

Answers 200 with its name, or as the query asks: ?code=503, ?delay=1.5, ?location=/elsewhere and ?fail_first=1. A path /NEXT/... is answered
by calling URL/... with the request's id and trace headers. Who upgrades to a websocket hears its own bytes until it says
"bye". PAUSE and FAIL_FIRST of the environment make a slow and an unsteady application. tcp says back what it hears.
"""

import collections
import http.client
import http.server
import os
import socket
import socketserver
import sys
import threading
import time
import urllib.parse

PORT, FAIL_FIRST = 8080, os.environ.get("FAIL_FIRST", 0)
# By the pod's own addresses: a socket of IPv6 takes connections of both families.
FAMILY = max(found[0] for found in socket.getaddrinfo(socket.gethostname(), None))
ANY = "::" if FAMILY == socket.AF_INET6 else "0.0.0.0"
PASSED_ON = ("x-request-id", "traceparent", "user-agent")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            return self.talk()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        first, _, rest = parts.path.lstrip("/").partition("/")
        if first in self.server.others:
            path = f"/{rest}" + (f"?{parts.query}" if parts.query else "")
            return self.answer(*self.call(self.server.others[first], path))
        time.sleep(float(query.get("delay", os.environ.get("PAUSE", 0))))
        if self.server.fails_first(self.headers.get("x-request-id"), int(query.get("fail_first", FAIL_FIRST))):
            return self.answer(503, "not yet\n")
        headers = {"Location": query["location"]} if "location" in query else {}
        self.answer(int(query.get("code", 200)), f"{self.server.name}\n", headers)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def call(self, host, path):
        connection = http.client.HTTPConnection(host, timeout=15)
        try:
            connection.request("GET", path, headers={k: self.headers[k] for k in PASSED_ON if k in self.headers})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 502, f"{error}\n"
        finally:
            connection.close()

    def talk(self):
        """Not in frames: a proxy passes on whatever follows the upgrade."""
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.end_headers()
        while (data := self.rfile.read1(4096)) and data != b"bye":
            self.wfile.write(data)
        self.close_connection = True

    def answer(self, code, text, headers=()):
        body = b"" if code in (204, 304) else text.encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        # What the sidecar says about the caller's certificate.
        self.send_header("X-Seen-Client-Cert", self.headers.get("x-forwarded-client-cert", "none"))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    address_family = FAMILY

    def __init__(self, name, others):
        self.name, self.others = name, others
        self._failures, self._lock = collections.Counter(), threading.Lock()
        super().__init__((ANY, PORT), Handler)

    def fails_first(self, key, tries):
        """Whether this is one of the first `tries` of a request."""
        with self._lock:
            self._failures[key] += 1
            return self._failures[key] <= tries


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    address_family = FAMILY


def main(kind, name="", *others):
    if kind == "client":
        threading.Event().wait()
    if kind == "http":
        return Http(name, dict(o.split("=") for o in others)).serve_forever()
    servers = [Tcp((ANY, int(port)), Echo) for port in [name, *others] if port] or [Tcp((ANY, PORT), Echo)]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


main(*sys.argv[1:])
