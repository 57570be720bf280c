// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_id.h"

#include <boost/test/unit_test.hpp>

#include "traffic/sample_entries.h"

namespace traffictap {

using namespace traffic;  // NOLINT: the names of the unit under test

BOOST_AUTO_TEST_SUITE(record_id)

BOOST_AUTO_TEST_CASE(depends_on_entry_and_collector_and_not_on_the_tap) {
  const SampleEntry entry = FullEntry(Reporter::kSource);
  PackedSample packed(entry);
  const uint64_t id = RecordId({"shop/a", "collector-0"}, *packed.get());
  BOOST_TEST(RecordId({"shop/b", "collector-0"}, *packed.get()) == id);
  BOOST_TEST(RecordId({"shop/a", "collector-1"}, *packed.get()) != id);
  packed.get()->facts.response_code = 302;
  const uint64_t redirected = RecordId({"shop/a", "collector-0"}, *packed.get());
  BOOST_TEST(redirected != id);
  packed.get()->facts.duration += 1;
  BOOST_TEST(RecordId({"shop/a", "collector-0"}, *packed.get()) != redirected);
  packed.get()->facts.start_time += 1;
  BOOST_TEST(RecordId({"shop/a", "collector-0"}, *packed.get()) != id);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
