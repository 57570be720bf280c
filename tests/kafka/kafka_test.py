# SPDX-License-Identifier: Apache-2.0
"""The Kafka output against a real broker: what arrives, what a dead or hung broker costs, what faults are called."""
import collections
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import broker as kafka
import certificates
import stage
from shop import Network
from stage import Load, Stage, file_output, metric, tap, wait_until
from token_endpoint import CLIENT, SCOPE, SECRET, TokenEndpoint, jwt

TOPIC, SMALL = "traffictap.pairs", "traffictap.small"


def setUpModule():
    global WORK, NETWORK, BROKER
    WORK, NETWORK = pathlib.Path(tempfile.mkdtemp(prefix="traffictap-test-kafka-")), Network()
    BROKER = kafka.Broker(WORK, NETWORK)
    BROKER.create(TOPIC)
    BROKER.create(SMALL, 1, max_message_bytes=3000)


def tearDownModule():
    BROKER.kill()
    NETWORK.close()
    shutil.rmtree(WORK, ignore_errors=True)


def kafka_output(topic=TOPIC, listener="PLAIN", name="kafka", queue=None, **settings):
    out = {"name": name, "type": "Kafka", "kafka": {"brokers": [BROKER.address(listener)], "topic": topic, **settings}}
    return {**out, "queueSize": queue} if queue else out


def both(name, *outputs, **spec):
    """A tap to a file and to Kafka: the file says what Kafka must have."""
    return tap(name, outputs=[file_output(f"{name}.jsonl"), *(outputs or (kafka_output(),))], **spec)


def arrived(name):
    return [m for m in BROKER.read(TOPIC) if m["record"]["tap"] == f"shop/{name}"]


