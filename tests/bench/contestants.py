# SPDX-License-Identifier: Apache-2.0
"""The receivers that are compared. Each starts on a free port, takes a load, and tells what it made of it."""
import http.client
import json
import pathlib
import re
import subprocess

from processes import HERE, Measured, free_port, wait_until
from shop import wait_for_port

# The others keep nothing for readers either, and in a cluster the backlog is off.
LIVE = ("--live", "127.0.0.1:0")


class Collector(Measured):
    """The program in any of its roles."""

    def __init__(self, build, work, taps, options):
        """`taps`: YAML documents."""
        self.work = work = pathlib.Path(work)
        for folder in ("taps", "records", "spool"):
            (work / folder).mkdir(parents=True)
        for number, tap in enumerate(taps):
            (work / "taps" / f"{number}.yaml").write_text(tap)
        self.http = free_port()
        super().__init__(
            [build / "src/collector/traffictap-collector", "--http", f"127.0.0.1:{self.http}", "--taps", work / "taps",
             "--log-level", "warn", *options], work / "log", stdout=subprocess.DEVNULL)

    def ask(self, path):
        """Status and text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def metrics(self):
        """The figures by name and labels, and those of one name summed over their labels."""
        out = {}
        for line in self.ask("/metrics")[1].splitlines():
            if line and line[0] != "#":
                name, value = line.rsplit(" ", 1)
                for key in {name, name.split("{")[0]}:
                    out[key] = out.get(key, 0) + float(value)
        return out

    def wait_streams(self, streams):
        wait_until(lambda: self.metrics()["traffictap_als_streams"] == streams, f"{streams} open streams", self)


class TrafficTap(Collector):
    name = "TrafficTap: join pairs, write them to a file"

    def __init__(self, build, work, taps, options=()):
        self.port = free_port()
        work = pathlib.Path(work)
        super().__init__(build, work, taps, [
            "--als", self.address, "--output-dir", work / "records", "--spool-dir", work / "spool", "--name", "bench",
            *(options if "--live" in options else ("--live", "off", *options))])
        wait_for_port("127.0.0.1", self.port, "the collector", self.process)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def page_address(self):
        """Of its web page, with the token; only with LIVE."""
        find = lambda: re.search(r"Watch live: (\S+)", (self.work / "log").read_text())  # noqa: E731
        wait_until(find, "the page's address", self)
        return find()[1]

    def wait_taken(self, entries):
        wait_until(lambda: self.metrics()["traffictap_join_kept_total"] >= entries, f"{entries} entries", self)

    def wait_done(self, entries):
        """All that was sent is joined and written; nothing was lost or left alone."""
        self.wait_taken(entries)
        wait_until(lambda: self.metrics().get("traffictap_output_queued", 0) == 0, "the outputs", self)
        figures = self.metrics()
        lost = {k: v for k, v in figures.items() if v and ("rejected" in k or "dropped" in k or "orphans" in k)}
        if lost or figures["traffictap_pairs_total"] != entries / 2:
            raise RuntimeError(f"not all entries were joined: {figures['traffictap_pairs_total']} pairs, {lost}")

    def settle(self, entries, close):
        """CPU seconds when all is done; `close` ends the streams, which is not part of the load."""
        self.wait_done(entries)
        seconds = self.cpu_seconds()
        close()
        return seconds

    def finish(self, _entries):
        self.end()


class FrontDoor(TrafficTap):
    """With taps that want nothing of the load: it receives, decodes, tests and drops."""
    name = "TrafficTap: receive and decode"

    def wait_done(self, entries):
        wait_until(lambda: self.metrics()["traffictap_entries_received_total"] >= entries, f"{entries} entries", self)
        figures = self.metrics()
        if figures["traffictap_entries_filtered_total"] != entries:
            raise RuntimeError(f"of {entries} entries {figures['traffictap_entries_filtered_total']} were dropped by the taps")


class OtelCollector(Measured):
    name = "OpenTelemetry Collector: envoyals receiver, file exporter"

    def __init__(self, binary, work, tls=None):
        """`tls`: Bench.tls's directory, for mTLS."""
        work = pathlib.Path(work)
        work.mkdir(parents=True)
        self.port, self.records = free_port(), work / "records.jsonl"
        secure = {"tls": {"cert_file": f"{tls}/collector.pem", "key_file": f"{tls}/collector.key",
                          "client_ca_file": f"{tls}/ca.pem"}} if tls else {}
        config = {
            "receivers": {"envoyals": {"endpoint": self.address, **secure}},
            "exporters": {"file": {"path": str(self.records)}},
            "service": {
                "pipelines": {"logs": {"receivers": ["envoyals"], "exporters": ["file"]}},
                # Its own telemetry off: only the entries are to cost.
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
            },
        }
        (work / "config.yaml").write_text(json.dumps(config))
        super().__init__([binary, "--config", work / "config.yaml"], work / "log", stdout=subprocess.DEVNULL)
        wait_for_port("127.0.0.1", self.port, "the OpenTelemetry Collector", self.process)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def settle(self, _entries, close):
        close()  # answered when the receiver has exported all that came before
        return self.cpu_seconds()

    def finish(self, entries):
        self.end()
        with open(self.records, encoding="utf-8") as lines:
            written = sum(line.count('"body":') for line in lines)
        if written != entries:
            raise RuntimeError(f"the OpenTelemetry Collector wrote {written} of {entries} entries")


class Floor(Measured):
    name = "Floor: parse with the generated classes, drop"

    def __init__(self, build, work):
        work = pathlib.Path(work)
        work.mkdir(parents=True)
        super().__init__([build / "tests/bench/bench_floor"], work / "log", stdout=subprocess.PIPE)
        self.address = f"127.0.0.1:{int(self.process.stdout.readline())}"

    def settle(self, _entries, close):
        close()  # answered when all that came before is parsed
        return self.cpu_seconds()

    def finish(self, entries):
        self.end()
        seen = int(self.process.stdout.readline())
        if seen != entries:
            raise RuntimeError(f"the floor saw {seen} of {entries} entries")


def build_otelcol():
    """The OpenTelemetry Collector of otelcol/."""
    built = subprocess.run([HERE / "otelcol/build.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(built.stdout.strip())
