# SPDX-License-Identifier: Apache-2.0
"""What records and streams go to besides files: Apache Kafka, an OTLP receiver, readers. Their CPU time is in no figure."""
import contextlib
import json
import pathlib
import subprocess
import sys
from urllib.parse import urlsplit

from processes import HERE, Measured, free_port, started

sys.path.insert(0, str(HERE.parent / "kafka"))
from shop import Network, wait_for_port  # noqa: E402


@contextlib.contextmanager
def kafka(work, topic):
    """The lines of an output to a topic of three partitions."""
    from broker import Broker  # its fetching takes a while where it is not there
    network, folder = Network(), pathlib.Path(work) / "kafka"
    folder.mkdir()
    broker = Broker(folder, network)
    try:
        broker.create(topic)
        yield f"    type: Kafka\n    kafka: {{brokers: ['{broker.address()}'], topic: {topic}}}\n"
    finally:
        broker.kill()
        network.close()


@contextlib.contextmanager
def otlp(binary, work):
    """The lines of an output to the OpenTelemetry Collector, which takes records and spans and drops them."""
    folder, port = pathlib.Path(work) / "otlp", free_port()
    folder.mkdir()
    signal = {"receivers": ["otlp"], "exporters": ["file"]}
    (folder / "config.yaml").write_text(json.dumps({
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": {"file": {"path": "/dev/null"}},
        "service": {"pipelines": {"logs": signal, "traces": signal},
                    "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}}},
    }))
    with started(Measured([binary, "--config", folder / "config.yaml"], folder / "log", stdout=subprocess.DEVNULL)) as child:
        wait_for_port("127.0.0.1", port, "the OTLP receiver", child.process)
        yield f"    type: Otlp\n    otlp: {{endpoint: 'http://127.0.0.1:{port}', protocol: Grpc}}\n"


def reading(count, records):
    """For Bench.run's `beside`: so many readers of the live stream, each until it has all records."""
    @contextlib.contextmanager
    def beside(receiver, folder):
        address = urlsplit(receiver.page_address())
        command = [sys.executable, HERE / "live_reader.py", address.hostname, address.port, address.fragment.removeprefix("token="), records]
        with contextlib.ExitStack() as stack:
            readers = [stack.enter_context(started(Measured(command, folder / "readers.log", stdout=subprocess.PIPE))) for _ in range(count)]
            for reader in readers:
                if reader.process.stdout.readline() != "reading\n":
                    raise RuntimeError(f"a reader reads nothing: {(folder / 'readers.log').read_text()}")

            def finish():
                missed = [reader.process.stdout.readline() for reader in readers]
                if set(missed) - {"0\n"}:
                    raise RuntimeError(f"readers missed records: {missed}, {(folder / 'readers.log').read_text()}")

            yield finish
    return beside
