"""The documents' blocks are marked, their objects are taken by the API server, their commands work."""

import re
import unittest

import lupa.lua51
import cel
import yaml

import pages
import programs


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


class Reasons(unittest.TestCase):
    # Words of the operator's sources that look like reasons: conditions, kinds, and the words of Kubernetes' own fields.
    OTHERS = set("""Accepted Completed Conflicted LossFree OutputsReady OutputsResolved Programmed Ready Reconciling Stalled
        True False Unknown Normal Warning Reconcile Succeeded Failed ClusterTrafficTap ConfigMap CronJob Deployment EnvoyFilter
        Gateway GatewayClass Job Namespace Pod ReplicaSet Rollout Service ServiceEntry Sidecar TapDestination Telemetry
        TrafficTap""".split())

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
        known = self.reasons() | self.OTHERS | {"Alerts"}
        self.assertEqual(self.headings() - known, set())


class OnTheMesh(unittest.TestCase):
    """Runs the pages in the order in which a user would, each in a directory of its own."""

    @classmethod
    def setUpClass(cls):
        cls.shell = programs.Shell()

    @classmethod
    def tearDownClass(cls):
        cls.shell.close()

    def run_page(self, name):
        directory, said = self.shell.directory(name), None
        for block in pages.blocks(name, pages.pages()[name]):
            if block.file:
                path = directory / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
            elif block.mark == "run":
                code, said, errors = self.shell.run(directory, block.text)
                self.assertEqual(code, 0, f"{block}:\n{block.text}\n{said}{errors}")
            elif block.mark == "output":
                self.assertTrue(pages.agrees(block.text, said), f"{block}: it is not what is printed:\n{said}")

    def test_every_object_is_taken_by_the_api_server(self):
        for block in pages.all_blocks():
            if block.file:
                with self.subTest(str(block)):
                    self.shell.mesh.kubectl("apply", "--dry-run=server", "-f", "-", stdin=block.text)

    def test_every_page_runs(self):
        for name, text in pages.pages().items():
            if any(block.mark == "run" for block in pages.blocks(name, text)):
                with self.subTest(name):
                    self.run_page(name)

    def test_health_checks_of_gitops_tools_understand_taps(self):
        taps = self.shell.taps_by_health()
        self.assertEqual({health: argo_health(tap) for health, tap in taps.items()},
                         {health: health for health in taps})
        self.assertEqual({health: flux_health(tap) for health, tap in taps.items()},
                         {"Progressing": "InProgress", "Healthy": "Current", "Suspended": "", "Degraded": "Failed"})


def block_of(mark):
    return next(block for block in pages.all_blocks() if block.mark == mark)


def argo_health(tap):
    """What Argo CD would say: its Lua is 5.1."""
    script = yaml.safe_load(block_of("argocd").text)["data"]["resource.customizations.health.traffictap.io_TrafficTap"]
    lua = lupa.lua51.LuaRuntime()
    run = lua.eval(f"function(obj) {script} end")
    return run(lua.table_from(tap, recursive=True))["status"]


def flux_health(tap):
    """In the order in which Flux asks."""
    rules = yaml.safe_load(block_of("flux").text)["spec"]["healthCheckExprs"][0]
    for word in ("inProgress", "failed", "current"):
        if cel.evaluate(rules[word], {"status": {}, **tap}):
            return word[0].upper() + word[1:]
    return ""
