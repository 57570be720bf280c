# SPDX-License-Identifier: Apache-2.0
"""Numbered requests of the frontend's application through its sidecar, and the ledger of what was sent."""
import http.client
import threading
import time

import envoy_config
from evidence import Request

PATH = "/soak/"
SECRET = "canary-4f1c9a"  # in a header that Envoy logs and no tap captures
TIMEOUT_SECONDS = 2


def service_of(number):
    """Mostly the instant application; cart is one of Python, stock fails each request once."""
    if number % 20 == 7:
        return "stock"
    return "cart" if number % 10 == 3 else "fast"


class Load:
    """Sends `rate` a second while it is not paused. One thread, one connection."""

    def __init__(self, parts, evidence, rate):
        self.parts, self.requests, self.rate = parts, evidence.requests, rate
        self.connection, self.number = None, 0
        self.ended, self.running, self.idle = threading.Event(), threading.Event(), threading.Event()
        self.idle.set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        due = time.monotonic()
        while not self.ended.is_set():
            if not self.running.wait(0.2):
                continue
            self.idle.clear()
            if self.running.is_set():
                self.send(service_of(self.number))
            self.idle.set()
            due = max(due + 1 / self.rate, time.monotonic() - 0.5)
            self.ended.wait(max(0, due - time.monotonic()))

    def send(self, service):
        begin, answered = time.monotonic(), True
        try:
            self.exchange(service, f"{PATH}{self.number}?token={SECRET}")
        except (OSError, http.client.HTTPException):
            answered = False
            self.hang_up()
        self.requests.append(Request(self.number, begin, time.monotonic(), service, answered))
        self.number += 1

    def exchange(self, service, path):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.parts.shop.pods["frontend"].ip, envoy_config.OUTBOUND,
                                                         timeout=TIMEOUT_SECONDS)
        self.connection.request("GET", path, headers={"Host": service, "Authorization": f"Bearer {SECRET}"})
        self.connection.getresponse().read()

    def hang_up(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def resume(self):
        self.running.set()

    def pause(self):
        """Returns once nothing is under way."""
        self.running.clear()
        self.idle.wait(2 * TIMEOUT_SECONDS + 1)

    def probe(self, count):
        """Some requests while it is paused."""
        for _ in range(count):
            self.send("fast")

    def stop(self):
        self.running.clear()
        self.ended.set()
        self.thread.join(2 * TIMEOUT_SECONDS + 1)
        self.hang_up()
