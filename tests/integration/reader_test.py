# SPDX-License-Identifier: Apache-2.0
"""--role reader: the command line sees the records of two collectors as those of one, and is told when one is away."""
import json
import pathlib
import subprocess
import tempfile
import unittest

import proxy
import shop
from proxy import Proxy, ended, entry, identifier, message
from stage import COLLECTOR, Stage, tap, wait_until

CLI = pathlib.Path(COLLECTOR).parents[1] / "cli/kubectl-traffictap"
READER_HOST, PORT = 251, 9090
BOTH = ("/both", 99)  # told to both collectors, as after a pairer's death


def request_id(number):
    return f"{number:08x}-0000-4000-8000-00000000000d"


def send(collector, calls):
    """Both ends of each call (path, number) to a collector."""
    mine, theirs = [], []
    for path, number in calls:
        ends = {"request_id": request_id(number), "port": 5000 + number, "path": path, "start": proxy.START + number}
        mine.append(entry(client=True, **ends))
        theirs.append(entry(**ends))

    async def run():
        async with Proxy(collector) as p:
            caller, server = p.stream(), p.stream()
            await caller.write(identifier("caller-0", "10.8.8.8"))
            await server.write(identifier("server-0", "10.9.9.9"))
            for stream, entries in ((caller, mine), (server, theirs)):
                await stream.write(message(*entries))
                await stream.done_writing()
                await ended(stream)

    proxy.run(run())


class TwoCollectors(unittest.TestCase):
    @staticmethod
    def own(number):
        """Options of one of the two."""
        del number
        return ()

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.token = self.work / "token"
        self.token.write_text("0123456789abcdef0123456789abcdef\n")
        self.token.chmod(0o600)
        one = tap("all", pairing={"window": "1s"})
        self.stages = []
        for number, calls in enumerate(((("/first", 1), ("/third", 3), BOTH), (("/second", 2), BOTH))):
            stage = Stage(one, shop=False, options=("--live-token-file", self.token, *self.own(number)))
            self.addCleanup(stage.close)
            self.stages.append(stage)
            send(stage.collector, calls)
            wait_until("all records are there", lambda s=stage, n=len(calls): len(s.records()) == n)
        self.ip = self.stages[0].network.ip(READER_HOST)
        pairers = [f"{s.collector.ip}:{s.collector.http_port}" for s in self.stages]
        self.second = pairers[1]
        with open(self.work / "reader.log", "w") as log:
            self.reader = shop.start([COLLECTOR, "--role", "reader", "--http", f"{self.ip}:{PORT}",
                                      "--pairer", pairers[0], "--pairer", pairers[1]], stderr=log)
        self.addCleanup(shop.stop, self.reader)
        shop.wait_for_port(self.ip, PORT, "the reader", self.reader)
        self.server = ("--collector", f"http://{self.ip}:{PORT}", "--token-file", str(self.token))

    def run_cli(self, *args):
        return subprocess.run([CLI, *args, *self.server], text=True, capture_output=True, timeout=60, check=False)


