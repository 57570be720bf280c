# SPDX-License-Identifier: Apache-2.0
"""kubectl traffictap against a real API server, operator, collector and sidecars: what a person types and what is left."""

import json
import signal
import unittest

from callers import Traffic
from installation import install_with_api, remove_with_api, shared_mesh
from mesh.api import path_of
from mesh.processes import wait_until
from plugin import Plugin
from taps import Taps

NOT_FOUND, NOT_ALLOWED, NOT_READY = 3, 4, 5


def setUpModule():
    global mesh, operator, collector, taps, plugin
    mesh = shared_mesh()
    operator, collector = install_with_api(mesh)
    taps = Taps(mesh, collector)
    plugin = Plugin(mesh)
    plugin.add_user("tapper", "traffictap-tapper")
    plugin.add_user("viewer", "traffictap-viewer")
    plugin.add_user("stranger")


def tearDownModule():
    remove_with_api(mesh, operator, collector)


def calling(path, host="frontend"):
    return Traffic(mesh, f"http://{host}{path}")


def names(namespace="shop"):
    path = path_of("traffictaps", namespace, group="traffictap.io", version="v1alpha1")
    return [item["metadata"]["name"] for item in mesh.api.get(path)["items"]]


def read_page(port, path, token, posted=None, **headers):
    """(code, body) of what the page would ask; `posted` is the JSON of a POST."""
    connection = mesh.node_http(int(port))
    try:
        headers = {"Authorization": f"Bearer {token}", **headers}
        if posted is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, json.dumps(posted), {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class Scenario(unittest.TestCase):
    def tearDown(self):
        taps.delete_all()

    def assert_nothing_is_left(self):
        self.assertEqual(names(), [])
        wait_until(lambda: not taps.patches(), "the patches are gone", 60)


class Tap(Scenario):
    def test_failures_of_a_workload_come_as_json_and_ctrl_c_leaves_nothing(self):
        with calling("/fails?code=503"), calling("/works"):
            run = plugin.start("tap", "workload/frontend-v1", "-n", "shop", "--response-code", "500,599", "-o", "json")
            run.until(lambda: run.lines, "a record has come")
        self.assertEqual(len(names()), 1)
        self.assertEqual(run.signal().wait(30), 128 + signal.SIGINT)
        records = [json.loads(line) for line in run.lines]
        for record in records:
            self.assertEqual(record["response"]["code"], 503)
            self.assertTrue(record["request"]["path"].startswith("/fails"))
        self.assertIn("waiting for tap shop/tap-frontend-v1-", run.errors)
        self.assertIn("when the tap starts, and when it ends, HTTP connections of", run.errors)
        self.assert_nothing_is_left()

    def test_with_peers_both_sides_of_a_workloads_requests_come_and_no_others(self):
        with calling("/catalog/both"), calling("/alone", host="catalog"):
            run = plugin.run("tap", "frontend-v1", "-n", "shop", "--with-peers", "--direction", "in", "--max", "3",
                             "-o", "json")
        records = [json.loads(line) for line in run.lines]
        self.assertEqual(len(records), 3, run.errors)
        for record in records:
            self.assertEqual((record["source"]["name"], record["destination"]["name"]), ("client-v1", "frontend-v1"))
            self.assertNotIn("orphanReason", record)
        self.assert_nothing_is_left()

    def test_a_filter_on_the_other_end_holds_for_lone_halves_too(self):
        with calling("/catalog/to"):
            run = plugin.run("tap", "deployment/frontend-v1", "-n", "shop", "--attach-peers", "none", "--to", "catalog-v2",
                             "--max", "2", "-o", "json")
        records = [json.loads(line) for line in run.lines]
        self.assertEqual([record["destination"]["name"] for record in records], ["catalog-v2"] * 2, run.errors)
        for record in records:
            self.assertIn("orphanReason", record)
        self.assert_nothing_is_left()

    def test_a_service_is_the_pods_behind_it(self):
        with calling("/of-the-service", host="catalog"), calling("/elsewhere", host="payments"):
            run = plugin.start("tap", "svc/catalog", "-n", "shop", "-o", "json")
            served = set()

            def both():
                records = [json.loads(line) for line in run.lines]
                served.update(record["destination"]["name"] for record in records)
                return served >= {"catalog-v1", "catalog-v2"}
            run.until(both, "requests to both workloads of the Service have come")
        self.assertEqual(run.signal().wait(30), 128 + signal.SIGINT)
        self.assertEqual(served, {"catalog-v1", "catalog-v2"}, run.errors)
        self.assertNotIn("AcknowledgementUnknown", run.errors)
        self.assert_nothing_is_left()

    def test_a_selector_means_the_pods_with_its_labels(self):
        with calling("/by-label", host="catalog"):
            run = plugin.run("tap", "-n", "shop", "-l", "app=catalog,version in (v2)", "--max", "2", "-o", "json")
        self.assertEqual({json.loads(line)["destination"]["name"] for line in run.lines}, {"catalog-v2"}, run.errors)

    def test_hang_up_and_sigterm_leave_nothing_either(self):
        for number in (signal.SIGHUP, signal.SIGTERM):
            run = plugin.start("tap", "frontend-v1", "-n", "shop").until_said("records:")
            self.assertEqual(run.signal(number).wait(30), 128 + number)
            self.assertEqual(names(), [])

    def test_a_signal_while_it_waits_leaves_nothing(self):
        operator.stop()
        run = plugin.start("tap", "frontend-v1", "-n", "shop").until_said("the operator has not looked at it yet")
        self.assertEqual(run.signal().wait(30), 128 + signal.SIGINT)
        self.assertEqual(names(), [])
        operator.start()

    def test_max_and_a_closed_pipe_end_it_well(self):
        with calling("/many"):
            run = plugin.run("tap", "frontend-v1", "-n", "shop", "--max", "2", "-o", "json")
            self.assertEqual((run.code, len(run.lines)), (0, 2), run.errors)
            self.assertEqual(names(), [])
            run = plugin.run("tap", "frontend-v1", "-n", "shop", "-o", "json",
                             shell='"$@" | head -n 1; echo "${PIPESTATUS[0]}"')
        self.assertEqual((len(run.lines), run.lines[-1]), (2, "0"), run.errors)
        self.assert_nothing_is_left()

    def test_a_pipe_closed_while_nothing_comes_ends_it_too(self):
        run = plugin.run("tap", "frontend-v1", "-n", "shop", "--path", "/never", shell='"$@" | true')
        self.assertEqual(run.code, 0, run.errors)
        self.assert_nothing_is_left()

    def test_after_kill_9_the_tap_ends_by_its_duration(self):
        run = plugin.start("tap", "frontend-v1", "-n", "shop", "--duration", "8s").until_said("records:")
        run.kill()
        (name,) = names()
        self.assertTrue(taps.patches())
        taps.wait(name, "Completed", seconds=60)
        wait_until(lambda: not taps.patches(), "the patches are gone", 60)
        plugin.run("tap", "frontend-v1", "-n", "shop", "--duration", "1s")
        self.assertEqual(names(), [], "the next tap of the same person has removed it")

    def test_the_duration_ends_the_command_as_well(self):
        run = plugin.run("tap", "frontend-v1", "-n", "shop", "--duration", "5s")
        self.assertEqual(run.code, 0, run.errors)
        self.assertIn("has ended", run.errors)
        self.assert_nothing_is_left()

    def test_conditions_of_the_stream_alone_hold_too(self):
        with calling("/kept"), calling("/left-out"):
            run = plugin.run("tap", "ns/shop", "--from", "client-v1", "--not", "--path", "/left-out", "--max", "3",
                             "-o", "jsonpath={.request.path}")
        self.assertEqual(set(run.lines), {"/kept"}, run.errors)

    def test_the_collector_comes_back_and_the_stream_goes_on(self):
        run = plugin.start("tap", "frontend-v1", "-n", "shop", "-o", "json").until_said("records:")
        collector.stop()
        collector.start()
        with calling("/after-the-break"):
            run.until(lambda: any("/after-the-break" in line for line in run.lines), "records come again", 90)
        self.assertEqual(run.signal().wait(30), 128 + signal.SIGINT)
        self.assert_nothing_is_left()

    def test_a_deadline_marks_and_an_owner_are_in_the_object(self):
        run = plugin.run("tap", "frontend-v1", "-n", "shop", "--detach", "--duration", "3m", user="tapper")
        self.assertEqual(run.code, 0, run.errors)
        tap = taps.get(run.output)
        self.assertEqual(tap["spec"]["limits"]["duration"], "3m")
        self.assertEqual(tap["metadata"]["labels"]["traffictap.io/temporary"], "true")
        self.assertEqual(tap["metadata"]["annotations"]["traffictap.io/user"], "system:serviceaccount:default:tapper")


class Refusals(Scenario):
    def refused(self, code, *args, user="admin"):
        run = plugin.run(*args, user=user)
        self.assertEqual(run.code, code, run.errors)
        self.assertEqual(run.output, "")
        self.assertEqual(names(), [])
        return run.errors

    def test_a_name_that_is_not_there_comes_with_the_nearest(self):
        self.assertIn('no workload "fronted-v1" in namespace shop: did you mean "frontend-v1"?',
                      self.refused(NOT_FOUND, "tap", "workload/fronted-v1", "-n", "shop"))
        self.assertIn('no namespace "shpo": did you mean "shop"?', self.refused(NOT_FOUND, "tap", "ns/shpo"))
        self.assertIn("no pod", self.refused(NOT_FOUND, "tap", "pod/nobody", "-n", "shop"))
        self.assertIn("no tap", self.refused(NOT_FOUND, "attach", "nobody", "-n", "shop"))

    def test_a_workload_without_a_sidecar_is_told(self):
        self.assertIn("has an Istio proxy", self.refused(NOT_READY, "tap", "legacy-v1", "-n", "shop"))

    def test_a_missing_right_is_named_with_the_role_that_has_it(self):
        said = self.refused(NOT_ALLOWED, "tap", "frontend-v1", "-n", "shop", user="viewer")
        self.assertIn("may not create traffictaps.traffictap.io in namespace shop", said)
        self.assertIn("traffictap-tapper", said)
        said = self.refused(NOT_ALLOWED, "tap", "-A", user="tapper")
        self.assertIn("traffictap-admin", said)
        said = self.refused(NOT_ALLOWED, "attach", "-n", "shop", user="viewer")
        self.assertIn("watch on pairs.tap.traffictap.io", said)

    def test_wrong_values_are_misuse(self):
        self.assertIn("--response-code", self.refused(2, "tap", "-n", "shop", "--response-code", "900"))
        self.assertIn("--method", self.refused(2, "tap", "-n", "shop", "--metod", "GET"))


class Others(Scenario):
    def test_top_explain_and_open_tell_of_a_tap_that_runs(self):
        taps.apply("seen")
        with calling("/told?code=503"):
            run = plugin.run("attach", "seen", "-n", "shop", "--from", "client-v1", "--max", "3", "-o", "name")
        top = plugin.run("top", "seen", "-n", "shop", "--once", "--no-headers")
        self.assertEqual(top.code, 0, top.errors)
        (line,) = [line for line in top.lines if "client-v1" in line and "frontend-v1" in line]
        self.assertIn("100%", line.replace("100.0%", "100%"), "every one of its requests failed")
        told = plugin.run("explain", run.lines[0].split("/")[-1], "-n", "shop")
        self.assertEqual(told.code, 0, told.errors)
        for word in ("client-v1", "frontend-v1", "/told", "503", "ServerError"):
            self.assertIn(word, told.output)
        collector.records.wait_for("shop/seen.jsonl", source="client-v1", code=503)
        read = plugin.run("open", collector.records.directory / "shop/seen.jsonl", "--response-code", "5xx", "-o", "json")
        self.assertEqual(read.code, 0, read.errors)
        self.assertEqual({json.loads(line)["response"]["code"] for line in read.lines}, {503})

    def test_trace_is_the_tree_of_the_calls_that_passed_an_id_on(self):
        taps.apply("passed-on")
        with calling("/catalog/hops"):
            run = plugin.run("attach", "passed-on", "-n", "shop", "--from", "frontend-v1", "--max", "1", "-o", "json")
        self.assertEqual(run.code, 0, run.errors)
        passed_on = json.loads(run.output)["request"]["id"]

        def tree():
            """The client's proxy may flush its entry later than the frontend's."""
            told = plugin.run("trace", passed_on, "-n", "shop", "--no-headers")
            self.assertEqual((told.code, len(told.lines)), (0, 3), told.output + told.errors)
            for line, part in zip(told.lines, ("shop/client-v1", "frontend-v1 GET /catalog/hops", "GET /hops")):
                self.assertIn(part, line, told.output)
            return True

        wait_until(tree, "the tree has both calls", 30)

    def test_detach_attach_list_stop(self):
        run = plugin.run("tap", "frontend-v1", "-n", "shop", "--detach", user="tapper")
        self.assertEqual(run.code, 0, run.errors)
        (name,) = names()
        self.assertEqual(run.output, name)
        with calling("/attached"):
            run = plugin.run("attach", name, "-n", "shop", "--max", "1", "-o", "json", user="tapper")
            self.assertEqual(json.loads(run.output)["request"]["path"], "/attached", run.errors)
        run = plugin.run("attach", f"shop/{name}", "--no-follow", "--path", "/attached", "-o", "name", user="tapper")
        self.assertEqual(run.code, 0, run.errors)
        self.assertTrue(run.lines)
        run = plugin.run("list", "-n", "shop", user="tapper")
        self.assertIn(f"shop/{name}", run.output)
        self.assertIn("LOST", run.output)
        run = plugin.run("stop", name, "-n", "shop", user="tapper")
        self.assertEqual((run.code, run.output), (0, f"shop/{name} stopped"), run.errors)
        self.assert_nothing_is_left()

    def test_stop_leaves_taps_of_others_and_of_manifests_alone(self):
        taps.apply("kept", outputs=[])
        self.assertEqual(plugin.run("stop", "kept", "-n", "shop").code, 2)
        mine = plugin.run("tap", "frontend-v1", "-n", "shop", "--detach", user="tapper").output
        self.assertEqual(plugin.run("stop", "--all-mine", "-n", "shop").output, "")
        self.assertEqual(plugin.run("stop", "--all-mine", "-n", "shop", user="tapper").output, f"shop/{mine} stopped")
        self.assertEqual(names(), ["kept"])

    def test_a_plan_says_what_would_be_attached_and_attaches_nothing(self):
        run = plugin.run("plan", "workload/frontend-v1", "-n", "shop", user="tapper")
        self.assertEqual(run.code, 0, run.errors)
        self.assertIn("workloads that match: 1;", run.output)
        self.assertIn("EnvoyFilter/shop/", run.output)
        self.assertEqual((names(), taps.patches()), ([], []))
        run = plugin.run("plan", "legacy-v1", "-n", "shop")
        self.assertEqual(run.code, NOT_READY, run.errors)
        self.assertIn("nothing was created", plugin.run("plan", "-n", "shop", "--dry-run", "server").output)

    def test_the_printed_object_is_what_the_api_server_takes(self):
        run = plugin.run("tap", "frontend-v1", "-n", "shop", "--response-code", "5xx", "--print-cr")
        mesh.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=run.output)
        self.assertEqual(names(), [])

    def test_anybody_learns_which_versions_run_and_kubectl_still_understands_discovery(self):
        told = lambda: json.loads(plugin.run("version", "-o", "json", user="stranger").output)  # noqa: E731
        wait_until(lambda: "operator" in told(), "the collector has heard from the operator", 60)
        versions = told()
        self.assertEqual(set(versions), {"client", "collector", "operator"})
        self.assertEqual(len(set(versions.values())), 1, versions)
        self.assertIn("pairs", mesh.kubectl("api-resources", "--api-group=tap.traffictap.io"))

    def test_kubectl_completes_names_from_the_cluster(self):
        run = plugin.run("__complete", "traffictap", "tap", "-n", "shop", "workload/fr", program=("kubectl",))
        self.assertIn("workload/frontend-v1", run.lines, run.errors)
        run = plugin.run("__complete", "traffictap", "tap", "-n", "sh", program=("kubectl",))
        self.assertIn("shop", run.lines, run.errors)

    def test_the_page_reads_with_the_rights_of_its_reader(self):
        mine = plugin.run("tap", "frontend-v1", "-n", "shop", "--detach", user="tapper").output
        page = plugin.start("ui", "-n", "shop", user="tapper")
        page.until(lambda: page.lines, "the page is served")
        port, token = page.lines[0].split(":")[2].split("/#token=")
        with calling("/through-the-page"):
            code, text = read_page(port, f"/api/v1/pairs?follow=true&tap=shop/{mine}&limit=1", token,
                                   Accept="text/event-stream")
        self.assertEqual(code, 200)
        self.assertIn("/through-the-page", text)
        for path in ("/api/v1/taps", "/api/v1/summary", "/"):
            self.assertEqual(read_page(port, path, token)[0], 200, path)
        self.assertEqual(read_page(port, "/api/v1/taps", "guessed")[0], 401)
        self.assertEqual(read_page(port, "/api/v1/taps", token, Host="elsewhere.example")[0], 403)
        self.assertEqual(read_page(port, "/api/v1/taps?tap=bank/x", token)[0], 400)
        self.assertEqual(page.signal().wait(30), 128 + signal.SIGINT)

    def test_the_page_starts_taps_with_the_rights_of_its_reader_and_they_end_with_it(self):
        page = plugin.start("ui", "-n", "shop", user="tapper")
        page.until(lambda: page.lines, "the page is served")
        port, token = page.lines[0].split(":")[2].split("/#token=")
        form = {"target": "frontend-v1", "duration": "5m"}
        code, text = read_page(port, "/api/v1/page/plan", token, form)
        self.assertEqual(code, 200, text)
        self.assertIn("drain", text)
        self.assertTrue(json.loads(text)["status"]["patches"], text)
        self.assertEqual((names(), taps.patches()), ([], []))
        self.assertEqual(read_page(port, "/api/v1/page/start", token, form, Origin="http://elsewhere.example")[0], 403)
        self.assertEqual(read_page(port, "/api/v1/page/start", "guessed", form)[0], 401)
        code, text = read_page(port, "/api/v1/page/start", token, form)
        self.assertEqual(code, 200, text)
        mine = json.loads(text)["tap"]
        self.assertEqual([f"shop/{name}" for name in names()], [mine])
        own = lambda: json.loads(read_page(port, "/api/v1/page/taps", token)[1])["taps"]  # noqa: E731
        wait_until(lambda: own()[0]["ready"] == "True", "the tap records", 60)
        with calling("/started-from-the-page"):
            code, text = read_page(port, f"/api/v1/pairs?follow=true&tap={mine}&limit=1", token)
        self.assertIn("/started-from-the-page", text)

        def peers():
            code, text = read_page(port, "/api/v1/page/peers", token, {"tap": mine})
            self.assertEqual(code, 200, text)
            return {(peer["name"], peer["state"]) for peer in json.loads(text)["peers"]}

        wait_until(lambda: ("client-v1", "Attached") in peers(), "the page tells of the peers", 60)
        self.assertEqual(read_page(port, "/api/v1/page/stop", token, {"tap": mine})[0], 200)
        self.assertEqual(names(), [])
        self.assertEqual(read_page(port, "/api/v1/page/start", token, form)[0], 200)
        self.assertEqual(page.signal().wait(30), 128 + signal.SIGINT)
        self.assert_nothing_is_left()
