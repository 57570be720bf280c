# SPDX-License-Identifier: Apache-2.0
"""What the chart renders, read. Needs no cluster."""

import functools
import json
import tempfile

import yaml
from installing import CHART, HELM, NAMESPACE, run

# Receivers and pairers at their least, and with all that they may have.
SHUFFLED = {"api": {"enabled": False}, "shuffle": {"enabled": True, "brokers": ["kafka-0.kafka:9092"]}}
SHUFFLED_MOST = {
    "api": {"enabled": False}, "als": {"mtls": "Certificates", "trustDomains": ["cluster.local"]},
    "collector": {"destinationSecrets": ["bus"], "image": {"digest": "sha256:" + "1" * 64}},
    "networkPolicy": {"restrictEgress": True, "egressTo": [{"ports": [{"port": 4317}]}]},
    "monitoring": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}},
    "shuffle": {
        "enabled": True, "brokers": ["kafka-0.kafka:9093", "kafka-1.kafka:9093", "kafka.example.org:9094"], "topic": "tap.halves",
        "checkpoints": "tap.checkpoints", "proxies": "tap.proxies", "group": "tap", "partitions": 256, "security": "SaslSsl",
        "sasl": {"mechanism": "SCRAM-SHA-512"}, "credentialsSecret": "tap-kafka",
        "encryption": {"keysSecret": "tap-keys", "acceptPlain": True},
        "receivers": {"autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 30, "cpuPercent": 50}, "memory": "1gb",
                      "queueSize": "64mb", "extraArgs": ["--log-level=debug"], "nodeSelector": {"pool": "edge"}},
        "pairers": {"replicas": 8, "memory": "2gb", "waitingSize": "512mb", "terminationGracePeriodSeconds": 60,
                    "persistence": {"enabled": True, "storageClass": "fast", "size": "50Gi"}, "spool": {"persistent": True},
                    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
                    "podLabels": {"team": "records"}, "serviceAccount": {"annotations": {"example.com/role": "kafka"}}}},
}

# With live records.
SHUFFLED_LIVE = {
    "api": {"enabled": True, "traceUrl": "https://jaeger.example/trace/{traceId}"},
    "shuffle": {**SHUFFLED["shuffle"], "pairers": {"liveBacklogSize": "64mb"},
                "reader": {"pairersSecret": "pairers-tls", "readerSecret": "reader-tls", "podLabels": {"team": "view"},
                           "extraArgs": ["--log-level=debug"]}}}


def shuffled(**values):
    return {**SHUFFLED, "shuffle": {**SHUFFLED["shuffle"], **values}}


def helm(*args):
    return run([HELM, *args], tempfile.gettempdir() + "/traffictap-helm")


def values_file(values):
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
    json.dump(values, file)
    file.flush()
    return file


@functools.cache
def _template(values, chart):
    """What helm prints for values, a JSON text. Many tests look at the same ones."""
    with values_file(json.loads(values)) as file:
        return helm("template", "traffictap", chart, "--namespace", NAMESPACE, "--values", file.name)


def rendered(values, chart=CHART):
    """{kind/name: object} of the release and its hooks; kind/namespace/name for what is in another namespace. The caller's own."""
    out = {}
    # libyaml's loader, as most of it are the kinds: seven times as fast.
    for item in filter(None, yaml.load_all(_template(json.dumps(values), chart), Loader=yaml.CSafeLoader)):
        namespace = item["metadata"].get("namespace", NAMESPACE)
        key = f"{item['kind']}/{item['metadata']['name'] if namespace == NAMESPACE else namespace + '/' + item['metadata']['name']}"
        assert key not in out, f"{key} is rendered twice"
        out[key] = item
    return out


def pods_of(objects):
    """{kind/name: pod template} of what runs pods."""
    out = {key: item["spec"]["template"] for key, item in objects.items() if "template" in item.get("spec", {})}
    return out | {key: item for key, item in objects.items() if item["kind"] == "Pod"}
