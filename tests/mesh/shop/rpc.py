# SPDX-License-Identifier: Apache-2.0
"""The gRPC application of a pod of the sample shop, and who calls it. usage: rpc.py serve | rpc.py call TARGET METHOD[@SECONDS]...

The method's name says how a call of shop.v1.Stock ends: NOT_FOUND with that status and nothing else, Stream_NOT_FOUND after
three messages, Slow not before its caller has gone, Open after one message likewise, Unsteady UNAVAILABLE the first time; any
other one is OK. The caller cancels Open after that message; @SECONDS is a deadline. It prints {METHOD: status} as JSON."""

import json
import os
import sys
import threading
from concurrent import futures

os.environ["GRPC_DNS_RESOLVER"] = "native"
import grpc

SERVICE, PORT, MESSAGES = "shop.v1.Stock", 8080, 3
# The machine's own proxy for the internet is not for the mesh.
OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.dns_min_time_between_resolutions_ms", 100)]


def end(name, context):
    """As the name says. The message has what must be encoded on the wire."""
    if name in grpc.StatusCode.__members__ and name != "OK":
        context.abort(grpc.StatusCode[name], f"{name}: 100 %")


def wait_for_the_caller_to_go(context):
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait(30)


class Stock(grpc.GenericRpcHandler):
    def __init__(self):
        self._unsteady = threading.Lock()  # held once it has failed

    def service(self, details):
        method = details.method.rpartition("/")[2]

        def stream(_request, context):
            for number in range(1 if method == "Open" else MESSAGES):
                yield b"message %d" % number
            if method == "Open":
                wait_for_the_caller_to_go(context)
            end(method.removeprefix("Stream_"), context)

        def unary(_request, context):
            if method.startswith("Slow"):
                wait_for_the_caller_to_go(context)
            if method == "Unsteady" and self._unsteady.acquire(blocking=False):
                end("UNAVAILABLE", context)
            end(method, context)
            return b"answer"

        if method == "Open" or method.startswith("Stream_"):
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers([Stock()])
    server.add_insecure_port(f"0.0.0.0:{PORT}")
    server.start()
    server.wait_for_termination()


def outcome(channel, method, seconds):
    """The name of the status that the caller sees."""
    call = channel.unary_stream(f"/{SERVICE}/{method}")(b"question", timeout=seconds)
    try:
        for _ in call:
            if method == "Open":
                call.cancel()
    except grpc.RpcError:
        pass
    return call.code().name


def call_all(target, *calls):
    out = {}
    with grpc.insecure_channel(target, OPTIONS) as channel:
        for word in calls:
            method, _, seconds = word.partition("@")
            out[method] = outcome(channel, method, float(seconds or 20))
    print(json.dumps(out))


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else call_all(*sys.argv[2:])
