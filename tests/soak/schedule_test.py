# SPDX-License-Identifier: Apache-2.0
"""The schedule of a soak: what a seed gives, and what never happens together."""
import collections
import unittest

import faults
import schedule


def flat(cycles):
    return [fault for cycle in cycles for fault in cycle]


class Schedule(unittest.TestCase):
    def test_a_seed_gives_the_same_faults_each_time_and_another_seed_others(self):
        self.assertEqual(schedule.draw(7, 30), schedule.draw(7, 30))
        self.assertNotEqual(schedule.draw(7, 30), schedule.draw(8, 30))

    def test_half_an_hour_has_faults_of_every_kind(self):
        for seed in range(20):
            self.assertEqual({fault.kind for fault in flat(schedule.draw(seed, 30))}, set(schedule.BY_NAME))

    def test_no_two_faults_attack_the_same_target_at_the_same_time(self):
        for cycle in (cycle for seed in range(50) for cycle in schedule.draw(seed, 10)):
            busy = collections.defaultdict(list)
            for fault in cycle:
                for target in schedule.BY_NAME[fault.kind].targets:
                    busy[target].append((fault.begin, fault.begin + fault.seconds))
            for spans in busy.values():
                spans.sort()
                self.assertTrue(all(a[1] < b[0] for a, b in zip(spans, spans[1:])), spans)

    def test_faults_are_over_when_their_cycle_is_and_overlap_within_it(self):
        cycles = [cycle for seed in range(50) for cycle in schedule.draw(seed, 10)]
        self.assertLessEqual(max(fault.begin + fault.seconds for fault in flat(cycles)), schedule.CYCLE_SECONDS + 0.1)
        self.assertTrue(any(a.begin + a.seconds > b.begin for cycle in cycles for a, b in zip(cycle, cycle[1:])))

    def test_the_second_half_is_one_life_of_the_collector(self):
        for seed in range(50):
            cycles = schedule.draw(seed, 10)
            self.assertFalse([f for f in flat(cycles[(len(cycles) + 1) // 2:]) if schedule.BY_NAME[f.kind].ends_life])

    def test_every_kind_that_is_drawn_is_there(self):
        self.assertEqual(set(schedule.BY_NAME), set(faults.KINDS))
