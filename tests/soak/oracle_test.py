# SPDX-License-Identifier: Apache-2.0
"""The oracle on evidence that is made up: green where all is explained, red for each single thing that is not."""
import copy
import pathlib
import tempfile
import unittest

import evidence
import lies
import oracle
import report
from evidence import OUTPUTS, Arrival, Checkpoint, EnvoyLife, Incident, Life, Request, Scrape
from losses import Losses

RATE, SECONDS = 10, 120
KILLED, STARTED = 60.0, 62.0
CHECKS = {check.__name__: check for check in oracle.CHECKS}


def counters(count, **changes):
    """Of one life in which `count` requests came through."""
    output = {"offered": count, "delivered": count, "queued": 0, "kept": 0, "recovered": 0, "replayed": 0, "spooled": 0}
    out = {"entries": {"received": 2 * count, "kept": 2 * count, "rejected": 0, "filtered": 0, "stale": 0},
           "joins": {"kept": 2 * count, "waiting": 0}, **{name: dict(output) for name in OUTPUTS}}
    out["durable"]["spooled"] = count
    for name, change in changes.items():
        out[name].update(change)
    return out


def scrape(at, life, counted):
    return Scrape(at, life, counted, "", 60.0, 40, 20)


def healthy():
    """Ten requests a second for two minutes; a kill of the collector at 60 s costs those of the two seconds before."""
    lost = set(range(580, 600))
    run = evidence.Evidence(1, 2)
    run.requests = [Request(n, n / RATE, n / RATE + 0.01, "fast", True) for n in range(RATE * SECONDS)]
    run.incidents = [Incident("collector.kill", KILLED, STARTED)]
    run.lives = [Life(0, 0, KILLED, "kill"), Life(1, STARTED, SECONDS + 10, "term", 3.2, 0, counters(600))]
    run.scrapes = [scrape(at, 0, counters(10 * at)) for at in range(10, 58)]
    run.scrapes += [scrape(at, 1, counters(10 * (at - 60))) for at in range(62, 121)]
    run.checkpoints = [Checkpoint(at, life, 3.0, True, dict.fromkeys(OUTPUTS, 1.2))
                       for at, life in ((20, 0), (30, 0), (50, 0), (80, 1), (90, 1), (100, 1), (119, 1))]
    run.envoys = [EnvoyLife(pod, 1200, 0, 1200, 0) for pod in ("frontend", "fast")]
    arrivals = [Arrival(f"id-{r.number}", r.number, 1, 1, ["shop", "shop"]) for r in run.requests if r.number not in lost]
    run.arrivals = {output: list(arrivals) for output in OUTPUTS}
    return run


class Green(unittest.TestCase):
    def test_a_run_whose_every_loss_is_explained_has_no_fault(self):
        self.assertEqual(oracle.judge(healthy()), {name: [] for name in CHECKS})
        self.assertEqual(Losses(healthy()).unexplained(), 0)

    def test_evidence_that_was_saved_is_judged_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "evidence.json")
            evidence.save(healthy(), path)
            self.assertEqual(evidence.load(path), healthy())

    def test_requests_that_were_not_answered_may_be_recorded_or_not(self):
        run = healthy()
        run.requests[300].answered = run.requests[301].answered = False
        for output in OUTPUTS:
            run.arrivals[output] = [one for one in run.arrivals[output] if one.number != 300]
        run.scrapes = [scrape(at, 0, counters(10 * at - 1 if at > 30 else 10 * at)) for at in range(10, 58)] + run.scrapes[48:]
        self.assertEqual({name: found for name, found in oracle.judge(run).items() if found}, {})

    def test_what_a_full_queue_dropped_is_explained_by_its_counter(self):
        run = healthy()
        gone = set(range(900, 930))
        run.arrivals["kafka"] = [one for one in run.arrivals["kafka"] if one.number not in gone]
        run.lives[1].final["kafka"].update({"delivered": 570, "dropped.QueueFull": 30})
        self.assertEqual({name: found for name, found in oracle.judge(run).items() if found}, {})
        run.lives[1].final["kafka"].update({"delivered": 571, "dropped.QueueFull": 29})
        self.assertEqual(Losses(run).unexplained(), 1)
        self.assertTrue(oracle.explained(run))

    def test_a_late_end_is_the_machines_fault_where_it_stood_still(self):
        run = healthy()
        run.lives[1].stop_seconds = 25
        self.assertTrue(oracle.ends_in_time(run))
        run.stalls = [[run.lives[1].end - 5, 6.0]]
        self.assertFalse(oracle.ends_in_time(run))


    def test_a_queue_that_went_with_a_kill_explains_what_is_older_than_its_window(self):
        run = healthy()
        for scrape_ in run.scrapes[47:48]:
            scrape_.counters["kafka"].update(delivered=370, queued=200)
        gone = set(range(400, 580))
        run.arrivals["kafka"] = [one for one in run.arrivals["kafka"] if one.number not in gone]
        losses = Losses(run)
        self.assertEqual((losses.of("kafka").missing, losses.of("kafka").unexplained), (180, 0))
        # The scrape was at 57 s: of the 200 it saw, the 15 of the last 1.5 s are explained by their time already.
        self.assertEqual(losses.of("kafka").counted, 185)