class Reader(TwoCollectors):
    def attached(self, *args):
        done = self.run_cli("attach", "--no-follow", "-o", "json", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line)["request"]["path"] for line in done.stdout.splitlines()], done.stderr

    def test_the_command_line_sees_both_as_one(self):
        paths, said = self.attached()
        self.assertEqual(paths, ["/first", "/second", "/third", "/both"])
        self.assertNotIn("missing", said)
        self.assertEqual(self.attached("--path", "/second")[0], ["/second"])
        done = self.run_cli("list", "--no-headers")
        self.assertEqual(done.stdout.split()[:2], ["shop/all", "Capturing"], done.stderr)
        done = self.run_cli("top", "--once", "--by", "route", "--window", "1h")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in ("/first", "/second", "/third"):
            self.assertIn(path, done.stdout)
        self.assertNotIn("missing", done.stderr)
        for number, path in ((1, "/first"), (2, "/second")):
            done = self.run_cli("explain", request_id(number))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(path, done.stdout)
        self.assertEqual(shop.get(self.ip, PORT, "/readyz")[0], 200)

    def test_each_collector_decides_who_may_read(self):
        wrong = self.work / "wrong"
        wrong.write_text("f" * 32)
        wrong.chmod(0o600)
        for command in (("attach", "--no-follow"), ("list",), ("top", "--once")):
            done = subprocess.run([CLI, *command, "--collector", self.server[1], "--token-file", str(wrong)], text=True,
                                  capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 4, done.stderr)

    def test_one_that_is_away_is_said_until_it_is_back(self):
        said, came = self.work / "said", self.work / "came"
        with open(said, "w") as err, open(came, "w") as out:
            follower = shop.start([CLI, "attach", "--since", "1h", "-o", "json", *self.server], stdout=out, stderr=err)
        self.addCleanup(shop.stop, follower)
        wait_until("the backlogs are read", lambda: came.read_text().count("\n") == 4)
        self.assertNotIn("missing", said.read_text())
        self.stages[1].collector.stop()
        wait_until("it is said", lambda: f"records are missing of the pairers {self.second}" in said.read_text())
        for command in (("top", "--once"), ("list",)):
            done = self.run_cli(*command)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"records are missing of the pairers {self.second}", done.stderr)
        paths, warned = self.attached()
        self.assertEqual(paths, ["/first", "/third", "/both"])
        self.assertIn(self.second, warned)
        send(self.stages[0].collector, [("/meanwhile", 4)])
        wait_until("the others go on", lambda: "/meanwhile" in came.read_text())
        self.stages[1].collector.start()
        wait_until("it is back", lambda: "all pairers answer again" in said.read_text())
        send(self.stages[1].collector, [("/again", 5)])
        wait_until("it is read again", lambda: "/again" in came.read_text())
        paths = [json.loads(line)["request"]["path"] for line in came.read_text().splitlines()]
        self.assertEqual(sorted(paths), sorted(["/first", "/second", "/third", "/both", "/meanwhile", "/again"]))

    def test_files_of_collectors_with_one_name_are_refused_with_the_fix(self):
        done = self.run_cli("copy", "all", "-o", str(self.work / "copy"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("give each a --name of its own", done.stderr)

    def test_its_metrics_tell_the_pairers_and_it_ends_well(self):
        text = shop.get(self.ip, PORT, "/metrics")[1]
        self.assertIn("traffictap_reader_pairers 2", text)
        self.assertEqual(shop.stop(self.reader), 0)


class Files(TwoCollectors):
    @staticmethod
    def own(number):
        return ("--name", f"pairer-{number}")

    def copied(self, number):
        [folder] = (self.work / "copy").glob("*")
        return folder / f"pairer-{number}" / "all.jsonl"

    def check_copy(self):
        for number, stage in enumerate(self.stages):
            self.assertEqual(self.copied(number).read_bytes(), (stage.collector.output / "all.jsonl").read_bytes())

    def test_each_collector_s_files_come_into_a_folder_of_its_name_and_again_what_is_new(self):
        for new in ((), (("/later", 6),)):
            if new:
                send(self.stages[1].collector, new)
                wait_until("it is written", lambda: len(self.stages[1].records()) == 3)
            done = self.run_cli("copy", "all", "-o", str(self.work / "copy"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.check_copy()
        done = self.run_cli("copy", "all", "-o", "-")
        written = [(stage.collector.output / "all.jsonl").read_text() for stage in self.stages]
        self.assertEqual(done.stdout, "".join(written), done.stderr)

    def test_one_that_is_away_is_waited_for_while_the_other_s_files_are_copied(self):
        said = self.work / "said"
        self.stages[1].collector.stop()
        with open(said, "w") as err:
            copying = shop.start([CLI, "copy", "all", "-o", str(self.work / "copy"), *self.server], stderr=err)
        self.addCleanup(shop.stop, copying)
        wait_until("it is said", lambda: f"records are missing of the pairers {self.second}" in said.read_text())
        self.assertEqual(self.copied(0).read_text().count("\n"), 3)
        self.stages[1].collector.start()
        self.assertEqual(copying.wait(60), 0, said.read_text())
        self.check_copy()

    def test_follow_goes_on_without_one_and_with_it_again(self):
        said, came = self.work / "said", self.work / "came"
        with open(said, "w") as err, open(came, "w") as out:
            follower = shop.start([CLI, "copy", "all", "-o", "-", "--follow", *self.server], stdout=out, stderr=err)
        self.addCleanup(shop.stop, follower)
        wait_until("all files are read", lambda: came.read_text().count("\n") == 5)
        self.stages[1].collector.stop()
        wait_until("it is said", lambda: f"records are missing of the pairers {self.second}" in said.read_text())
        send(self.stages[0].collector, [("/meanwhile", 4)])
        wait_until("the other one goes on", lambda: "/meanwhile" in came.read_text())
        self.stages[1].collector.start()
        wait_until("it is back", lambda: "all pairers answer again" in said.read_text())
        self.assertEqual(came.read_text().count("\n"), 6)


if __name__ == "__main__":
    unittest.main()
