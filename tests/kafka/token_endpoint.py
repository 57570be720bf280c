# SPDX-License-Identifier: Apache-2.0
"""Tokens for SASL OAUTHBEARER as Kafka's unsecured validator takes them (JWTs of alg none), and the token endpoint of an
OAuth 2.0 server that gives them out."""
import base64
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLIENT, SECRET = "taps:client", "open/sesame+"
SCOPE = "kafka"  # what the broker asks for


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jwt(scope=SCOPE, seconds=600):
    now = time.time()
    return f"{encoded({'alg': 'none'})}.{encoded({'sub': 'tap', 'iat': now, 'exp': now + seconds, 'scope': scope})}."


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.server.asked.append(form)
        login = base64.b64decode(self.headers.get("authorization", "").removeprefix("Basic ")).decode()
        known = [urllib.parse.unquote_plus(part) for part in login.split(":")] == [CLIENT, SECRET]
        if known and form.get("grant_type") == ["client_credentials"]:
            seconds = self.server.seconds
            token = jwt(" ".join(form.get("scope", [])), seconds)
            self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": seconds})
        else:
            self.answer(401, {"error": "invalid_client", "error_description": "who is that"})

    def answer(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class TokenEndpoint(ThreadingHTTPServer):
    """Use it in a `with`. `asked` has the form of each request."""

    daemon_threads = True

    def __init__(self, ip, seconds=600):
        super().__init__((ip, 0), Handler)
        self.url = f"http://{ip}:{self.server_port}/token"
        self.seconds, self.asked = seconds, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