class Delivery(unittest.TestCase):
    def same(self, messages, records):
        """Kafka has each record of the file once, each key in one partition, each partition in the file's order."""
        place = {r["id"]: i for i, r in enumerate(records)}
        self.assertEqual(len(place), len(records))
        self.assertEqual(collections.Counter(m["record"]["id"] for m in messages), collections.Counter(place.keys()))
        partitions, order = collections.defaultdict(set), collections.defaultdict(list)
        for m in sorted(messages, key=lambda m: (m["partition"], m["offset"])):
            partitions[m["key"]].add(m["partition"])
            order[m["partition"]].append(place[m["record"]["id"]])
        self.assertTrue(all(len(p) == 1 for p in partitions.values()), "a key in two partitions")
        self.assertGreater(len(order), 1, "all keys in one partition")
        for found in order.values():
            self.assertEqual(found, sorted(found))

    def test_every_record_arrives_once_under_its_requests_key(self):
        with Stage(both("plain"), pods=(stage.FRONTEND, stage.CART, stage.STOCK, stage.FAST)) as s:
            s.shop.load("fast", 300)
            for n in range(5):
                s.shop.call("stock", f"/retried/{n}")
            s.shop.call("cart", "/headers")
            s.settle()
            records, messages = s.records("plain.jsonl"), arrived("plain")
            self.assertEqual(len(records), 306)
            self.same(messages, records)
            byid = {r["id"]: r for r in records}
            for m in messages:
                self.assertEqual(m["record"], byid[m["record"]["id"]])
                headers = dict(zip(m["headers"][::2], m["headers"][1::2]))
                self.assertEqual(headers["traffictap-schema"], m["record"]["schemaVersion"])
                self.assertEqual(headers["content-type"], "application/json")
                masked = m["record"]["request"]["id"]
                self.assertEqual([c for i, c in enumerate(m["key"]) if i != 14],
                                 [c for i, c in enumerate(masked) if i != 14])

    def test_a_cloud_events_attributes_are_in_the_headers(self):
        """CloudEvents 1.0, Kafka Protocol Binding, 3.2: binary content mode. A batch that goes out again keeps them."""
        plain, event = kafka_output(name="plain"), kafka_output(SMALL, name="event", headers="CloudEvents")
        with Stage(both("events", plain, event)) as s:
            for path in ("/fits/1", "/large/" + secrets.token_hex(4000), "/fits/2"):
                s.shop.call("cart", path)
            s.settle()
        messages = [m for m in BROKER.read(SMALL) if m["record"]["tap"] == "shop/events"]
        self.assertEqual([m["record"]["request"]["path"] for m in messages], ["/fits/1", "/fits/2"])
        for m in messages:
            record, headers = m["record"], dict(zip(m["headers"][::2], m["headers"][1::2]))
            self.assertEqual(headers.pop("ce_time")[:23], record["timings"]["startTime"][:23])
            self.assertEqual(headers, {
                "content-type": "application/json", "traffictap-schema": "v1", "ce_specversion": "1.0",
                "ce_type": "io.traffictap.record.v1", "ce_id": record["id"],
                "ce_source": "/apis/traffictap.io/v1alpha1/namespaces/shop/traffictaps/events",
                "ce_subject": "{namespace}/{name}".format(**record["destination"])})
        for m in arrived("events"):
            self.assertEqual(m["headers"][::2], ["content-type", "traffictap-schema"])

    def test_a_broker_killed_under_load_loses_and_doubles_nothing(self):
        with Stage(both("killed")) as s:
            with Load(s.shop, 500) as load:
                wait_until("Kafka has some", lambda: self.delivered(s) > 200)
                BROKER.kill()
                time.sleep(2)
                BROKER.start()
                before = self.delivered(s)
                wait_until("Kafka gets more", lambda: self.delivered(s) > before + 200, 60)
                answered = load.stop()
            s.settle(90)
            self.assertEqual(len(s.records("killed.jsonl")), answered)
            # A broker that has just come back may show readers less than it has.
            wait_until("a reader gets all", lambda: len(arrived("killed")) >= answered, 60)
            self.same(arrived("killed"), s.records("killed.jsonl"))
            self.assertEqual(metric(s.collector.metrics(), "output_dropped_total"), 0)

    def test_a_hung_broker_slows_no_other_output_and_gets_all_afterwards(self):
        with Stage(both("hung")) as s:
            wait_until("Kafka is open", lambda: s.shop.call("cart", "/open") and self.delivered(s) > 0)
            BROKER.signal(signal.SIGSTOP)
            try:
                with Load(s.shop, 500) as load:
                    time.sleep(6)
                    answered = load.stop()
                wait_until("the file has all of the load", lambda: sum(
                    r["request"]["path"] == "/load" for r in s.records("hung.jsonl")) == answered, 20)
                metrics = s.collector.metrics()
                self.assertEqual(metric(metrics, "entries_rejected_total"), 0)
                self.assertGreater(metric(metrics, "output_queued", output="kafka"), 0)
                stage.check_counters(metrics)
            finally:
                BROKER.signal(signal.SIGCONT)
            s.settle(90)
            self.same(arrived("hung"), s.records("hung.jsonl"))

    def test_stopping_waits_for_no_hung_broker(self):
        with Stage(both("stopped")) as s:
            wait_until("Kafka is open", lambda: s.shop.call("cart", "/open") and self.delivered(s) > 0)
            BROKER.signal(signal.SIGSTOP)
            try:
                s.shop.load("fast", 100)
                time.sleep(2)
                start = time.monotonic()
                self.assertEqual(s.collector.stop(), 0)
                self.assertLess(time.monotonic() - start, 20)
            finally:
                BROKER.signal(signal.SIGCONT)

    @staticmethod
    def delivered(s):
        return metric(s.collector.metrics(), "output_delivered_total", output="kafka")


