# SPDX-License-Identifier: Apache-2.0
"""What the records of the calls of tests/e2e/verdicts_test.py say: one row for each call. The live mesh is held to it, and so
is the capture of what its proxies sent (tests/integration/verdicts_test.py)."""

import dataclasses
import re
import unittest


class Some:
    """Anything that is there."""

    def __repr__(self):
        return "something"


@dataclasses.dataclass(frozen=True)
class AtLeast:
    number: float


def fits(want, got):
    """Whether `got` has all that `want` says. None: absent. A set: one of these. A list: exactly as many."""
    if isinstance(want, AtLeast):
        return got is not None and got >= want.number
    if isinstance(want, Some):
        return got is not None
    if isinstance(want, re.Pattern):
        return isinstance(got, str) and want.search(got) is not None
    if isinstance(want, set):
        return got in want
    if isinstance(want, dict):
        return isinstance(got, dict) and all(fits(value, got.get(key)) for key, value in want.items())
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(fits, want, got))
    return want == got


@dataclasses.dataclass(frozen=True)
class Row:
    find: dict  # by which its one record is known
    expect: dict

    def records(self, records):
        return [record for record in records if fits(self.find, record)]

    def faults(self, records):
        found = self.records(records)
        if len(found) != 1:
            return [f"{len(found)} records instead of one: {found}"]
        return [f"{key}: {found[0].get(key)} instead of {want}" for key, want in self.expect.items()
                if not fits(want, found[0].get(key))]


def side(said):
    return {"code": said} if isinstance(said, int) else said


def both(path, client, server=None, to="store", verdict="Ok", denial=None, code=None, **more):
    """A call that both proxies told of. `client` and `server`: the code of each, or more of what it says; of several attempts
    a list."""
    server = client if server is None else server
    servers = [side(said) for said in (server if isinstance(server, list) else [server])]
    find = {"request": {"path": path}, "destination": {"name": to}, **({"response": {"code": code}} if code else {})}
    return Row(find, {"verdict": verdict, "orphanReason": None, "reporter": "source", "source": {"name": "caller"},
                      "client": side(client), "server": servers, "denial": denial, **more})


def alone(path, client, verdict="Ok", **more):
    """The caller's proxy answered by itself: nobody else saw it."""
    return Row({"request": {"path": path}},
               {"verdict": verdict, "orphanReason": "NeverArrived", "reporter": "source", "source": {"name": "caller"},
                "client": side(client), "server": None, "denial": None, **more})


def denial(by, policy=None, rule=None):
    return {"by": by, "policy": policy, "rule": rule, "side": "destination"}


def by_policy(name=None):
    return denial("AuthorizationPolicy", f"rules/{name}" if name else None, "0" if name else None)


def tried(name):
    """A policy of which Istio only says what it would have done."""
    return {"result": "Denied", "policy": f"rules/{name}", "rule": "0", "side": "destination"}


def rpc(method, status, verdict="Ok", to="stock", client=None, server=None, denied=None, **more):
    """A gRPC call whose status both proxies logged. `client`, `server`: more of what they say."""
    said = {"code": 200, "grpcStatus": status}
    return both(f"/shop.v1.Stock/{method}", {**said, **(client or {})}, server or said, to=to, verdict=verdict, denial=denied,
                rpc={"service": "shop.v1.Stock", "method": method}, **more)


def ended(status, verdict="Ok", attempts=1):
    """Trailers-only: the status, percent-encoded message and nothing else."""
    said = {"code": 200, "grpcStatus": status, "grpcMessage": f"{status}: 100 %"}
    return rpc(status, status, verdict, client={**said, "attempts": attempts}, server=[said] * attempts,
               response={"grpcStatus": status, "grpcMessage": f"{status}: 100 %"})


def streamed(status, verdict="Ok"):
    """After three messages: in trailers."""
    return rpc(f"Stream_{status}", status, verdict, response={"grpcStatus": status, "bodyBytes": Some()})


def connection(port, verdict="Ok", denied=None, find=None, **more):
    return Row({"request": {"protocol": "TCP"}, "destination": {"address": re.compile(f":{port}$")}, **(find or {})},
               {"verdict": verdict, "orphanReason": None, "source": {"name": "caller"}, "destination": {"name": "vault"},
                "client": Some(), "server": [Some()], "denial": denied, "response": {"grpcStatus": None, "code": None}, **more})


UPSTREAM = "via_upstream"
HELD_MS = 30_000
# The proxy's own time-out and its caller's end at one moment: whichever comes first is told.
DEADLINE = {"ClientAborted", "ServerError"}

