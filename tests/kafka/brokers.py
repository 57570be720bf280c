# SPDX-License-Identifier: Apache-2.0
"""Three brokers of Apache Kafka that keep what is written in all of them, so that it outlives each of them."""
import json
import pathlib
import subprocess

from broker import LISTENERS, VERSION, Broker, new_cluster

FIRST_HOST, COUNT = 102, 3
MIN_IN_SYNC = 2


class Member(Broker):
    """One of the three, which is a controller as well. It listens once most of them are there."""

    def __init__(self, work, ips, number, cluster):
        self.number = number
        self.voters = ",".join(f"{n}@{ip}:{LISTENERS['CONTROLLER']}" for n, ip in ips.items())
        self.prepare(pathlib.Path(work) / f"kafka-{number}", ips[number], VERSION, cluster)

    def properties(self):
        return super().properties() | {
            "node.id": self.number,
            "controller.quorum.voters": self.voters,
            "default.replication.factor": COUNT,
            "min.insync.replicas": MIN_IN_SYNC,
            "offsets.topic.replication.factor": COUNT,
            "transaction.state.log.replication.factor": COUNT,
            "transaction.state.log.min.isr": MIN_IN_SYNC,
            "unclean.leader.election.enable": "false",
        }


class Brokers:
    def __init__(self, work, network):
        ips, cluster = {n: network.ip(FIRST_HOST + n) for n in range(COUNT)}, new_cluster()
        self.members = {number: Member(work, ips, number, cluster) for number in ips}
        for member in self.members.values():
            member.launch()
        for member in self.members.values():
            member.listens()

    def addresses(self):
        return [member.address() for member in self.members.values()]

    def create(self, *args, **config):
        self.members[0].create(*args, **config)

    def create_at(self, number, topic, partitions=3):
        """With one replica of each partition, which is with that broker."""
        first = self.members[0]
        first.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", first.address(), "--create", "--topic", topic,
                   "--replica-assignment", ",".join([str(number)] * partitions), "--config", "min.insync.replicas=1")

    def described(self):
        """As kcat has it: the controller, and each topic's partitions with their leader and replicas."""
        command = ["kcat", "-L", "-J", "-b", ",".join(self.addresses())]
        return json.loads(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, timeout=30).stdout)

    def leaders(self, topic):
        """Of each of its partitions."""
        (found,) = [one for one in self.described()["topics"] if one["topic"] == topic]
        return [partition["leader"] for partition in found["partitions"]]

    def whole(self):
        """Every replica of every topic is in sync."""
        partitions = [partition for topic in self.described()["topics"] for partition in topic["partitions"]]
        return all(len(partition["isrs"]) == COUNT for partition in partitions)

    def kill(self):
        for member in self.members.values():
            member.kill()
