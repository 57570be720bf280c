# SPDX-License-Identifier: Apache-2.0
"""The real parts of a soak: Envoys, the collector with its taps, a Kafka broker, and two small disks of their own. Needs root, and a
mount namespace of its own (run.sh and `make soak` see to it)."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import zlib
from unittest import mock

import broker
import shop
import stage
import watch
from evidence import Arrival, Life
from load import PATH, SECRET

TOPICS = {"kafka": "soak.besteffort", "durable": "soak.durable"}
DISK_SIZE = "256m"
STOP_SECONDS_MAX = 40  # then it is killed; what is right is for the oracle to say
PODS = (stage.FRONTEND, stage.CART, stage.STOCK, stage.FAST)


def mount(*args, check=True):
    """Returns whether it could."""
    return subprocess.run(["mount", *map(str, args)], check=check, capture_output=not check).returncode == 0


class Parts:
    def __init__(self, evidence):
        self.evidence, self.lives = evidence, evidence.lives
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-soak-"))
        self.taps, self.spool, self.small = self.work / "taps", self.work / "spool", self.work / "records" / "small"
        self.token = self.work / "token"
        self.collector = self.broker = self.shop = None
        self.envoys = {}
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        self.token.write_text("soak-" + os.urandom(16).hex() + "\n")
        self.token.chmod(0o600)
        for folder in (self.taps, self.spool, self.small):
            folder.mkdir(parents=True)
        for disk in (self.spool, self.small):
            mount("-t", "tmpfs", "-o", f"size={DISK_SIZE}", "none", disk)
        self.preload_switch()
        network = shop.Network()
        self.broker = broker.Broker(self.work, network)
        for topic in TOPICS.values():
            self.broker.create(topic)
        self.put(self.all())
        self.new_life()
        options = ["--spool-dir", self.spool, "--memory", "256MB", "--live-backlog-size", "4MB", "--live-token-file", self.token]
        with mock.patch.dict(os.environ, self.environment):
            self.collector = shop.Collector(stage.COLLECTOR, self.taps, self.work, network, options=options)
        self.shop = shop.Shop(self.collector, self.work, pods=PODS)
        self.envoys = {pod.name: process for pod, process in self.shop.processes if pod.meshed}

    def preload_switch(self):
        """A collector started from here on hangs in each write to the small disk's file while there is no file `free`."""
        library, path = self.work / "hang_write.so", self.small / "small.jsonl"
        source = pathlib.Path(stage.__file__).parent / "hang_write.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self.free = pathlib.Path(f"{path}.free")
        self.free.touch()
        self.environment = {"LD_PRELOAD": str(library), "HANG_PATH": str(path)}

    def all(self, records_max=10**9, queue="8Mi"):
        """The tap that every request is held against."""
        kafka = {"brokers": [self.broker.address()], "deliveryTimeout": "10s"}
        return stage.tap("all", pairing={"window": "2s"}, limits={"maxRecords": records_max}, outputs=[
            stage.file_output("disk.jsonl", name="disk") | {"file": {
                "path": "disk.jsonl", "rotation": {"maxSize": "512Ki", "maxAge": "15s", "maxFiles": 10000}, "compression": "Gzip"}},
            stage.file_output("small/small.jsonl", name="small", queueSize="256Ki"),
            {"name": "kafka", "type": "Kafka", "queueSize": queue, "kafka": {**kafka, "topic": TOPICS["kafka"]}},
            {"name": "durable", "type": "Kafka", "delivery": {"class": "Durable", "maxSize": "128Mi"},
             "kafka": {**kafka, "topic": TOPICS["durable"]}}])

    def put(self, one):
        path = self.taps / f"{one['metadata']['name']}.yaml"
        path.with_suffix(".new").write_text(json.dumps(one))
        path.with_suffix(".new").rename(path)

    def new_life(self):
        self.lives.append(Life(len(self.lives), time.monotonic()))
        self.log_begin = (self.work / "collector.log").stat().st_size if self.lives[1:] else 0

    def start_collector(self):
        self.new_life()
        with mock.patch.dict(os.environ, self.environment):
            self.collector.start()

    def kill_collector(self):
        process = self.collector.process
        process.kill()
        process.wait()
        self.end_life("kill", 0, process.returncode)

    def term_collector(self):
        process, begin = self.collector.process, time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.end_life("term", time.monotonic() - begin, process.returncode)

    def end_life(self, how, seconds, code):
        life = self.lives[-1]
        life.end, life.how, life.stop_seconds, life.code = time.monotonic(), how, seconds, code
        with open(self.work / "collector.log", errors="replace") as log:
            log.seek(self.log_begin)
            life.final = watch.final_counters(log.read()) if how == "term" else {}

    def restart_envoy(self, pod):
        with open(self.work / f"{pod}.log", "a") as log:
            process = shop.start(self.envoys[pod].args, stdout=log, stderr=log)
        shop.wait_until_live(self.shop.pods[pod].ip, process)
        self.shop.processes.append((self.shop.pods[pod], process))
        self.envoys[pod] = process

    def close(self):
        if self.shop:
            self.shop.stop()
        if self.collector and self.collector.process.poll() is None:
            self.collector.process.kill()
            self.collector.process.wait()
        if self.broker:
            self.broker.kill()

    def remove(self):
        """The files of a run that is closed."""
        for disk in (self.spool, self.small):
            subprocess.run(["umount", "-l", disk], check=True)
        shutil.rmtree(self.work)

    def files(self, output):
        """All of a file output, the rotated ones first."""
        folder = self.small if output == "small" else self.collector.output
        return sorted(path for path in folder.iterdir() if path.name.startswith(output) and path.suffix in (".jsonl", ".gz"))

    def collect(self):
        """Into the evidence, after the collector has ended."""
        for output in ("disk", "small"):
            found = self.evidence.arrivals.setdefault(output, [])
            for path in self.files(output):
                found += self.of_lines(path)
        for path in self.files("guest"):
            list(self.of_lines(path))  # the broken ones are what is wanted
        for output, topic in TOPICS.items():
            messages = self.broker.read(topic)
            self.evidence.arrivals[output] = [arrival(message["record"]) for message in messages]
            self.look_for_secrets(topic, *(message["payload"].encode() for message in messages))
        for path in [self.work / "collector.log", *self.spool.rglob("*")]:
            if path.is_file():
                self.look_for_secrets(path.name, path.read_bytes())

    def look_for_secrets(self, place, *texts):
        if any(SECRET.encode() in text for text in texts):
            self.evidence.secrets.append(f"a secret is in {place}")

    def of_lines(self, path):
        try:
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            self.look_for_secrets(path.name, content)
            text = content.decode()
            if text and not text.endswith("\n"):
                self.evidence.broken_lines.append(f"{path.name}: its last line is torn")
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            self.evidence.broken_lines.append(f"{path.name}: {error}")
            return
        for number, line in enumerate(text.splitlines(), 1):
            try:
                yield arrival(json.loads(line))
            except (ValueError, KeyError) as error:
                self.evidence.broken_lines.append(f"{path.name}:{number}: {error!r}")


def arrival(record):
    path = record.get("request", {}).get("path", "")
    number = path[len(PATH):].split("?")[0] if path.startswith(PATH) else ""
    ends = [record.get(end, {}).get("namespace", "") for end in ("source", "destination")]
    return Arrival(record["id"], int(number) if number.isdigit() else -1, int("client" in record), len(record.get("server", [])),
                   [namespace for namespace in ends if namespace], record.get("orphanReason", ""))
