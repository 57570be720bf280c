# SPDX-License-Identifier: Apache-2.0
"""What the programs say of themselves: --help and /metrics."""

import re
import subprocess

from generate.markdown import code, escaped, generated, table

# Labels whose values are few and known from the start.
CLOSED = {"reason", "how", "result", "verdict", "queue", "controller"}
# Metrics that have only the values that there were.
AS_IT_COMES = {"traffictap_output_failing", "traffictap_requests_total", "traffictap_request_duration_seconds"}
LABELS = {
    "tap": "NAMESPACE/NAME of a TrafficTap, NAME of a ClusterTrafficTap",
    "output": "name of the output in the tap",
    "verb": "Kubernetes API verb: get, list, watch, create, patch, update, delete",
    "resource": "plural of the kind, in lower case",
    "code": "HTTP status; 0 for no response",
    "source_workload": "workload that called; `unknown`, or `other` beyond `metrics.seriesMax`",
    "source_workload_namespace": "its namespace",
    "destination_workload": "workload that was called, likewise",
    "destination_workload_namespace": "its namespace",
    "response_class": "class of the response code: 1xx to 5xx, none",
    "le": "upper bound of a histogram's bucket, in seconds",
}


def help_of(program, *args):
    done = subprocess.run([program, *args, "--help"], check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout.replace(str(program), program.name).strip()


def flags_page(title, program, about):
    """docs/reference/collector.md, operator.md"""
    text = re.sub(r"[ \t]+$", "", help_of(program), flags=re.M)
    return f"{generated(f'`{program.name} --help`')}# {title}\n\n{about}\n\n```text\n{text}\n```\n"


def cli_page(program):
    """docs/reference/cli.md"""
    done = subprocess.run([program, "man", "--markdown"], check=True, text=True, stdout=subprocess.PIPE)
    return generated(f"`{program.name} man --markdown`") + done.stdout.strip() + "\n"


def _labels(family):
    out = []
    for label, values in sorted(family.labels.items()):
        known = label in CLOSED and family.name not in AS_IT_COMES
        out.append(code(label) + (": " + ", ".join(code(v) for v in sorted(values)) if known else ""))
    return "; ".join(out)


def _metrics(families):
    rows = [[code(f.name), f.type, escaped(f.help), _labels(f)] for f in sorted(families.values(), key=lambda f: f.name)]
    return table(["Metric", "Type", "Meaning", "Labels"], rows)


def metrics_page(collector, operator):
    """docs/reference/metrics.md; both are {name: Family} of tests/docs/exposition.py."""
    rows = [[code(label), escaped(meaning)] for label, meaning in LABELS.items()]
    return (generated("the programs' own /metrics") + "# Metrics\n\n"
            "In Prometheus text format, at `/metrics` on the `--http` port; the collector also in OpenMetrics 1.0, if the scraper asks "
            "for it. No label contains a pod, address, path or user.\n\n"
            + table(["Label", "Values"], rows)
            + "## The collector\n\n" + _metrics(collector) + "## The operator\n\n" + _metrics(operator)).rstrip() + "\n"


def chart_page(root):
    """docs/reference/chart.md"""
    values = (root / "charts/traffictap/values.yaml").read_text().rstrip()
    return (f"{generated('charts/traffictap/values.yaml')}# Values of the chart\n\n"
            "All other keys are rejected by `values.schema.json`.\n\n"
            f"```yaml\n{values}\n```\n")
