# SPDX-License-Identifier: Apache-2.0
"""A gate in front of the mesh's API server, to count, delay, refuse and cut what one of our programs asks of it."""

import http.client
import http.server
import socket
import socketserver
import ssl
import threading

from mesh import namespaces
from mesh.network import NODE

PORT = 6444
WRITES = ("POST", "PUT", "PATCH", "DELETE")
PASSED = ("authorization", "content-type", "accept", "accept-encoding", "user-agent", "content-length")


class ApiGate:
    """Listens on the node at https://10.244.0.1:6444 with the API server's own certificate, and passes on the caller's
    token. `requests` has (method, path) of everything asked. The rules below are for the requests that come after."""

    def __init__(self, mesh):
        self._mesh, self._lock = mesh, threading.Lock()
        self.requests = []
        self.after_write = None  # called with (method, path, status) when a write has been answered
        self.refuse = None  # (method, path) -> status to answer instead of asking, or None
        self._freezes, self._thawed, self._open = 0, True, set()
        self._server = self._listen()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _listen(self):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._mesh.state / "pki/apiserver.crt", self._mesh.state / "pki/apiserver.key")
        gate = self

        class Request(_Request):
            owner = gate

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = allow_reuse_address = True
            request_queue_size = 128
            address_family = socket.AF_INET6 if ":" in NODE else socket.AF_INET

            def finish_request(self, request, address):
                request.settimeout(20)
                with tls.wrap_socket(request, server_side=True) as secure:
                    gate.track(secure)
                    try:
                        super().finish_request(secure, address)
                    finally:
                        gate.untrack(secure)

            def handle_error(self, request, address):
                pass  # a caller that went away, or that was cut

        with namespaces.network_of(self._mesh.node_pid):
            return Server((NODE, PORT), Request)

    def track(self, connection):
        with self._lock:
            self._open.add(connection)

    def untrack(self, connection):
        with self._lock:
            self._open.discard(connection)

    def writes(self, containing=""):
        with self._lock:
            return [r for r in self.requests if r[0] in WRITES and containing in r[1]]

    def forget(self):
        """Starts the list of requests anew."""
        with self._lock:
            self.requests = []

    def cut(self):
        """Closes every connection in the middle of whatever it does."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(2)
            except OSError:
                pass  # it had just ended

    def freeze(self):
        """Watches that are open stay open and carry nothing more, as half-open connections do. Those that come work."""
        self._freezes, self._thawed = self._freezes + 1, False

    def thaw(self):
        """What was frozen has missed something: it has to begin anew."""
        if not self._thawed:
            self._thawed = True
            self.cut()

    def freezes(self):
        return self._freezes

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self.cut()

    def ask(self, method, path, headers, body):
        """The API server's answer, and the connection that it is still coming on."""
        connection = http.client.HTTPSConnection(NODE, 6443, context=self._mesh.api.anonymous_tls(), timeout=3600)
        plain = namespaces.connect(self._mesh.node_pid, (NODE, 6443), 10)
        plain.settimeout(None)
        connection.sock = self._mesh.api.anonymous_tls().wrap_socket(plain, server_hostname=NODE)
        connection.request(method, path, body, {k: v for k, v in headers.items() if k.lower() in PASSED})
        return connection, connection.getresponse()


class _Request(http.server.BaseHTTPRequestHandler):
    """One connection of a caller."""

    protocol_version = "HTTP/1.1"
    owner = None

    def _pass(self):
        gate = self.owner
        self.connection.settimeout(None)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with gate._lock:
            gate.requests.append((self.command, self.path))
        refused = gate.refuse and gate.refuse(self.command, self.path)
        if refused:
            return self._refuse(refused)
        connection, answer = gate.ask(self.command, self.path, self.headers, body)
        try:
            self._stream(answer, "watch=true" in self.path or "watch=1" in self.path)
        finally:
            connection.close()
        if self.command in WRITES and gate.after_write:
            gate.after_write(self.command, self.path, answer.status)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

    def _refuse(self, status):
        body = b'{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d}' % status
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer, watch):
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        freezes = self.owner.freezes()
        while piece := answer.read1(65536):
            if watch and self.owner.freezes() != freezes:
                continue
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass
