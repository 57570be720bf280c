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
  packed.get()->facts.start_time += 1;
  BOOST_TEST(RecordId({"shop/a", "collector-0"}, *packed.get()) != id);
}

BOOST_AUTO_TEST_CASE(each_redirect_that_is_followed_has_an_id_of_its_own) {
  SampleEntry entry = FullEntry(Reporter::kSource);
  const auto id_of = [](const SampleEntry& sample) {
    return RecordId({"shop/a", "collector-0"}, *PackedSample(sample).get());
  };
  const uint64_t end = id_of(entry);
  entry.Set(Text::kResponseCodeDetails, "internal_redirect");
  const uint64_t first = id_of(entry);
  BOOST_TEST(first != end);
  entry.facts().duration += 1;
  const uint64_t second = id_of(entry);
  BOOST_TEST(second != first);
  entry.facts().response_code += 1;
  BOOST_TEST(id_of(entry) != second);
}

BOOST_AUTO_TEST_CASE(all_entries_of_one_stream_have_one_id) {
  SampleEntry entry = FullEntry(Reporter::kSource);
  const auto id_of = [](const SampleEntry& sample) {
    return RecordId({"shop/a", "collector-0"}, *PackedSample(sample).get());
  };
  const uint64_t end = id_of(entry);
  entry.facts().moment = LogMoment::kPeriodic;
  entry.facts().duration /= 2;
  entry.facts().response_code = 0;
  entry.facts().upstream_local = {};
  BOOST_TEST(id_of(entry) == end);
  entry.facts().downstream_direct_remote.port += 1;
  BOOST_TEST(id_of(entry) != end);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