class Red(unittest.TestCase):
    def found(self, check, change):
        run = copy.deepcopy(healthy())
        change(run)
        return CHECKS[check](run)

    def test_a_drop_where_nobody_attacked_explains_nothing(self):
        def change(run):
            run.arrivals["disk"] = run.arrivals["disk"][:-1]
            run.lives[1].final["disk"].update({"delivered": 599, "dropped.QueueFull": 1})

        self.assertIn("dropped as QueueFull", self.found("explained", change)[0])

    def test_too_many_lost_with_a_kill_are_not_explained_by_it(self):
        def change(run):
            for output in OUTPUTS:
                run.arrivals[output] = [one for one in run.arrivals[output] if not 560 <= one.number < 630]
            run.scrapes = [scrape(at, 0, counters(min(10 * at, 590))) for at in range(10, 60)] + run.scrapes[48:]

        self.assertIn("all counters together explain", self.found("explained", change)[0])

    def test_a_durable_output_may_not_drop_from_its_disk(self):
        self.assertTrue(self.found("durable", lambda run: run.lives[1].final["durable"].update({"dropped.SpoolFull": 3})))

    def test_as_many_as_were_told_as_spooled_have_to_arrive(self):
        self.assertIn("told as spooled", self.found("durable", lambda run: run.lives[1].final["durable"].update(spooled=700))[0])

    def test_what_was_kept_on_disk_has_to_be_found_again(self):
        def change(run):
            run.lives[0].how, run.lives[0].final = "term", counters(600, durable={"delivered": 590, "kept": 10})
            run.lives[1].final = counters(600, durable={"recovered": 9, "delivered": 609})

        self.assertIn("kept 10 records on disk, the next one found 9", self.found("books", change)[0])

    def test_a_durable_output_may_double_what_it_told_and_no_more(self):
        def change(run, told):
            run.arrivals["durable"] += run.arrivals["durable"][:5]
            run.lives[1].final["durable"].update(replayed=told)

        self.assertFalse(self.found("duplicates", lambda run: change(run, 5)))
        self.assertIn("5 records are there twice, 4 may be", self.found("duplicates", lambda run: change(run, 4))[0])

    def test_kafka_may_have_twice_what_was_in_flight_while_others_timed_out_and_nothing_else(self):
        def change(run, timed_out=5):
            run.arrivals["kafka"] += run.arrivals["kafka"][-100:-90]
            run.incidents += [Incident("kafka.stop", 105, 115)]
            run.lives[1].final["kafka"].update({"dropped.TimedOut": timed_out})

        self.assertFalse(self.found("duplicates", change))
        self.assertTrue(self.found("duplicates", lambda run: change(run, 0)))
        self.assertTrue(self.found("duplicates", lambda run: (change(run), run.incidents.pop())))

    def test_memory_and_descriptors_that_grow_are_noticed(self):
        def change(run):
            for one in run.scrapes:
                one.rss, one.descriptors = one.rss + one.at / 2, one.descriptors + int(one.at)

        run = copy.deepcopy(healthy())
        change(run)
        self.assertAlmostEqual(oracle.slope(run)[0], 1800, delta=1)
        self.assertTrue(self.found("handles", change))
        self.assertFalse(oracle.memory(run))
        for one in run.scrapes:
            one.rss += 2 * max(0, one.at - 95)
        self.assertIn("life 1: MB at its checkpoints", oracle.memory(run)[0])

    def test_a_run_without_a_checkpoint_proves_nothing(self):
        self.assertTrue(self.found("heals", lambda run: run.checkpoints.clear()))


class Lies(unittest.TestCase):
    def test_each_check_has_a_lie(self):
        self.assertEqual(set(lies.LIES.values()), set(CHECKS))

    def test_a_report_says_which_lie_was_not_found(self):
        blind = {**CHECKS, "heals": lambda run: []}
        self.assertEqual(lies.not_found(healthy(), blind), ["an_output_does_not_heal"])
        found = report.figures(healthy(), oracle.judge(healthy()), lies.not_found(healthy(), blind))
        self.assertFalse(found["green"])
        self.assertIn("the oracle did not find: an_output_does_not_heal", report.text(found))

    def test_the_report_of_a_green_run_has_its_figures_and_how_to_run_it_again(self):
        found = report.figures(healthy(), oracle.judge(healthy()), [])
        self.assertTrue(found["green"])
        self.assertEqual((found["unexplained"], found["requests"]["inNoOutput"]), (0, 20))
        self.assertTrue(report.text(found).endswith("again: make soak SEED=1 MINUTES=2"))


def finds(lie, check):
    def test(self):
        self.assertEqual(oracle.judge(healthy())[check], [])
        self.assertTrue(CHECKS[check](lie(healthy())))

    return test


for lie, check in lies.LIES.items():
    setattr(Lies, f"test_{lie.__name__}", finds(lie, check))
