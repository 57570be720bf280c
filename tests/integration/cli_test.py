# SPDX-License-Identifier: Apache-2.0
"""kubectl-traffictap with a collector that runs without Kubernetes: --collector and --token-file."""
import asyncio
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

import proxy
from proxy import Proxy, ended, entry, identifier, message
from stage import CLI, Stage, tap, wait_until

PATHS = ("/cart", "/cart/1", "/pay")


class Served:
    """A collector with one tap, to which both ends of a call to each of PATHS are told."""

    SPEC = {}  # of the tap

    @classmethod
    def setUpClass(cls):
        cls.token = pathlib.Path(tempfile.mkdtemp()) / "token"
        cls.token.write_text("0123456789abcdef0123456789abcdef\n")
        cls.token.chmod(0o600)
        cls.stage = Stage(tap("all", pairing={"window": "1s"}, **cls.SPEC), shop=False,
                          options=("--live", "127.0.0.1:0", "--live-token-file", cls.token))
        cls.addClassCleanup(cls.stage.close)
        log = cls.stage.work / "collector.log"
        port = wait_until("the port is told", lambda: re.search(r"web page ready port=(\d+)", log.read_text()))[1]
        cls.server = ("--collector", f"http://127.0.0.1:{port}", "--token-file", str(cls.token))
        cls.send(PATHS)

    @classmethod
    def send(cls, paths):
        mine, theirs = [], []
        for n, path in enumerate(paths):
            ends = {"request_id": f"{n:08x}-0000-4000-8000-00000000000d", "port": 5000 + n, "path": path}
            mine.append(entry(client=True, **ends))
            theirs.append(entry(**ends))

        async def run():
            async with Proxy(cls.stage.collector) as p:
                caller, server = p.stream(), p.stream()
                await caller.write(identifier("caller-0", "10.8.8.8"))
                await server.write(identifier("server-0", "10.9.9.9"))
                for stream, entries in ((caller, mine), (server, theirs)):
                    await stream.write(message(*entries))
                    await stream.done_writing()
                    await ended(stream)

        proxy.run(run())

    def run_cli(self, *args, server=True):
        line = [CLI, *args, *(self.server if server else ())]
        return subprocess.run(line, text=True, capture_output=True, timeout=60, check=False)


class Limited(Served, unittest.TestCase):
    SPEC = {"limits": {"maxRecordsPerSecond": 1}}

    def test_top_says_what_the_limit_left_out_of_which_edge(self):
        def left_out():
            done = self.run_cli("top", "--once")
            self.assertEqual(done.returncode, 0, done.stderr)
            found = re.search(r"left out by maxRecordsPerSecond of tap shop/all since it began: (\d+) of \S+ → \S+", done.stderr)
            return int(found[1]) if found else 0

        wait_until("each record was written or left out", lambda: len(self.stage.records()) + left_out() == len(PATHS))
        self.assertGreater(left_out(), 0)


class Standalone(Served, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until("all records are there", lambda: len(cls.stage.records()) == len(PATHS))

    def paths(self, *args):
        done = self.run_cli("attach", "--no-follow", "-o", "json", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted(json.loads(line)["request"]["path"] for line in done.stdout.splitlines())

    def test_the_backlog_is_read_with_the_filters_of_the_command_line(self):
        self.assertEqual(self.paths(), sorted(PATHS))
        self.assertEqual(self.paths("all", "--path", "/cart"), ["/cart", "/cart/1"])
        self.assertEqual(self.paths("--path", "/cart", "--not", "--path", "=/cart"), ["/cart/1"])
        self.assertEqual(self.paths("--response-code", "500,599"), [])

    def test_taps_are_listed_with_their_counters(self):
        done = self.run_cli("list", "--no-headers")
        self.assertEqual(done.stdout.split()[:2], ["shop/all", "Capturing"], done.stderr)

    def test_a_follower_ends_with_ctrl_c(self):
        process = subprocess.Popen([CLI, "attach", "--since", "1h", "-o", "name", *self.server],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)

    def test_a_wrong_token_and_a_wrong_name_are_refused(self):
        wrong = self.token.with_name("wrong")
        wrong.write_text("f" * 32)
        wrong.chmod(0o600)
        done = self.run_cli("list", "--collector", self.server[1], "--token-file", str(wrong), server=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        done = self.run_cli("attach", "al")
        self.assertEqual(done.returncode, 3)
        self.assertIn('did you mean "shop/all"?', done.stderr)
        wrong.chmod(0o644)
        done = self.run_cli("list", "--collector", self.server[1], "--token-file", str(wrong), server=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("chmod 600", done.stderr)

    def test_copy_brings_the_tap_s_files_and_follow_goes_on_with_them(self):
        file = self.stage.collector.output / "all.jsonl"
        with tempfile.TemporaryDirectory() as work:
            done = self.run_cli("copy", "all", "-o", work)
            self.assertEqual(done.returncode, 0, done.stderr)
            [copied] = pathlib.Path(work).glob("*/*")
            self.assertEqual((copied.name, copied.read_bytes()), ("all.jsonl", file.read_bytes()))
            done = subprocess.run([CLI, "copy", "shop/all", *self.server], cwd=work, stderr=subprocess.PIPE, text=True,
                                  timeout=60, check=True)
            [copied] = pathlib.Path(work, "all").glob("*/*")  # the tap's name, where none is given
            self.assertEqual(copied.read_bytes(), file.read_bytes())
            done = subprocess.run([CLI, "copy", "all", *self.server], cwd=work, stderr=subprocess.PIPE, text=True,
                                  timeout=60, check=True)
            self.assertIn("0 bytes copied to all", done.stderr)
        process = subprocess.Popen([CLI, "copy", "all", "-o", "-", "--follow", *self.server],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = [process.stdout.readline() for _ in PATHS]
        self.assertEqual("".join(lines), file.read_text())
        with open(file, "a") as more:
            more.write('{"id":"later"}\n')
        self.assertEqual(process.stdout.readline(), '{"id":"later"}\n')
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([CLI, "attach", "--no-follow", "-o", "json", *self.server], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)
