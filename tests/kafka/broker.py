# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka as one process on the loopback network: plain, TLS and SASL listeners, topics made by the test."""
import base64
import json
import os
import pathlib
import subprocess
import uuid

import certificates
import shop
import token_endpoint

HERE = pathlib.Path(__file__).parent
VERSION = "4.2.1"
# The last line that takes the SCRAM proof of a librdkafka before 2.6.1 (Debian 12 has 2.0.2).
OLD_VERSION = "3.9.2"
HOST = {VERSION: 100, OLD_VERSION: 101}
USER, PASSWORD = "tap", "correct-horse"
JVM = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN"]
LISTENERS = {"PLAIN": 9092, "TLS": 9093, "SASL": 9094, "CONTROLLER": 9095}
SECURITY = {"PLAIN": "PLAINTEXT", "TLS": "SSL", "SASL": "SASL_PLAINTEXT", "CONTROLLER": "PLAINTEXT"}


def new_cluster():
    """Its first bits are 0: an id that began with a dash would be taken for an option."""
    return base64.urlsafe_b64encode(bytes(1) + uuid.uuid4().bytes[1:]).decode().rstrip("=")


class Broker:
    def __init__(self, work, network, version=VERSION):
        self.prepare(pathlib.Path(work) / version, network.ip(HOST[version]), version, new_cluster())
        self.start()

    def prepare(self, work, ip, version, cluster):
        """All but its start."""
        self.work, self.ip = work, ip
        self.work.mkdir()
        fetched = subprocess.run([HERE / "fetch_kafka.sh", version], check=True, stdout=subprocess.PIPE, text=True)
        self.jars = fetched.stdout.strip()
        self.config = self.work / "server.properties"
        self.authority(self.work / "kafka-tls")
        self.config.write_text("".join(f"{k}={v}\n" for k, v in self.properties().items()))
        scram = "[name=%s,password=%s]" % (USER, PASSWORD)
        self.tool("kafka.tools.StorageTool", "format", "-t", cluster, "-c", self.config,
                  "--add-scram", f"SCRAM-SHA-256={scram}", "--add-scram", f"SCRAM-SHA-512={scram}")

    def authority(self, folder):
        folder.mkdir(parents=True)
        self.ca, self.store = folder / "ca.pem", folder / "broker-store.pem"
        key, request, certificate = folder / "key.pem", folder / "broker.csr", folder / "broker.pem"
        certificates.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/O=kafka",
                             "-keyout", folder / "ca.key", "-out", self.ca)
        certificates.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", "-keyout", key,
                             "-out", request)
        (folder / "names").write_text(f"subjectAltName=IP:{self.ip}\n")
        certificates.openssl("x509", "-req", "-days", 2, "-in", request, "-CA", self.ca, "-CAkey", folder / "ca.key",
                             "-CAcreateserial", "-extfile", folder / "names", "-out", certificate)
        self.store.write_text(key.read_text() + certificate.read_text())

    def properties(self):
        url = {name: f"{name}://{self.ip}:{port}" for name, port in LISTENERS.items()}
        login = f'{{}} required username="{USER}" password="{PASSWORD}" user_{USER}="{PASSWORD}";'
        module = "org.apache.kafka.common.security."
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{self.ip}:{LISTENERS['CONTROLLER']}",
            "listeners": ",".join(url.values()),
            "advertised.listeners": ",".join(u for n, u in url.items() if n != "CONTROLLER"),
            "listener.security.protocol.map": ",".join(f"{n}:{p}" for n, p in SECURITY.items()),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAIN",
            "log.dirs": self.work / "kafka-log",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.store,
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
            "listener.name.sasl.plain.sasl.jaas.config": login.format(module + "plain.PlainLoginModule"),
            "listener.name.sasl.scram-sha-256.sasl.jaas.config": f"{module}scram.ScramLoginModule required;",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{module}scram.ScramLoginModule required;",
            # Tokens without a signature, which must have the scope.
            "listener.name.sasl.oauthbearer.sasl.jaas.config":
                f'{module}oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker" '
                f'unsecuredValidatorRequiredScope="{token_endpoint.SCOPE}";',
            "listener.name.sasl.oauthbearer.sasl.server.callback.handler.class":
                f"{module}oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler",
        }

    def inside(self, line):
        """The command line as it is run where the broker is."""
        return line

    def command(self, main, *args):
        return self.inside(["java", *JVM, "-cp", f"{self.jars}/*", main, *map(str, args)])

    def tool(self, main, *args):
        run = subprocess.run(self.command(main, *args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             timeout=120, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"{main}: {run.stdout}")

    def launch(self):
        with open(self.work / "kafka.log", "a") as log:
            self.process = shop.start(self.command("kafka.Kafka", self.config), stdout=log, stderr=log)

    def listens(self):
        shop.wait_for_port(self.ip, LISTENERS["PLAIN"], "Kafka", self.process, 120)

    def start(self):
        self.launch()
        self.listens()

    def address(self, listener="PLAIN"):
        return f"{self.ip}:{LISTENERS[listener]}"

    def create(self, topic, partitions=3, **config):
        settings = [word for k, v in config.items() for word in ("--config", f"{k.replace('_', '.')}={v}")]
        self.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.address(), "--create",
                  "--topic", topic, "--partitions", partitions, *settings)

    def add_partitions(self, topic, partitions):
        self.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.address(), "--alter",
                  "--topic", topic, "--partitions", partitions)

    def read(self, topic):
        """All messages: dicts of kcat's JSON with key, partition, offset, headers and the parsed record."""
        return list(self.each(topic))

    def each(self, topic, seconds=60):
        """The same one by one, since those of ten minutes are more than should be in memory together."""
        command = self.inside(["timeout", str(seconds), "kcat", "-C", "-b", self.address(), "-t", topic, "-o", "beginning", "-e", "-q", "-J"])
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
            for line in run.stdout:
                message = json.loads(line)
                message["record"] = json.loads(message["payload"])
                yield message
        if run.returncode != 0:
            raise subprocess.CalledProcessError(run.returncode, command)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.process.kill()
        self.process.wait()
