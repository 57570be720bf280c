# SPDX-License-Identifier: Apache-2.0
"""Every kind of answer by real sidecars, under real rules of Istio: what each record says of it (tests/captures/table.py).

One mesh, one tap, all calls at once, and then the records are read. RECORD=tests/captures/verdicts.jsonl.gz writes down what
the proxies sent, for tests/integration."""

import base64
import contextlib
import hashlib
import hmac
import json
import pathlib
import time
import unittest

from captures import table
from installation import Operator, create_crds, recorded_collector, run_cli, shared_mesh
from mesh.processes import wait_until
from taps import Taps

HERE = pathlib.Path(__file__).parent
TAP = "verdicts"
KEY = b"what only these tests know"  # rules.yaml has it, as a JWK
CALLER, PODS = "rules/caller", 6
EVERYTHING = {"protocols": ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "TCP"]}


def setUpModule():
    global mesh, operator, collector, taps, recorder
    mesh = shared_mesh()
    mesh.apply(HERE / "rules.yaml")
    create_crds(mesh)
    operator = Operator(mesh).start()
    collector, recorder = recorded_collector(mesh, operator)
    mesh.wait_ready("rules", PODS)
    taps = Taps(mesh, collector, "rules")
    taps.apply(TAP, match=EVERYTHING)
    call_all()
    with contextlib.suppress(RuntimeError):  # each row tells by itself what is missing
        wait_until(lambda: not table.missing(records()), "every call has its record", 20)


def tearDownModule():
    if recorder:
        recorder.terminate()
        recorder.wait(30)
    taps.delete_all()
    operator.stop()
    collector.stop()
    mesh.kubectl("delete", "--wait=false", "namespace", "rules")


def records():
    return collector.records.all(taps.file(TAP))


def bearer(key):
    """A token of the issuer "mint", signed with `key`."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "kid": "mint"}).encode())
    claims = part(json.dumps({"iss": "mint", "sub": "ann", "exp": 4102444800}).encode())
    signed = head + b"." + claims
    return {"Authorization": f"Bearer {(signed + b'.' + part(hmac.digest(key, signed, hashlib.sha256))).decode()}"}


def call(path, to="store", **headers):
    return mesh.call(CALLER, f"http://{to}{path}", headers=headers.get("headers")).status


def call_http():
    for path in ("/plain", "/missing?code=404", "/points?code=302", "/fails?code=500", "/unsteady?fail_first=1", "/slow?delay=1", "/denied", "/unlisted",
                 "/tried", "/members/without", "/guarded/let-in", "/guarded/refused?code=403", "/guarded/broken?code=500",
                 "/aborted", "/delayed", "/mirrored", "/moved", "/follow?code=302&location=http://store/landed"):
        call(path)
    call("/token/good", headers=bearer(KEY))
    call("/token/forged", headers=bearer(b"a guess"))
    call("/members/with-token", headers=bearer(KEY))
    call("/server-aborts", headers={"x-abort": "yes"})
    # The mirror has taken one of till's two tokens.
    wait_until(lambda: table.fits([table.Some()], in_till()), "the mirror's record is there", 30)
    call("/within-limit", to="till")
    call("/over-limit", to="till")


def in_till():
    return [r for r in records() if r["request"].get("path") == "/mirrored" and r["destination"].get("name") == "till"]


def exchange(connection, *words):
    """Each word is answered before the next one is said."""
    for word in words:
        connection.sendall(word)
        connection.recv(4096)


def say(source, host, port, *words):
    """Over one connection, which a proxy may cut."""
    with contextlib.suppress(ConnectionError), mesh.connect(source, host, port) as connection:
        exchange(connection, *words)


def upgrade(path):
    return f"GET {path} HTTP/1.1\r\nHost: store\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()


def call_by_hand():
    say(CALLER, "store", 80, b"GET /old HTTP/1.0\r\nHost: store\r\n\r\n")
    say(CALLER, "store", 80, upgrade("/socket/ended-by-the-server"), b"hello", b"bye")
    say(CALLER, "store", 80, upgrade("/socket/ended-by-the-client"), b"hello")
    for port in (9001, 9002, 9003, 9004, 9005, 9005):
        say(CALLER, "vault", port, b"hello")


def call_grpc():
    """All from one connection, as a client has it."""
    rows = [row.find["request"]["path"].rpartition("/")[2] for row in table.ROWS
            if row.find["request"].get("path", "").startswith("/shop.v1.Stock/")]
    words = [f"{method}@1.5" if method == "Slow" else method for method in rows]
    return json.loads(mesh.exec(CALLER, "/opt/python/bin/python3", "/opt/shop/rpc.py", "call", "stock:80", *words))


def call_all():
    with mesh.connect(CALLER, "store", 80) as held:
        begin = time.monotonic()
        exchange(held, upgrade("/socket/held"), b"hello")
        call_by_hand()
        call_http()
        call_grpc()
        time.sleep(max(0, begin + table.HELD_MS / 1000 + 1 - time.monotonic()))
        exchange(held, b"bye")


class CommandLine(table.CommandLine, unittest.TestCase):
    def rows(self, *args):
        told = run_cli(mesh, *args, "--no-headers", "--file", collector.records.directory / taps.file(TAP))
        return [row.split() for row in told.splitlines()]


Verdicts = table.cases(__name__, records)
