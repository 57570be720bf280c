# SPDX-License-Identifier: Apache-2.0
"""The ledger finds what was planted, and explains what a kill may do, and no more."""
import unittest

from ledger import HOPS, Ledger


def record(number, prefix="/catalog/", which=("client", "server"), **more):
    (source, destination), path = HOPS[prefix], f"{prefix}{number}"
    out = {"id": f"id of {path}", "request": {"path": path}, "source": {"name": source}, "destination": {"name": destination}}
    out |= {"client": {}} if "client" in which else {}
    out |= {"server": [{}]} if "server" in which else {}
    return out | more


def hops(number, **more):
    return [record(number, prefix, **more) for prefix in HOPS]


class TheLedger(unittest.TestCase):
    def setUp(self):
        """One request a second. The receiver is killed at 50 and the pairer at 70."""
        self.ledger = Ledger()
        for number in range(100):
            self.ledger.add(number, number, number + 0.1)
        self.ledger.kills = {"receiver": (50, 50.5), "pairer": (70, 70.5)}
        self.records = [one for number in range(100) for one in hops(number)]

    def report(self, taken=400):
        return self.ledger.report(self.records, taken)

    def without(self, path):
        self.records = [one for one in self.records if one["request"]["path"] != path]

    def test_all_that_was_sent_and_nothing_else_is_no_fault(self):
        report = self.report()
        self.assertEqual((report.faults, report.requests, report.whole, report.lost), ([], 100, 200, 0))

    def test_a_hop_that_is_missing_or_one_sided_is_a_fault_unless_the_receiver_died_about_then(self):
        for at, explained in ((40, False), (46, False), (47, True), (50, True), (60, True), (61, False)):
            with self.subTest(at):
                self.setUp()
                self.without(f"/catalog/{at}")
                self.assertEqual(not self.report(398).faults, explained)
                self.assertEqual((self.report(398).gone, self.report(398).lost), (1, 2))
                self.records.append(record(at, which=("server",), orphanReason="LostInBuffer"))
                report = self.report(399)
                self.assertEqual(not report.faults, explained)
                self.assertEqual((report.one_sided, report.gone, report.lost), (1, 0, 1))

    def test_another_reason_than_the_loss_is_a_fault_even_then(self):
        self.without("/catalog/50")
        self.records.append(record(50, which=("client",), orphanReason="NeverArrived"))
        self.assertIn("/catalog/50 is one-sided as NeverArrived", self.report(399).faults[0])

    def test_a_record_may_come_again_under_its_id_if_it_is_of_the_pairers_last_seconds(self):
        for at, explained in ((60, False), (64, False), (65, True), (70, True), (71, False)):
            with self.subTest(at):
                self.setUp()
                self.records.append(record(at))
                self.assertEqual(not self.report().faults, explained)
                self.assertEqual(self.report().repeated, 1)

    def test_a_second_id_is_a_fault_always(self):
        self.records.append(record(69, id="another"))
        self.assertEqual(self.report().faults, ["/catalog/69 has several ids"])

    def test_one_side_and_then_both_count_as_whole(self):
        self.records.append(record(68, which=("client",), orphanReason="LostInBuffer"))
        report = self.report()
        self.assertEqual((report.faults, report.whole), ([], 200))

    def test_what_nobody_sent_and_what_nobody_answered_are_faults(self):
        self.records.append(record(100))
        self.ledger.add(7, 7, 7.1, "503")
        self.assertEqual(self.report().faults, ["request 7 was not answered: 503", "/catalog/100 was never sent"])

    def test_sides_that_were_joined_to_strangers_are_a_fault(self):
        self.without("/7")
        self.records.append(record(7, "/", source={"name": "client-v1"}))
        self.assertEqual(self.report().faults, ["/7 is of client-v1 and catalog-v1"])

    def test_the_pairers_own_count_has_to_be_that_of_the_records(self):
        self.assertEqual(self.report(401).faults, ["the pairers took 401 entries, and the records have 400"])

    def test_without_a_kill_nothing_may_be_missing_or_come_again(self):
        self.ledger.kills = {}
        self.without("/50")
        self.records.append(record(70))
        self.assertEqual(len(self.report(398).faults), 2)
