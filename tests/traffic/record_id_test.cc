// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_id.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {

using namespace traffic;  // NOLINT: the names of the unit under test

namespace {

std::string IdOf(const SampleEntry& sample) {
  return RecordIdText(RecordIdOf(*PackedSample(sample).get()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_id)

// They outlive the process that made them, so that a change of one of these values needs a reason.
BOOST_AUTO_TEST_CASE(ids_are_the_same_in_every_build) {
  BOOST_TEST(IdOf(FullEntry(Reporter::kSource)) == "511b8ccc59c29880eff601d2c9d019e4");
  BOOST_TEST(IdOf(FullEntry(Reporter::kDestination)) == "37aebbe91b1ed2da807b23edbc89dbee");
  BOOST_TEST(RecordIdText({0xab, 1}) == "00000000000000ab0000000000000001");
}

BOOST_AUTO_TEST_CASE(each_part_of_the_principal_half_that_tells_it_changes_both_halves_of_the_id) {
  std::set<uint64_t> words;
  size_t ids = 0;
  const auto add = [&](const SampleEntry& sample) {
    const RecordId id = RecordIdOf(*PackedSample(sample).get());
    words.insert(id.high);
    words.insert(id.low);
    ++ids;
  };
  const SampleEntry entry = FullEntry(Reporter::kSource);
  add(entry);
  SampleEntry other = entry;
  other.facts().start_time += 1;
  add(other);
  other = entry;
  other.facts().kind = EntryKind::kTcp;
  add(other);
  other = entry;
  other.facts().reporter = Reporter::kDestination;
  add(other);
  other = entry;
  other.Set(Text::kRequestId, "another");
  add(other);
  other = entry;
  other.node = SampleNode("another");
  add(other);
  auto node = std::make_shared<Node>(*entry.node);
  node->cluster_id = "another";
  other.node = node;
  add(other);
  BOOST_TEST(words.size() == 2 * ids);
}

BOOST_AUTO_TEST_CASE(each_redirect_that_is_followed_has_an_id_of_its_own) {
  SampleEntry entry = FullEntry(Reporter::kSource);
  const std::string end = IdOf(entry);
  entry.Set(Text::kResponseCodeDetails, "internal_redirect");
  const std::string first = IdOf(entry);
  BOOST_TEST(first != end);
  entry.facts().duration += 1;
  const std::string second = IdOf(entry);
  BOOST_TEST(second != first);
  entry.facts().response_code += 1;
  BOOST_TEST(IdOf(entry) != second);
}

BOOST_AUTO_TEST_CASE(all_entries_of_one_stream_have_one_id) {
  SampleEntry entry = FullEntry(Reporter::kSource);
  const std::string end = IdOf(entry);
  entry.facts().moment = LogMoment::kPeriodic;
  entry.facts().duration /= 2;
  entry.facts().response_code = 0;
  entry.facts().upstream_local = {};
  BOOST_TEST(IdOf(entry) == end);
  entry.facts().downstream_direct_remote.port += 1;
  BOOST_TEST(IdOf(entry) != end);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
