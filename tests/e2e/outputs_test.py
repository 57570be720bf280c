# SPDX-License-Identifier: Apache-2.0
"""Where records go on a mesh: Kafka by an administrator's TapDestination, standard output; and an uninstall."""

import json
import pathlib
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "kafka"), str(TESTS / "shop")]

from installation import install, shared_mesh
from mesh.processes import wait_until
from node_broker import LOOPBACK, NodeBroker
from taps import GROUP, VERSION, Taps


def paths(topic):
    """The request path of every record in the topic."""
    return [message["record"]["request"].get("path") for message in broker.each(topic)]


def setUpModule():
    global mesh, operator, collector, gate, taps, broker
    mesh = shared_mesh()
    operator, collector, gate = install(mesh)
    taps = Taps(mesh, collector)
    broker = NodeBroker(mesh)
    broker.create("taps")
    broker.create("taps-errors")
    destination("audit", allowedTopics=["taps-errors"])


def tearDownModule():
    broker.kill()
    operator.kill()
    collector.kill()
    gate.close()


def destination(name, namespace="shop", **kafka):
    spec = {
        "type": "Kafka",
        "kafka": {"brokers": [broker.address()], "topic": "taps", "security": "Plaintext", **kafka},
        "allowedNamespaces": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    }
    if "sasl" in kafka:
        spec["credentialsSecret"] = "not-there"
    mesh.apply(
        json.dumps(
            {"apiVersion": f"{GROUP}/{VERSION}", "kind": "TapDestination", "metadata": {"name": name}, "spec": spec}
        )
    )


def to_kafka(name="audit", output="kafka", **kafka):
    return {"name": output, "type": "Kafka", "kafka": {"destination": name, **kafka}}


def call(path, **kwargs):
    return mesh.call("shop/client", f"http://frontend{path}", **kwargs)


class Outputs(unittest.TestCase):
    def tearDown(self):
        if not operator.running():
            operator.start()
        taps.delete_all()

    def test_records_reach_kafka_by_the_destinations_name_and_errors_a_topic_of_their_own(self):
        errors = to_kafka(output="errors", topic="taps-errors") | {"match": {"responseCodes": ["500-599"]}}
        taps.apply("to-kafka", outputs=[to_kafka(), errors])
        call("/fine")
        call("/broken?code=503")
        wait_until(lambda: "/fine" in paths("taps"), "the record is in Kafka", 60)
        wait_until(lambda: "/broken?code=REDACTED" in paths("taps-errors"), "the error is in its topic", 60)
        self.assertNotIn("/fine", paths("taps-errors"))

        def counted():
            delivered = {o["name"]: o["delivered"] for o in taps.status("to-kafka").get("outputs", [])}
            return delivered.get("kafka", 0) >= 2 and delivered.get("errors", 0) >= 1

        wait_until(counted, "the status counts what Kafka took", 60)

    def test_a_destination_that_does_not_exist_or_is_not_for_this_namespace_is_reported(self):
        taps.apply("nowhere", outputs=[to_kafka("nowhere")], wait=None)
        taps.wait("nowhere", "OutputsReady", "False", "DestinationNotFound")
        destination("foreign", namespace="bank")
        taps.apply("foreign", outputs=[to_kafka("foreign")], wait=None)
        found = taps.wait("foreign", "OutputsReady", "False")
        self.assertIn("foreign", found["message"])

    def test_a_topic_that_the_administrator_did_not_allow_is_reported(self):
        taps.apply("topic", outputs=[to_kafka(topic="payroll")], wait=None)
        found = taps.wait("topic", "OutputsReady", "False")
        self.assertIn("payroll", found["message"])

    def test_a_missing_topic_and_a_missing_broker_leave_the_file_output_alone(self):
        destination("gone", brokers=[f"{LOOPBACK}:1"])
        file = {"name": "disk", "type": "File", "file": {"path": "beside.jsonl"}}
        taps.apply("beside", outputs=[to_kafka("gone"), file], wait=None)
        taps.wait("beside", "Programmed")
        call("/beside")
        taps.records("beside", path="/beside")
        found = taps.wait("beside", "OutputsReady", "False", "OutputFailing")
        self.assertIn("kafka", found["message"])

    def test_a_secret_without_a_token_is_reported_with_what_it_needs(self):
        destination("msk", brokers=[broker.address("SASL")], security="SaslPlaintext", sasl={"mechanism": "OAUTHBEARER"})
        taps.apply("tokens", outputs=[to_kafka("msk")], wait=None)
        taps.wait("tokens", "Programmed")
        call("/tokens")
        found = taps.wait("tokens", "OutputsReady", "False", "OutputFailing")
        self.assertIn('no credentials for OAUTHBEARER in "/etc/traffictap/destinations/not-there"', found["message"])
        self.assertIn("the Secret needs the key token; or clientSecret", found["message"])

    def test_standard_output_has_a_line_for_each_record(self):
        taps.apply("console", outputs=[{"name": "out", "type": "Stdout"}])
        call("/console")
        wait_until(lambda: '"path":"/console"' in collector.log.read_text(), "the line is there", 30)

    def test_an_uninstall_takes_every_patch_away_and_leaves_the_taps(self):
        taps.apply("kept")
        self.assertTrue(taps.patches())
        operator.stop()
        done = mesh.run_on_node([*operator.args, "--uninstall"], stdout=subprocess.PIPE, text=True)
        self.assertIn("removed 1 patches", done.communicate(timeout=60)[0])
        self.assertEqual(taps.patches(), [])
        self.assertEqual(taps.get("kept")["metadata"]["name"], "kept")


if __name__ == "__main__":
    unittest.main()