class Outcomes(unittest.TestCase):
    """What the tests of credentials and faults share."""

    @classmethod
    def setUpClass(cls):
        cls.files = {}
        for name, text in (("user", kafka.USER), ("right", kafka.PASSWORD), ("wrong", "battery-staple")):
            cls.files[name] = str(WORK / f"secret-{name}")
            pathlib.Path(cls.files[name]).write_text(text + "\n")
        certificates.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/O=other",
                             "-keyout", WORK / "other.key", "-out", WORK / "other.pem")

    def sasl(self, password, mechanism):
        return {"security": "SaslPlaintext", "sasl": {
            "mechanism": mechanism, "usernameFile": self.files["user"], "passwordFile": self.files[password]}}

    def outcomes(self, *expected):
        """Each: an output, and either None where it must deliver or the reason and words of its failure."""
        with Stage(*(both(f"f{i}", output) for i, (output, _) in enumerate(expected))) as s:
            for n in range(3):
                s.shop.call("cart", f"/call/{n}")
            for i, (_, failure) in enumerate(expected):
                wait_until("the file has all", lambda: len(s.lines(f"f{i}.jsonl")) == 3)  # noqa: B023
                wait_until(f"output {i} ends with {failure or 'delivery'}",
                           lambda: self.ended(s, f"shop/f{i}", failure), 60)  # noqa: B023
            self.assertNotIn(kafka.PASSWORD, self.log(s))

    @staticmethod
    def log(s):
        return (s.work / "collector.log").read_text()

    def ended(self, s, key, failure):
        metrics = s.collector.metrics()
        if failure is None:
            return metric(metrics, "output_delivered_total", tap=key, output="kafka") == 3
        reason, words = failure
        told = [x for x in self.log(s).splitlines() if f'output="{key} kafka"' in x and "output fails" in x]
        return (metric(metrics, "output_failing", tap=key, output="kafka", reason=reason) == 1
                and any(f"reason={reason} " in line and words in line for line in told))


BAD_LOGIN = ("UNAUTHENTICATED", "check the SASL mechanism, user name and password")


