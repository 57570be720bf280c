# SPDX-License-Identifier: Apache-2.0
"""One container of a pod: its process, its probes and its state."""

import datetime
import http.client
import time

# Probes are asked more often than a Pod says: tests wait for them.
EAGER_SECONDS, SETTLED_SECONDS = 0.1, 1.0


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Container:
    """`spec` is the Pod's, `process` what runs it. Ends are answered by a new start, later and later, up to 30 s, as far
    as `restart_policy` (Always, OnFailure or Never) has it."""

    def __init__(self, spec, process, restart_policy="Always"):
        self.spec, self.process, self.restart_policy = spec, process, restart_policy
        self.started_at, self.restarts, self.started, self.ready = now(), 0, False, False
        self._next_probe, self._restart_at = 0.0, None

    def start(self):
        self.started_at, self.started, self.ready = now(), False, False
        self.process.start()

    def finished(self):
        """Whether it has ended for good."""
        code = self.process.exit_code()
        return code is not None and (self.restart_policy == "Never" or self.restart_policy == "OnFailure" and code == 0)

    def observe(self, sandbox):
        """Restarts what ended, and asks the probes when they are due."""
        moment = time.monotonic()
        if self.process.exit_code() is not None:
            self.ready = self.started = False
            if self.finished():
                return
            if self._restart_at is None:
                self._restart_at = moment + min(0.5 * 2**self.restarts, 30)
            elif moment >= self._restart_at:
                self._restart_at, self.restarts = None, self.restarts + 1
                self.start()
            return
        if moment >= self._next_probe:
            self._probe(sandbox)
            self._next_probe = moment + (SETTLED_SECONDS if self.ready else EAGER_SECONDS)

    def _probe(self, sandbox):
        """The startup probe until it has passed once, the readiness probe from then on."""
        if not self.started:
            self.started = passes(sandbox, self.spec, "startupProbe")
        if self.started:
            self.ready = passes(sandbox, self.spec, "readinessProbe")

    def status(self):
        running = {"running": {"startedAt": self.started_at}}
        code = self.process.exit_code()
        state = running if code is None else {"terminated": {"exitCode": code, "finishedAt": now()}}
        return {
            "name": self.spec["name"],
            "image": self.spec["image"],
            "imageID": self.spec["image"],
            "containerID": f"mesh://{self.spec['name']}",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": state,
        }


def passes(sandbox, spec, kind):
    """Whether a probe of a container passes; without one, running is enough."""
    asked = spec.get(kind)
    if not asked:
        return True
    where = asked.get("httpGet") or asked.get("tcpSocket") or asked.get("grpc")
    connection = http.client.HTTPConnection(sandbox.address, _port(spec, where["port"]), timeout=1)
    try:
        connection.connect()
        if "httpGet" in asked:
            connection.request("GET", where.get("path", "/"))
            return 200 <= connection.getresponse().status < 400
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _port(spec, port):
    """Probes may name a port of the container."""
    return port if isinstance(port, int) else next(p["containerPort"] for p in spec["ports"] if p.get("name") == port)
