# SPDX-License-Identifier: Apache-2.0
"""The dashboards can be imported, and ask for nothing that the programs do not expose."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

import exposition
import programs
import promql

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "charts/traffictap/files"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
ALERTS = sorted((FILES / "alerts").glob("*.yaml"))
PROMTOOL = subprocess.run([ROOT / "tests/docs/promtool/build.sh"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
# What Grafana puts in place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$tap": ".*"}


def load(path):
    return json.loads(path.read_text())


def targets(board):
    """(title, expression, legend)"""
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]


def without_variables(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def promtool(*args):
    done = subprocess.run([PROMTOOL, *args], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return "" if done.returncode == 0 else done.stdout


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


class Shape(unittest.TestCase):
    def test_there_are_dashboards_and_alerts(self):
        self.assertEqual(len(DASHBOARDS), 2)
        self.assertTrue(ALERTS)

    def test_identities_are_unique(self):
        boards = [load(path) for path in DASHBOARDS]
        self.assertEqual(len({b["uid"] for b in boards}), len(boards))
        self.assertEqual(len({b["title"] for b in boards}), len(boards))
        for board in boards:
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(set(ids)), len(ids))
            for panel in board["panels"]:
                refs = [target["refId"] for target in panel.get("targets", [])]
                self.assertEqual(len(set(refs)), len(refs), panel["title"])

    def test_the_data_source_is_a_variable(self):
        for path in DASHBOARDS:
            board = load(path)
            self.assertGreaterEqual(board["schemaVersion"], 39)
            self.assertNotIn("id", board, "Grafana gives the id")
            self.assertEqual(board["templating"]["list"][0]["type"], "datasource")
            name = "${" + board["templating"]["list"][0]["name"] + "}"
            uids = re.findall(r'"uid": "(\$\{.*?\})"', path.read_text())
            self.assertEqual(set(uids), {name})
            for panel in board["panels"]:
                self.assertTrue(panel["type"] == "row" or panel["datasource"]["uid"] == name, panel["title"])

    def test_panels_lie_side_by_side_on_the_grid(self):
        for path in DASHBOARDS:
            panels = load(path)["panels"]
            self.assertEqual(panels[0]["type"], "row")
            for i, panel in enumerate(panels):
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
                for other in panels[:i]:
                    self.assertFalse(overlap(at, other["gridPos"]), f"{panel['title']} and {other['title']}")

    def test_every_panel_says_what_it_shows(self):
        for path in DASHBOARDS:
            for panel in load(path)["panels"]:
                self.assertTrue(panel["type"] == "row" or len(panel["description"]) > 3, panel["title"])

    def test_the_books_come_first(self):
        first = load(FILES / "dashboards/traffictap.json")["panels"][0]["title"]
        self.assertIn("received = kept + filtered + sampled + rejected", first)


class Shipped(unittest.TestCase):
    def test_the_chart_renders_them_as_they_are(self):
        helm = subprocess.run([ROOT / "tests/chart/helm.sh"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        done = subprocess.run([helm, "template", "x", ROOT / "charts/traffictap", "-s", "templates/monitoring.yaml", "--set",
                               "monitoring.rules.enabled=true,monitoring.dashboards.enabled=true"],
                              check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        objects = {item["kind"]: item for item in yaml.safe_load_all(done.stdout) if item}
        groups = [group for path in ALERTS for group in yaml.safe_load(path.read_text())["groups"]]
        self.assertEqual(objects["PrometheusRule"]["spec"]["groups"], groups)
        rendered = {name: json.loads(text) for name, text in objects["ConfigMap"]["data"].items()}
        self.assertEqual(rendered, {path.name: load(path) for path in DASHBOARDS})


class Queries(unittest.TestCase):
    def test_queries_of_dashboards_parse(self):
        expressions = [without_variables(e) for path in DASHBOARDS for _, e, _ in targets(load(path))]
        rules = [{"record": f"q{i}", "expr": e} for i, e in enumerate(expressions)]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"groups": [{"name": "dashboards", "rules": rules}]}, file)
            file.flush()
            self.assertEqual(promtool("check", "rules", "--lint=none", file.name), "")

    def test_alert_rules_are_sound(self):
        self.assertEqual(promtool("check", "rules", "--lint-fatal", *map(str, ALERTS)), "")

    def test_alerts_fire_when_they_should_and_only_then(self):
        self.assertEqual(promtool("test", "rules", str(ROOT / "tests/docs/alert_units.yaml")), "")

    def test_legends_name_labels_that_the_query_leaves(self):
        for path in DASHBOARDS:
            for title, expression, legend in targets(load(path)):
                wanted = set(re.findall(r"\{\{(\w+)\}\}", legend))
                self.assertLessEqual(wanted, promql.grouped_by(expression), title)

    def test_a_query_is_caught_that_names_what_there_is_not(self):
        families = exposition.parse('# HELP traffictap_x X.\n# TYPE traffictap_x counter\ntraffictap_x{how="a"} 1\n')
        self.assertEqual(promql.faults('sum by (how) (rate(traffictap_x{how="a"}[1m]))', families), [])
        for bad in ("traffictap_y", 'traffictap_x{who="a"}', 'traffictap_x{how="b"}', 'traffictap_x{how=~"a|b"}',
                    "sum by (who) (traffictap_x)"):
            self.assertEqual(len(promql.faults(bad, families)), 1, bad)

    def test_the_samples_of_a_histogram_belong_to_it(self):
        families = exposition.parse('# HELP traffictap_x X.\n# TYPE traffictap_x histogram\ntraffictap_x_bucket{a="b",le="1"} 1\n'
                                    'traffictap_x_sum{a="b"} 1\ntraffictap_x_count{a="b"} 1\n')
        self.assertEqual(promql.faults('sum by (le, a) (rate(traffictap_x_bucket{a="b"}[1m]))', families), [])
        self.assertEqual(len(promql.faults("traffictap_y_bucket", families)), 1)


class Exposed(unittest.TestCase):
    """On the real programs."""

    def test_nothing_that_the_sources_count_was_missed(self):
        self.assertEqual(exposition.names_in_sources() - set(programs.exposed()), set())

    def test_dashboards_ask_for_what_there_is(self):
        families = programs.exposed()
        for path in DASHBOARDS:
            board = load(path)
            asked = [(t, e) for t, e, _ in targets(board)]
            for variable in board["templating"]["list"][1:]:
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
                asked.append((variable["name"], f"sum by ({label}) ({metric})"))
            for title, expression in asked:
                self.assertEqual(promql.faults(without_variables(expression), families), [], title)

    def test_alerts_ask_for_what_there_is(self):
        families = programs.exposed()
        for path in ALERTS:
            for group in yaml.safe_load(path.read_text())["groups"]:
                for rule in group["rules"]:
                    self.assertEqual(promql.faults(rule["expr"], families), [], rule["alert"])