class Faults(Outcomes):
    """Each has its own words in the log and its own reason in the metrics, and touches no other output."""

    def test_good_credentials_deliver(self):
        self.outcomes((kafka_output(listener="SASL", **self.sasl("right", "PLAIN")), None),
                      (kafka_output(listener="TLS", security="Ssl", tls={"caFile": str(BROKER.ca)}), None))

    def test_bad_credentials_are_told_apart(self):
        other = kafka_output(listener="TLS", security="Ssl", tls={"caFile": str(WORK / "other.pem")})
        self.outcomes((kafka_output(listener="SASL", **self.sasl("wrong", "PLAIN")), BAD_LOGIN),
                      (other, ("UNAUTHENTICATED", "check tls.caFile and the broker's certificate")))

    def test_a_secret_that_is_repaired_or_rotated_delivers_what_waited(self):
        """Without an edit of the tap and without a restart, and nothing of what waited is lost or told as delivered twice."""
        password, authority = WORK / "rotated-password", WORK / "rotated-ca.pem"
        password.write_text("battery-staple\n")
        authority.write_bytes((WORK / "other.pem").read_bytes())
        login = {"security": "SaslPlaintext", "sasl": {
            "mechanism": "PLAIN", "usernameFile": self.files["user"], "passwordFile": str(password)}}
        outputs = {"login": kafka_output(listener="SASL", **login),
                   "tls": kafka_output(listener="TLS", security="Ssl", tls={"caFile": str(authority)})}
        with Stage(*(both(name, output) for name, output in outputs.items())) as s:
            for n in range(3):
                s.shop.call("cart", f"/before/{n}")
            for name in outputs:
                wait_until(f"{name} is refused", lambda: metric(  # noqa: B023
                    s.collector.metrics(), "output_failing", tap=f"shop/{name}", output="kafka",  # noqa: B023
                    reason="UNAUTHENTICATED") == 1, 60)
            password.write_text(kafka.PASSWORD + "\n")
            authority.write_bytes(pathlib.Path(BROKER.ca).read_bytes())
            for name in outputs:
                wait_until(f"{name} has delivered", lambda: self.ended(s, f"shop/{name}", None), 60)  # noqa: B023
                self.assertEqual(collections.Counter(m["record"]["id"] for m in arrived(name)),
                                 collections.Counter(r["id"] for r in s.records(f"{name}.jsonl")))

    def test_a_rotation_under_load_loses_nothing(self):
        authority = WORK / "current-ca.pem"
        good = pathlib.Path(BROKER.ca).read_bytes()
        authority.write_bytes(good)
        output = kafka_output(listener="TLS", security="Ssl", tls={"caFile": str(authority)})
        with Stage(both("rotation", output)) as s:
            with Load(s.shop, 300) as load:
                for n in range(3):
                    start = Delivery.delivered(s)
                    wait_until("Kafka gets more", lambda: Delivery.delivered(s) > start + 300, 60)  # noqa: B023
                    authority.write_bytes(good + b"# %d\n" % n)
                answered = load.stop()
            s.settle(60)
            sent = {r["id"] for r in s.records("rotation.jsonl")}
            self.assertEqual(len(sent), answered)
            self.assertEqual({m["record"]["id"] for m in arrived("rotation")}, sent)
            self.assertEqual(metric(s.collector.metrics(), "output_dropped_total"), 0)

    def test_scram_works_or_says_why_it_cannot(self):
        version = subprocess.run(["kcat", "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout
        fixed = tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", version).groups())) >= (2, 6, 1)
        self.outcomes((kafka_output(listener="SASL", **self.sasl("right", "SCRAM-SHA-256")),
                       None if fixed else ("UNAUTHENTICATED", "cannot use SCRAM with Kafka 4.0 or newer")))

    def test_a_missing_topic_and_an_unreachable_broker_are_told_apart(self):
        nobody = kafka_output()
        nobody["kafka"]["brokers"] = [f"{BROKER.ip}:9999"]
        missing = ("FAILED_PRECONDITION", 'topic "traffictap.none" does not exist')
        self.outcomes((kafka_output("traffictap.none"), missing), (nobody, ("UNAVAILABLE", "kafka: ")))

    def test_a_record_that_is_too_large_is_dropped_alone(self):
        with Stage(both("large", kafka_output(SMALL), kafka_output(TOPIC, name="own", maxRecordSize="3000"))) as s:
            for path in ("/fits/1", "/large/" + secrets.token_hex(4000), "/fits/2"):
                s.shop.call("cart", path)
            s.settle()
            metrics = s.collector.metrics()
            stage.check_counters(metrics)
            for output in ("kafka", "own"):
                self.assertEqual(metric(metrics, "output_delivered_total", output=output), 2, output)
                self.assertEqual(metric(metrics, "output_dropped_total", output=output, reason="TooLarge"), 1, output)
            small = [m["record"] for m in BROKER.read(SMALL) if m["record"]["tap"] == "shop/large"]
            self.assertEqual([r["request"]["path"] for r in small], ["/fits/1", "/fits/2"])


class Oauth(Outcomes):
    """SASL OAUTHBEARER: the token of a file, and one that is fetched."""

    def secret(self, name, **keys):
        folder = WORK / f"oauth-{name}"
        folder.mkdir()
        for key, text in keys.items():
            (folder / key).write_text(text + "\n")
        return folder

    def output(self, folder, **oauth):
        return kafka_output(listener="SASL", security="SaslPlaintext", sasl={
            "mechanism": "OAUTHBEARER", "oauth": {"credentialsDirectory": str(folder), **oauth}})

    def test_a_token_of_the_secret_delivers(self):
        token = jwt()
        folder = self.secret("token", token=token)
        with Stage(both("f0", self.output(folder, extensions={"traceId": "abc"}))) as s:
            for n in range(3):
                s.shop.call("cart", f"/call/{n}")
            wait_until("all are delivered", lambda: self.ended(s, "shop/f0", None), 60)
            self.assertNotIn(token, self.log(s))

    def test_a_token_that_is_renewed_delivers_what_waited(self):
        """Without an edit of the tap and without a restart."""
        folder = self.secret("renewed", token=jwt(scope="other"))
        refused = ("UNAUTHENTICATED", "refuses the token: check its issuer, audience, scope")
        with Stage(both("renewed", self.output(folder))) as s:
            for n in range(3):
                s.shop.call("cart", f"/call/{n}")
            wait_until("the token is refused", lambda: self.ended(s, "shop/renewed", refused), 60)
            (folder / "token").write_text(jwt() + "\n")
            wait_until("all are delivered", lambda: self.ended(s, "shop/renewed", None), 60)
            self.assertEqual(collections.Counter(m["record"]["id"] for m in arrived("renewed")),
                             collections.Counter(r["id"] for r in s.records("renewed.jsonl")))

    def test_a_token_of_an_endpoint_delivers_and_is_fetched_anew_before_it_expires(self):
        folder = self.secret("endpoint", clientId=CLIENT, clientSecret=SECRET)
        with TokenEndpoint(BROKER.ip, seconds=4) as endpoint, \
                Stage(both("fetched", self.output(folder, tokenEndpointUrl=endpoint.url, scope=SCOPE))) as s:
            for n in range(3):
                s.shop.call("cart", f"/call/{n}")
            wait_until("all are delivered", lambda: self.ended(s, "shop/fetched", None), 60)
            self.assertEqual(endpoint.asked[0], {"grant_type": ["client_credentials"], "scope": [SCOPE]})
            asked = len(endpoint.asked)
            wait_until("another token is fetched", lambda: len(endpoint.asked) > asked, 30)
            BROKER.kill()
            BROKER.start()
            s.shop.call("cart", "/after")
            wait_until("the new one is taken", lambda: len(arrived("fetched")) == 4, 60)
            self.assertNotIn(SECRET, self.log(s))

    def test_what_is_wrong_is_told_apart(self):
        with TokenEndpoint(BROKER.ip) as endpoint:
            def client(name, **keys):
                return self.output(self.secret(name, clientId=CLIENT, **keys), tokenEndpointUrl=endpoint.url)
            self.outcomes(
                (self.output(self.secret("empty")), ("FAILED_PRECONDITION", "the Secret needs the key token")),
                (client("partly"), ("FAILED_PRECONDITION", "add the key clientSecret to the Secret")),
                (self.output(self.secret("expired", token=jwt(seconds=-5))), ("UNAUTHENTICATED", "it expired at")),
                (client("stranger", clientSecret="x"), ("UNAUTHENTICATED", "answers 401: invalid_client: who is that")),
                (client("unscoped", clientSecret=SECRET), ("UNAUTHENTICATED", "refuses the token")),
                (self.output(self.secret("nobody", clientId=CLIENT, clientSecret=SECRET),
                             tokenEndpointUrl=f"http://{BROKER.ip}:9/"), ("UNAVAILABLE", "token endpoint")))


class Scram(Outcomes):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = kafka.Broker(WORK, NETWORK, kafka.OLD_VERSION)
        cls.broker.create(TOPIC)

    @classmethod
    def tearDownClass(cls):
        cls.broker.kill()

    def output(self, password, mechanism):
        out = kafka_output(listener="SASL", **self.sasl(password, mechanism))
        out["kafka"]["brokers"] = [self.broker.address("SASL")]
        return out

    def test_the_right_password_delivers_and_a_wrong_one_is_refused(self):
        self.outcomes((self.output("right", "SCRAM-SHA-256"), None), (self.output("right", "SCRAM-SHA-512"), None),
                      (self.output("wrong", "SCRAM-SHA-512"), BAD_LOGIN))


if subprocess.run(["which", "kcat", "java"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
    raise SystemExit("needs kcat and java: make deps")
