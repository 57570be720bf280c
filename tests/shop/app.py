# SPDX-License-Identifier: Apache-2.0
"""The application of one pod: answers as its name asks. usage: app.py NAME IP"""
import http.server
import socket
import socketserver
import sys
import threading
import time

failures = {}
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, text):
        body = (text + "\n").encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Shop-Answer", self.server.app)
        self.send_header("Set-Cookie", "session=secret")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        name = self.server.app
        if self.path == "/feed":
            return self.feed()
        if name == "payment":
            time.sleep(1.5)
        if name == "stock" and self.fails_first():
            return self.answer(503, "not yet")
        if name == "broken":
            return self.answer(500, "broken")
        self.answer(200, f"{name} {self.path}")

    do_POST = do_HEAD = do_GET

    def feed(self):
        """An answer that has no end of its own."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"5\r\nnews\n\r\n")
            time.sleep(0.2)

    def fails_first(self):
        """Each request id fails once and then works: a retried call."""
        with lock:
            key = self.headers.get("x-request-id")
            failures[key] = failures.get(key, 0) + 1
            return failures[key] == 1

    def log_message(self, *_):
        pass


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


class Quiet:
    """A caller that goes away is an everyday thing here, not worth a traceback."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Http(Quiet, http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Tcp(Quiet, socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


name, ip = sys.argv[1:]
Http.address_family = Tcp.address_family = socket.AF_INET6 if ":" in ip else socket.AF_INET
server = Tcp((ip, 8080), Echo) if name == "db" else Http((ip, 8080), Handler)
server.app = name
server.serve_forever()