GROUPS = {
    "plain_calls_are_ok_or_their_servers_fault": [
        both("/plain", 200),
        both("/missing?code=REDACTED", 404),
        both("/points?code=REDACTED", 302),
        both("/fails?code=REDACTED", 500, verdict="ServerError"),
        both("/unsteady?fail_first=REDACTED", {"code": 200, "attempts": 2}, [503, 200], verdict="Retried"),
        both("/slow?delay=REDACTED", {"code": 504, "flags": ["UT"]}, {"code": None, "flags": ["DC"]}, verdict="ServerError"),
    ],
    "a_policy_that_denies_is_named_and_one_that_is_tried_denies_nothing": [
        both("/denied", {"code": 403, "codeDetails": UPSTREAM},
             {"code": 403, "codeDetails": "rbac_access_denied_matched_policy[ns[rules]-policy[store-denies]-rule[0]]"},
             verdict="Denied", denial=by_policy("store-denies")),
        both("/unlisted", 403, verdict="Denied", denial=by_policy()),
        both("/tried", 200, dryRun=tried("store-tries")),
    ],
    "a_token_that_is_wrong_is_denied_by_jwt_and_a_missing_one_by_the_policy": [
        both("/token/good", 200),
        both("/token/forged", {"code": 401, "codeDetails": UPSTREAM}, 401, verdict="Denied", denial=denial("JWT")),
        both("/members/with-token", 200),
        both("/members/without", 403, verdict="Denied", denial=by_policy("store-knows-members")),
    ],
    "what_an_external_authorizer_refuses_or_cannot_answer_is_denied_by_it": [
        both("/guarded/let-in", 200),
        both("/guarded/refused?code=REDACTED", 403, verdict="Denied", denial=denial("ExternalAuthorization")),
        both("/guarded/broken?code=REDACTED", {"code": 403}, {"code": 403, "codeDetails": "ext_authz_error"},
             verdict="Denied", denial=denial("ExternalAuthorization")),
    ],
    "a_rate_limit_denies_what_is_over_it_alone": [
        both("/within-limit", 200, to="till"),
        both("/over-limit", 429, to="till", verdict="Denied", denial=denial("RateLimit")),
    ],
    "faults_are_the_proxys_on_either_side_and_a_delay_is_none": [
        alone("/aborted", {"code": 503, "codeDetails": "fault_filter_abort", "flags": ["FI"]}, verdict="NetworkOrProxy"),
        both("/server-aborts", {"code": 500, "codeDetails": UPSTREAM},
             {"code": 500, "codeDetails": "fault_filter_abort", "flags": ["FI"]}, verdict="NetworkOrProxy"),
        both("/delayed", {"code": 200, "flags": ["DI"]}, {"code": 200, "flags": None}),
    ],
    "a_mirror_is_a_record_of_its_own": [
        both("/mirrored", 200),
        Row({"request": {"path": "/mirrored"}, "destination": {"name": "till"}},
            {"verdict": "Ok", "reporter": "destination", "client": None, "server": [{"code": 200}],
             "orphanReason": {"NeverArrived", "DrainingConnection"}}),
    ],
    "a_redirect_is_whole_whoever_follows_it": [
        alone("/moved", {"code": 301, "codeDetails": "direct_response"}),
        both("/landed", {"code": 302, "codeDetails": "internal_redirect"}, 302, code=302),
        both("/landed", {"code": 200, "codeDetails": UPSTREAM}, 200, code=200),
    ],
    "http_1_0_is_a_request": [
        both("/old", 200, request={"protocol": "HTTP/1.0", "method": "GET"}),
    ],
    "a_websocket_is_one_record_of_its_whole_life": [
        both("/socket/ended-by-the-server", 101),
        both("/socket/ended-by-the-client", 101, verdict="ClientAborted"),
        both("/socket/held", 101, timings={"clientMs": AtLeast(HELD_MS), "serverMs": AtLeast(HELD_MS)}),
    ],
    "each_status_of_grpc_is_judged_by_whose_fault_it_is": [
        rpc("OK", "OK", client={"grpcMessage": None}),
        *[ended(status, "ServerError") for status in ("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "DATA_LOSS")],
        # Istio's default: these two are tried three times.
        ended("UNAVAILABLE", "ServerError", attempts=3),
        ended("CANCELLED", "ClientAborted", attempts=3),
        *[ended(status) for status in ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
                                       "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
                                       "UNAUTHENTICATED")],
    ],
    "a_call_of_grpc_that_a_second_try_saved_was_retried": [
        rpc("Unsteady", "OK", "Retried", client={"attempts": 2},
            server=[{"code": 200, "grpcStatus": "UNAVAILABLE"}, {"code": 200, "grpcStatus": "OK"}]),
    ],
    "a_stream_has_its_status_in_trailers": [
        streamed("OK"),
        streamed("NOT_FOUND"),
        streamed("INTERNAL", "ServerError"),
        streamed("UNAVAILABLE", "ServerError"),
    ],
    "a_call_that_its_caller_left_or_a_proxy_cut_short_is_not_the_servers": [
        rpc("Open", None, "ClientAborted"),
        both("/shop.v1.Stock/Slow", Some(), [Some()], to="stock", verdict=DEADLINE),
        # Each proxy knows the deadline: the server's may be the first to give up.
        both("/shop.v1.Stock/SlowForTheProxy", {"code": 200, "grpcStatus": {"UNAVAILABLE", "DEADLINE_EXCEEDED"}},
             {"grpcStatus": {None, "DEADLINE_EXCEEDED"}}, to="stock", verdict="ServerError"),
        alone("/shop.v1.Stock/Aborted", {"code": 200, "grpcStatus": "UNAVAILABLE", "flags": ["FI"]}, verdict="NetworkOrProxy",
              rpc={"service": "shop.v1.Stock", "method": "Aborted"}),
    ],
    "a_denied_call_of_grpc_is_denied_and_not_the_applications_permission_denied": [
        rpc("Denied", "PERMISSION_DENIED", "Denied", denied=by_policy("stock-denies")),
        rpc("Unlisted", "PERMISSION_DENIED", "Denied", denied=by_policy()),
        rpc("Tried", "OK", dryRun=tried("stock-tries")),
        # No policy that is tried would allow it, so there is none to name.
        rpc("TriedUnlisted", "OK", dryRun={"result": "Denied", "policy": None, "side": "destination"}),
    ],
    "connections_are_allowed_denied_by_name_denied_by_default_tried_and_limited": [
        connection(9001),
        connection(9002, "Denied", by_policy("vault-denies")),
        connection(9003, "Denied", by_policy()),
        connection(9004, dryRun=tried("vault-tries")),
        connection(9005, find={"verdict": "Ok"}),
        # The server's proxy cut this one before the handshake, so that its caller's knows no connection that both name.
        Row({"request": {"protocol": "TCP"}, "destination": {"name": "vault"}, "reporter": "destination"},
            {"verdict": "Denied", "denial": denial("RateLimit"), "client": None, "server": [{"flags": ["URX"]}]}),
        Row({"request": {"protocol": "TCP"}, "orphanReason": "NeverArrived"},
            {"verdict": "NetworkOrProxy", "source": {"name": "caller"}, "client": {"flags": ["UF", "URX"]}, "server": None}),
    ],
}
ROWS = [row for rows in GROUPS.values() for row in rows]


def missing(records):
    """The rows that have no record yet."""
    return [row.find for row in ROWS if not row.records(records)]


def unexpected(records):
    """The records of which no row tells."""
    return [record for record in records if not any(fits(row.find, record) for row in ROWS)]


def cases(module, read):
    """A TestCase with a method for each group, of `module`; `read()` gives the records."""

    def method(rows):
        def test(self):
            for row in rows:
                with self.subTest(str(row.find)):
                    self.assertEqual(row.faults(read()), [], "\n".join(row.faults(read())))

        return test

    def test_nothing_else_was_recorded(self):
        self.assertEqual(unexpected(read()), [])

    tests = {f"test_{name}": method(rows) for name, rows in GROUPS.items()}
    return type("Verdicts", (unittest.TestCase,),
                {**tests, "test_nothing_else_was_recorded": test_nothing_else_was_recorded, "__module__": module})


class CommandLine:
    """Cases for a TestCase whose rows(*args) gives the cells of what `kubectl traffictap ARGS` prints of the records."""

    def test_policy_tells_apart_what_was_denied_and_what_would_be(self):
        denied = [row[1:4] for row in self.rows("policy")]
        self.assertIn(["rules/store", "rules/store-denies", "rule"], denied)
        self.assertIn(["rules/vault", "rules/vault-denies", "rule"], denied)
        tried = [row[:6] for row in self.rows("policy", "--dry-run")]
        for workload in ("store", "stock", "vault"):
            self.assertIn(["rules/caller", f"rules/{workload}", f"rules/{workload}-tries", "rule", "0", "1"], tried)
        self.assertIn(["rules/caller", "rules/stock", "none", "named", "1"], [row[:5] for row in tried])
        self.assertEqual(len(tried), 4)

    def test_top_counts_a_failed_call_of_grpc_as_an_error_though_its_code_is_200(self):
        wanted = {row.find["request"]["path"]: "0%" if row.expect["verdict"] == "Ok" else "100.0%"
                  for row in GROUPS["each_status_of_grpc_is_judged_by_whose_fault_it_is"]}
        rows = self.rows("top", "--by", "route", "--path", "/shop.v1.Stock/")
        shares = {row[4]: row[7] for row in rows}  # CALLER → CALLEE POST ROUTE RATE RECORDS ERRORS
        self.assertEqual({path: shares.get(path) for path in wanted}, wanted, rows)
