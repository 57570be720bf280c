// SPDX-License-Identifier: Apache-2.0
#include "pairing/waiting_table.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {

using pairing::WaitingTable;
using traffic::Text;

BOOST_AUTO_TEST_SUITE(waiting_table)

// Up to thousands are looked at for one that comes.
BOOST_AUTO_TEST_CASE(who_looks_at_a_large_half_copies_nothing_and_gets_what_was_set) {
  auto sample = traffic::FullEntry(traffic::Reporter::kSource);
  sample.Set(Text::kPath, std::string(16'384, 'a'));
  traffic::PackedSample packed(sample);
  packed.get()->taps.Add(1);
  packed.get()->taps.Add(2);
  WaitingTable table;
  const auto slot = table.Add(*packed.get(), packed.node(), {7, 5, 0});
  {
    const auto one = table.EntryAt(slot);
    const auto other = table.EntryAt(slot);
    BOOST_CHECK(one.get() == other.get());
  }
  traffic::TapSet left;
  left.Add(2);
  table.SetTaps(slot, left);
  const auto half = table.Take(slot);
  BOOST_CHECK(half.entry->taps == left);
  BOOST_TEST(half.entry->text(Text::kPath) == std::string(16'384, 'a'));
  BOOST_TEST(table.bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
