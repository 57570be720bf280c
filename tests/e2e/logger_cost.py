# SPDX-License-Identifier: Apache-2.0
"""What the parts of our access logger cost the client's sidecar: its CPU time per request with the patch of a standing attachment
as it is, with parts of it left out, behind a filter of Envoy that lets a tenth through, and behind a gate: a filter that marks
requests while it is open, whose configuration istiod sends apart from the listeners (ECDS). Nobody reads, as without a tap.
Prints a table, and what opening the gate changes of the listeners. Needs wrk. usage: logger_cost.py [--rounds N] [--seconds N]"""

import argparse
import copy
import json
import pathlib
import statistics
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1])]

from held import HOLDER, NAMESPACE, Place
from installation import answer_to, install
from mesh import Mesh
from sidecar_cost import Bench, spread

NAME = "parts"
HEADERS = ("additional_request_headers_to_log", "additional_response_headers_to_log", "additional_response_trailers_to_log")
TAGS, PEERS = "custom_tags", "filter_state_objects_to_log"
GATE, MARK = "traffictap_gate", "type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config"
MANAGER = "envoy.filters.network.http_connection_manager"
MARKED = {"metadata_filter": {"matcher": {"filter": GATE, "path": [{"key": "open"}], "value": {"bool_match": True}},
                              "match_if_key_not_found": False}}
TENTH = {"runtime_filter": {"runtime_key": "traffictap.share", "percent_sampled": {"numerator": 10}}}


def without(*fields):
    """The logger's entry without these fields of its configuration."""
    def changed(log):
        log = copy.deepcopy(log)
        for part in (log["typed_config"], log["typed_config"]["common_config"]):
            for name in fields:
                part.pop(name, None)
        return log

    return changed


def behind(access_filter):
    return lambda log: {**log, "filter": access_filter}


def gate(is_open):
    """Patches: the filter, and what it does for now."""
    marks = {"metadata": [{"metadata_namespace": GATE, "value": {"open": True}, "allow_overwrite": True}]} if is_open else {}
    discovered = {"config_source": {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}, "type_urls": [MARK]}
    filters = [{
        "applyTo": "HTTP_FILTER",
        "match": {"context": context, "listener": {"filterChain": {"filter": {"name": MANAGER}}}},
        "patch": {"operation": "INSERT_FIRST", "value": {"name": GATE, "config_discovery": discovered}},
    } for context in ("SIDECAR_INBOUND", "SIDECAR_OUTBOUND")]
    return [*filters, {"applyTo": "EXTENSION_CONFIG", "match": {"context": "ANY"}, "patch": {
        "operation": "ADD", "value": {"name": GATE, "typed_config": {"@type": MARK, **marks}}}}]


# What becomes of the logger, and the patches beside.
SHUT, OPEN = "behind a gate that is shut", "behind a gate that is open"
VARIANTS = {
    "as it is": (without(), []),
    "without headers": (without(*HEADERS), []),
    "without custom tags": (without(TAGS), []),
    "without the names of peers": (without(PEERS), []),
    "without any of these": (without(*HEADERS, TAGS, PEERS), []),
    "behind a filter that lets a tenth through": (behind(TENTH), []),
    SHUT: (behind(MARKED), gate(False)),
    OPEN: (behind(MARKED), gate(True)),
}


def manifest(spec, variant):
    """An EnvoyFilter like the operator's, whose loggers are changed."""
    spec, (change, more) = copy.deepcopy(spec), VARIANTS[variant]
    for patch in spec["configPatches"]:
        if patch["applyTo"] == "NETWORK_FILTER":
            config = patch["patch"]["value"]["typed_config"]
            # Of connections there is no gate: what marks a request does not see them.
            if not more or patch["match"]["listener"]["filterChain"]["filter"]["name"] == MANAGER:
                config["access_log"] = [change(log) for log in config["access_log"]]
    spec["configPatches"] += more
    return json.dumps({"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter",
                       "metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": spec})


def standing_patch(place):
    """The spec of what the operator writes for the namespace; it is gone again afterwards."""
    place.attach("Standing")
    spec, = place.taps.patch_specs(NAMESPACE).values()
    place.attach("OnDemand")
    return spec


def measure(bench, mesh, write, seconds):
    """µs of CPU a request once the sidecar has taken what `write` changes."""
    refused = answer_to(mesh, HOLDER, write)
    if refused:
        raise RuntimeError(f"the sidecar refuses it: {refused}")
    bench.load(1)  # what was open goes over to the new listeners
    return bench.micros(seconds)


def costs(bench, mesh, spec, rounds, seconds):
    """{variant: [what it costs compared to no logger]}, the variants taking turns."""
    out = {name: [] for name in VARIANTS}
    for _ in range(rounds):
        base = bench.micros(seconds)
        for name in VARIANTS:
            cost = measure(bench, mesh, lambda n=name: mesh.apply(manifest(spec, n)), seconds)
            out[name].append(cost / base)
            print(f"  {name}: {cost:.1f} us of CPU a request, {base:.1f} without a logger", flush=True)
        answer_to(mesh, HOLDER, lambda: mesh.kubectl("-n", NAMESPACE, "delete", "envoyfilter", NAME))
        bench.load(1)
    return out


def opening(place, mesh, spec):
    """What changes in the listeners of both proxies where the gate is opened: {} where nothing does."""
    for variant in (SHUT, OPEN):
        before = place.listeners()
        answer_to(mesh, HOLDER, lambda v=variant: mesh.apply(manifest(spec, v)))
        time.sleep(3)  # the other proxy answers on its own
    return {(pod, name): count - before[pod][name] for pod, counters in place.listeners().items()
            for name, count in counters.items() if count > before[pod][name]}


def report(figures):
    lines = ["| The logger | CPU compared to no logger |", "|---|---:|"]
    for name, runs in sorted(figures.items(), key=lambda item: -statistics.median(item[1])):
        lines.append(f"| {name} | {spread(runs)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of load with each variant of each round")
    options = parser.parse_args()
    with Mesh.for_tests("-parts") as mesh:
        mesh.serve_collector_from_node()
        operator, collector, gate = install(mesh)
        place = Place(mesh, collector)
        bench = Bench(mesh, place, collector)
        try:
            spec = standing_patch(place)
            bench.log(False)
            print(report(costs(bench, mesh, spec, options.rounds, options.seconds)))
            print(f"Opening the gate changes of the listeners: {opening(place, mesh, spec) or 'nothing'}.")
        finally:
            bench.close()
            operator.kill()
            collector.kill()
            gate.close()


if __name__ == "__main__":
    main()
