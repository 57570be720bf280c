# SPDX-License-Identifier: Apache-2.0
"""Receivers and pairers of the real program, and a load for them of which every request is known."""
import asyncio
import json
import os
import pathlib
import subprocess
import time

import proxy
import shop
from proxy import Proxy, entry, identifier, message
from stage import metric, wait_until

COLLECTOR = os.environ.get("COLLECTOR", "build/src/collector/traffictap-collector")
PARTITIONS = 8
PAUSE = 0.1  # seconds between messages


class Process:
    """One role of the collector, as a child process. `brokers`: their addresses. `taps`: the folder of `work` that it has them from."""

    def __init__(self, network, brokers, work, role, number, *options, taps="taps"):
        self.role, self.name = role, f"{role}-{number}"
        self.ip = network.ip({"receiver": 20, "pairer": 40}[role] + number)
        self.als_port, self.http_port = 9001, 9090
        self.work = pathlib.Path(work)
        self.output = self.work / self.name
        self.output.mkdir()
        own = (["--als", f"{self.ip}:{self.als_port}"] if role == "receiver"
               else ["--output-dir", self.output, "--live", "off"])
        if "--shuffle-partitions" not in options:
            options = ("--shuffle-partitions", PARTITIONS, *options)
        command = [COLLECTOR, "--role", role, "--name", self.name, "--http", f"{self.ip}:{self.http_port}", "--taps",
                   self.work / taps, *(word for address in brokers for word in ("--shuffle-brokers", address)), *own, *options]
        with open(self.work / f"{self.name}.log", "w") as log:
            self.process = shop.start([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=log)
        shop.wait_for_port(self.ip, self.http_port, self.name, self.process)

    def readyz(self):
        return shop.get(self.ip, self.http_port, "/readyz")

    def ready(self):
        wait_until(f"{self.name} is ready", lambda: self.readyz()[0] == 200, 30)
        return self

    def metrics(self):
        lines = (line for line in shop.get(self.ip, self.http_port, "/metrics")[1].splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def of(self, name, **labels):
        return metric(self.metrics(), f"shuffle_{name}", **labels)

    def records(self, tap="all"):
        path = self.output / f"{tap}.jsonl"
        # A kill may tear the last line.
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        return shop.stop(self.process)


def shared(pairers):
    """Each has as many partitions as the others."""
    return all(pairer.of("partitions") == PARTITIONS / len(pairers) for pairer in pairers)


def wait_until_shared(pairers):
    wait_until("the pairers share the partitions", lambda: shared(pairers), 30)


def all_taken(receivers, pairers, mesh):
    """These pairers have all partitions, and are through with all that was sent."""
    metrics = [pairer.metrics() for pairer in pairers]
    acked = sum(r.of("halves_acked_total") for r in receivers)
    taken = sum(metric(one, "shuffle_partition_halves", result="taken") for one in metrics)
    rest = sum(metric(one, name) for one in metrics for name in ("waiting", "output_queued"))
    owned = sum(metric(one, "shuffle_partitions") for one in metrics)
    return acked == taken == 2 * len(mesh.sent_at) and rest == 0 and owned == PARTITIONS


class Mesh:
    """The two sides of each request to different receivers, by turns, `at_once` requests in a message. `agent()`: the user agent
    of each."""

    def __init__(self, receivers, at_once=20, agent=lambda: "ghost/1.0"):
        self.receivers, self.at_once, self.agent, self.sent_at = receivers, at_once, agent, {}

    async def run(self, actions):
        """`actions`: pairs of a second and what is to be done then, in a thread of its own."""
        async with Proxy(self.receivers[0]) as first, Proxy(self.receivers[1]) as second:
            streams = {}
            for number, one in enumerate((first, second)):
                for side, pod, ip in (("client", "caller-0", "10.8.8.8"), ("server", "ghost-0", "10.9.9.9")):
                    streams[number, side] = one.stream()
                    await streams[number, side].write(identifier(pod, ip))
            jobs = asyncio.gather(*(self.later(*action) for action in actions))
            while not jobs.done():
                await self.send(streams)
                await asyncio.sleep(PAUSE)
            await jobs
            for stream in streams.values():
                await stream.done_writing()
                await proxy.ended(stream, 20)

    @staticmethod
    async def later(second, action):
        await asyncio.sleep(second)
        await asyncio.get_running_loop().run_in_executor(None, action)

    async def send(self, streams):
        sides = {key: [] for key in streams}
        for _ in range(self.at_once):
            number = len(self.sent_at)
            ends = {"path": f"/{number}", "request_id": f"{number:08x}-0000-4000-8000-000000000000", "port": 1024 + number % 60000,
                    "agent": self.agent()}
            sides[number % 2, "client"].append(entry(client=True, **ends))
            sides[(number + 1) % 2, "server"].append(entry(**ends))
            self.sent_at[f"/{number}"] = time.monotonic()
        for key, entries in sides.items():
            await streams[key].write(message(*entries))
