# SPDX-License-Identifier: Apache-2.0
"""The documents' blocks are marked, and what they have to tell is there."""

import re
import unittest

import pages


class Marks(unittest.TestCase):
    def test_every_command_is_run_or_says_why_not(self):
        for block in pages.all_blocks():
            if block.language in ("sh", "bash", "console", "yaml"):
                marked = block.mark == "run" or block.file or block.why_not
                self.assertTrue(marked, f"{block}: mark it run, file=NAME, or say before it why it is not run here")

    def test_every_expectation_follows_a_command(self):
        for name, text in pages.pages().items():
            before = None
            for block in pages.blocks(name, text):
                if block.mark == "output":
                    self.assertTrue(before and before.mark == "run", f"{block}: no command before it")
                before = block

    def test_expectations_are_compared_word_by_word(self):
        self.assertTrue(pages.agrees("NAME  AGE\na  …\n", "NAME   AGE\na      3s\n"))
        self.assertTrue(pages.agrees("first\n…\nlast\n", "first\nx y\nz\nlast\n"))
        self.assertFalse(pages.agrees("a …\n", "a\n"))
        self.assertFalse(pages.agrees("a\n", "a\nb\n"))


class Recipes(unittest.TestCase):
    def test_every_tap_that_writes_files_comes_with_the_command_that_copies_them(self):
        """In a cluster they are in a pod without a shell. Of a page with several taps, one shows it for all."""
        seen = 0
        for name, text in pages.pages().items():
            if name.startswith("recipes/") and re.search(r"^    type: File$", text, re.M):
                seen += 1
                taps = re.findall(r"^kind: \w*TrafficTap\nmetadata:\n  name: (\S+)$", text, re.M)
                self.assertTrue(any(f"kubectl traffictap copy {tap} " in text for tap in taps), name)
        self.assertGreater(seen, 5)


class AtTheTop(unittest.TestCase):
    def test_every_link_leads_to_a_file(self):
        for name, text in pages.at_the_top().items():
            for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
                self.assertTrue("://" in link or (pages.ROOT / link).exists(), f"{name}: {link}")

    def test_the_readme_installs_as_the_quick_start_does(self):
        command = next(b.text for b in pages.all_blocks() if b.page == "quick-start.md" and b.mark == "run")
        wanted = command.replace(" \\\n  --wait --timeout 3m\n", "").replace("\\\n", "").split()
        said = pages.at_the_top()["README.md"].replace("\\\n", "")
        self.assertIn(" ".join(wanted), " ".join(said.split()))


class Sizing(unittest.TestCase):
    """Nobody gets less than we say: the figures are those of docs/performance.md, or worse."""

    def test_cpu_is_not_understated(self):
        performance = (pages.DOCS / "performance.md").read_text()
        measured = float(re.search(r"^\| join and write \| [\d,]+ \| ([\d.]+)", performance, re.M).group(1))
        text = pages.pages()["sizing.md"]
        self.assertGreaterEqual(float(re.search(r"about ([\d.]+) µs", text).group(1)), 0.9 * measured)
        rows = re.findall(r"^\| [\d,]+ \| ([\d,]+) \| ([\d.]+) cores \|$", text, re.M)
        self.assertTrue(rows)
        for entries, cores in rows:
            self.assertGreaterEqual(float(cores), 0.9 * int(entries.replace(",", "")) * measured / 1e6, entries)

    def test_memory_of_a_waiting_half_is_not_understated(self):
        measured = int(re.search(r"waiting half takes (\d+) bytes", (pages.DOCS / "performance.md").read_text()).group(1))
        told = re.search(r"waiting for the other side \|[^|]*\| ([\d.]+) kB", pages.pages()["sizing.md"]).group(1)
        self.assertGreaterEqual(1000 * float(told), measured)


class Reasons(unittest.TestCase):
    # Words of the operator's sources that look like reasons: conditions, kinds, and the words of Kubernetes' own fields.
    OTHERS = set("""Accepted Completed Conflicted LossFree OutputsReady OutputsResolved Programmed Ready Reconciling Stalled
        True False Unknown Normal Warning Available Mixed NotAttached OnDemand Standing Reconcile Attach In NotIn Exists DoesNotExist Succeeded Failed
        ClusterTrafficTap ConfigMap CronJob Deployment EnvoyFilter
        Gateway GatewayClass Job Namespace Pod ReplicaSet Rollout Service ServiceEntry Sidecar TapDestination Telemetry
        TrafficTap Record Dumping Written Interrupted NotAsked""".split())

    def reasons(self):
        words = set()
        for path in (pages.ROOT / "operator").rglob("*.cc"):
            words.update(re.findall(r'"([A-Z][a-z]+(?:[A-Z][a-z]+)*)"', path.read_text()))
        return words - self.OTHERS

    def headings(self):
        return set(re.findall(r"^###? (\S+)$", pages.pages()["troubleshooting.md"], re.M))

    def test_every_reason_has_its_heading(self):
        self.assertGreater(len(self.reasons()), 30)
        self.assertEqual(self.reasons() - self.headings(), set())

    def test_no_heading_is_of_a_reason_that_is_gone(self):
        known = self.reasons() | self.OTHERS | {"Alerts", "Peers"}
        self.assertEqual(self.headings() - known, set())


class Threats(unittest.TestCase):
    SHOWN = re.compile(r"`([\w/]+_test\.\w+)` ([^|<]+?)(?=<br>| \|)")

    def test_every_test_that_shows_something_is_there(self):
        shown = self.SHOWN.findall(pages.pages()["threat-model.md"])
        self.assertGreater(len(shown), 17)
        for path, sentence in shown:
            text = (pages.ROOT / "tests" / path).read_text()
            self.assertTrue(sentence.replace(" ", "_") in text or sentence in text, f"{path}: {sentence}")

    def test_every_threat_is_answered(self):
        rows = re.findall(r"^\| S(\d+) \| .+ \| .+ \| (.+) \|$", pages.pages()["threat-model.md"], re.M)
        self.assertEqual([int(number) for number, _ in rows], list(range(1, 23)))
        for number, shown in rows:
            self.assertRegex(shown, r"_test\.", f"S{number}")


class Faults(unittest.TestCase):
    def test_every_test_that_shows_something_is_there(self):
        shown = re.findall(r"`([\w/]+_test\.\w+)` `(\w+)`", pages.pages()["reliability.md"])
        self.assertGreater(len(shown), 30)
        for path, case in shown:
            self.assertIn(case, (pages.ROOT / "tests" / path).read_text(), path)

    def test_every_fault_of_scale_out_has_a_test_or_says_why_not(self):
        rows = re.findall(r"^\| K(\d+) \| [^|]+ \| [^|]+ \|([^|]*)\|([^|]*)\|$", pages.pages()["reliability.md"], re.M)
        self.assertEqual([int(number) for number, _, _ in rows], list(range(1, 22)))
        for number, shown, missing in rows:
            self.assertTrue(re.search(r"_test\.", shown) or missing.strip(), number)

    def test_every_fault_has_a_test(self):
        rows = re.findall(r"^\| (\d+) \| .+ \| .+ \| (.+) \|.*\|$", pages.pages()["reliability.md"], re.M)
        self.assertEqual([int(number) for number, _ in rows], list(range(1, 31)))
        for number, shown in rows:
            self.assertRegex(shown, r"_test\.", number)
