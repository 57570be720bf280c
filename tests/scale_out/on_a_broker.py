# SPDX-License-Identifier: Apache-2.0
"""What tests of receivers and pairers over one broker have in common."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import broker
import stage
from over_kafka import PARTITIONS, Process, wait_until_shared
from shop import Network

HALVES, CHECKPOINTS, PROXIES = "traffictap.halves", "traffictap.checkpoints", "traffictap.proxies"


class GuardedBroker(broker.Broker):
    """Everybody may do everything, but for topics with rules of their own."""

    def properties(self):
        return {**super().properties(), "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found": "true"}

    def allow_only(self, topic, *operations):
        rights = [word for operation in operations for word in ("--operation", operation)]
        self.tool("org.apache.kafka.tools.AclCommand", "--bootstrap-server", self.address(), "--add", "--allow-principal",
                  "User:ANONYMOUS", *rights, "--topic", topic)


class OnABroker(unittest.TestCase):
    """Each test has its own tap and processes, and topics if it asks for them; the broker is the class's."""
    make_broker = broker.Broker

    @classmethod
    def setUpClass(cls):
        cls.folder, cls.network = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-scale-")), Network()
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.addClassCleanup(cls.network.close)
        cls.broker = cls.make_broker(cls.folder, cls.network)
        cls.addClassCleanup(cls.broker.kill)
        cls.broker.create(HALVES, PARTITIONS, message_timestamp_type="LogAppendTime")
        cls.broker.create(CHECKPOINTS, PARTITIONS, cleanup_policy="compact")
        cls.broker.create(PROXIES, 2, cleanup_policy="compact,delete", retention_ms=7200000)

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-"))
        self.tap("all")
        self.processes, self.own = [], ()

    def tap(self, name, outputs=None, folder="taps"):
        path = self.work / folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(stage.tap(name, outputs)))

    def have_topics(self):
        """Topics and a group of its own: what pairers count moves on to the next owner of a partition."""
        name = self._testMethodName.removeprefix("test_")[:40]
        halves, checkpoints, proxies = (f"traffictap.{name}.{what}" for what in ("halves", "checkpoints", "proxies"))
        self.broker.create(halves, PARTITIONS, message_timestamp_type="LogAppendTime")
        self.broker.create(checkpoints, PARTITIONS, cleanup_policy="compact")
        self.broker.create(proxies, 2, cleanup_policy="compact")
        self.own = ("--shuffle-topic", halves, "--shuffle-checkpoints", checkpoints, "--shuffle-proxies", proxies,
                    "--shuffle-group", name)

    def tearDown(self):
        for process in self.processes:
            process.kill()
        if self._outcome.success:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            print(f"     the files of this test: {self.work}")

    def start(self, role, number, *options, taps="taps"):
        self.processes.append(Process(self.network, [self.broker.address()], self.work, role, number, *self.own, *options, taps=taps))
        return self.processes[-1]

    def two_of_each(self):
        """Receivers, and pairers that share the partitions."""
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairers = [self.start("pairer", n) for n in (1, 2)]
        for pairer in pairers:
            pairer.ready()
        wait_until_shared(pairers)
        return receivers, pairers

    def contents(self, topic, form="%s", *options):
        """Of each message as kcat prints it."""
        command = ["kcat", "-C", "-b", self.broker.address(), "-t", topic, "-o", "beginning", "-e", "-q", *options, "-f", form]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=30).stdout

    def messages(self, topic, *options):
        return self.contents(topic, "%p %o\n", *options).count(b"\n")

    def log_of(self, process):
        return (self.work / f"{process.name}.log").read_text()


if subprocess.run(["which", "kcat", "java"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
    raise SystemExit("needs kcat and java: make deps")
