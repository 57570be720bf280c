// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_ledger.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using sinks::SpoolLedger;

namespace {

SpoolLedger Sample() {
  SpoolLedger ledger;
  ledger.acked = {0xab, 4711};
  ledger.acked_records = 12;
  ledger.records = {{0xab, 20}, {0xffffff, 0}};
  return ledger;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_ledger)

BOOST_AUTO_TEST_CASE(what_was_written_is_read) {
  const auto ledger = SpoolLedger::Read(Sample().Write());
  BOOST_REQUIRE(ledger.ok());
  BOOST_CHECK((ledger->acked == sinks::SpoolPosition{0xab, 4711}));
  BOOST_TEST(ledger->acked_records == 12u);
  BOOST_CHECK((ledger->records == std::map<uint64_t, uint64_t>{{0xab, 20}, {0xffffff, 0}}));
}

BOOST_AUTO_TEST_CASE(a_fresh_one_names_nothing) {
  const auto ledger = SpoolLedger::Read(SpoolLedger().Write());
  BOOST_REQUIRE(ledger.ok());
  BOOST_TEST(ledger->records.empty());
}

BOOST_AUTO_TEST_CASE(one_that_is_cut_or_altered_anywhere_is_refused) {
  const std::string text = Sample().Write();
  for (size_t at = 0; at < text.size(); ++at) {
    BOOST_TEST(!SpoolLedger::Read(text.substr(0, at)).ok(), at);
    std::string altered = text;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    BOOST_TEST(!SpoolLedger::Read(altered).ok(), at);
  }
  BOOST_TEST(!SpoolLedger::Read(text + "more\n").ok());
}

BOOST_AUTO_TEST_CASE(one_that_leaves_no_number_for_the_next_segment_is_refused) {
  auto ledger = Sample();
  ledger.records[UINT64_MAX] = 1;
  BOOST_TEST(!SpoolLedger::Read(ledger.Write()).ok());
  ledger = Sample();
  ledger.acked.segment = UINT64_MAX;
  BOOST_TEST(!SpoolLedger::Read(ledger.Write()).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
