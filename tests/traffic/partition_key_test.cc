// SPDX-License-Identifier: Apache-2.0
#include "traffic/partition_key.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

constexpr const char* kId = "11111111-2222-4333-8444-555555555555";
constexpr const char* kClientEnd = "10.0.0.1:5000";
constexpr const char* kServerEnd = "[fd00::2]:80";

uint64_t KeyOf(const SampleEntry& sample) { return PartitionKey(*PackedSample(sample).get()); }

// One side of the request GET /cart?x=1 from kClientEnd to kServerEnd.
SampleEntry Side(Reporter reporter) {
  SampleEntry sample(reporter);
  EntryFacts& facts = sample.facts();
  const bool client = reporter == Reporter::kSource;
  (client ? facts.upstream_local : facts.downstream_direct_remote) =
      *ParseSocketAddress(kClientEnd);
  (client ? facts.upstream_remote : facts.downstream_local) = *ParseSocketAddress(kServerEnd);
  facts.method = Method::kGet;
  sample.Set(Text::kPath, "/cart?x=1");
  return sample;
}

SampleEntry ConnectionSide(Reporter reporter) {
  SampleEntry sample = Side(reporter);
  sample.facts().kind = EntryKind::kTcp;
  sample.facts().method = Method::kUnspecified;
  sample.Set(Text::kPath, "");
  return sample;
}

// A connection whose proxy has not reached a server.
SampleEntry NotConnected() {
  SampleEntry sample;
  EntryFacts& facts = sample.facts();
  facts.kind = EntryKind::kTcp;
  facts.start_time = 1'700'000'000'123'456'789;
  facts.downstream_direct_remote = *ParseSocketAddress("10.0.0.1:4000");
  facts.downstream_local = *ParseSocketAddress("10.96.0.1:80");
  return sample;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(partition_key)

BOOST_AUTO_TEST_CASE(stays_the_same_over_builds_on_both_sides) {
  // Computed apart from this code. Processes of two builds pair one mesh: a change here splits requests.
  for (const Reporter side : {Reporter::kSource, Reporter::kDestination}) {
    SampleEntry with_id = Side(side);
    with_id.Set(Text::kRequestId, kId);
    BOOST_TEST(KeyOf(with_id) == 257287558393853216ULL);
    BOOST_TEST(KeyOf(Side(side)) == 1875535500523520096ULL);
    BOOST_TEST(KeyOf(ConnectionSide(side)) == 13534479034967790100ULL);
  }
  BOOST_TEST(KeyOf(NotConnected()) == 1561679957556568458ULL);
}

BOOST_AUTO_TEST_CASE(of_a_request_with_an_id_is_by_the_id_alone) {
  SampleEntry one = Side(Reporter::kSource);
  one.Set(Text::kRequestId, kId);
  SampleEntry other = FullEntry(Reporter::kDestination);
  other.Set(Text::kRequestId, "11111111-2222-9333-8444-555555555555");  // Envoy's version digit
  other.node = SampleNode("store", "elsewhere");
  BOOST_TEST(KeyOf(one) == KeyOf(other));
  other.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555556");
  BOOST_TEST(KeyOf(one) != KeyOf(other));
  SampleEntry no_connection;
  no_connection.Set(Text::kRequestId, kId);
  BOOST_TEST(KeyOf(one) == KeyOf(no_connection));
}

BOOST_AUTO_TEST_CASE(of_a_request_without_an_id_is_by_connection_method_and_path) {
  const uint64_t key = KeyOf(Side(Reporter::kSource));
  SampleEntry other = Side(Reporter::kSource);
  other.node = SampleNode("store", "elsewhere");
  other.facts().response_code = 503;
  other.facts().start_time = 1;
  BOOST_TEST(KeyOf(other) == key);
  other.facts().method = Method::kPost;
  BOOST_TEST(KeyOf(other) != key);
  BOOST_TEST(KeyOf(Side(Reporter::kSource).Set(Text::kPath, "/cart")) != key);
  other = Side(Reporter::kSource);
  other.facts().upstream_remote.port = 81;
  BOOST_TEST(KeyOf(other) != key);
  other = Side(Reporter::kSource);
  other.facts().upstream_local.port = 5001;
  BOOST_TEST(KeyOf(other) != key);
}

BOOST_AUTO_TEST_CASE(of_a_connection_is_by_its_clients_end) {
  SampleEntry other = ConnectionSide(Reporter::kDestination);
  other.facts().downstream_local = *ParseSocketAddress("10.96.0.7:443");  // translated on the way
  BOOST_TEST(KeyOf(other) == KeyOf(ConnectionSide(Reporter::kSource)));
  other.facts().downstream_direct_remote.port = 5001;
  BOOST_TEST(KeyOf(other) != KeyOf(ConnectionSide(Reporter::kSource)));
}

BOOST_AUTO_TEST_CASE(of_what_names_no_connection_is_by_its_stream) {
  SampleEntry last = NotConnected();
  last.facts().moment = LogMoment::kEnd;
  SampleEntry periodic = NotConnected();
  periodic.facts().moment = LogMoment::kPeriodic;
  periodic.facts().start_time = 1'700'000'000'123'000'000;  // rounded by what passed it on
  periodic.facts().duration = kAbsent;
  BOOST_TEST(KeyOf(last) == KeyOf(periodic));
  periodic.node = SampleNode("other");
  BOOST_TEST(KeyOf(last) != KeyOf(periodic));
  SampleEntry next = NotConnected();
  next.facts().start_time += base::kMillisecond;
  BOOST_TEST(KeyOf(last) != KeyOf(next));
}

BOOST_AUTO_TEST_CASE(is_the_same_whether_the_entry_is_packed_or_not) {
  SampleEntry sample = Side(Reporter::kDestination);
  const AccessEntry& entry = sample.entry;
  BOOST_TEST(KeyOf(sample) ==
             PartitionKey(entry.facts, 0, entry.text(Text::kPath), sample.node->id));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(partition_of)

BOOST_AUTO_TEST_CASE(is_the_high_word_of_key_times_count) {
  BOOST_TEST(PartitionOf(0, 4) == 0);
  BOOST_TEST(PartitionOf(UINT64_MAX, 1) == 0);
  BOOST_TEST(PartitionOf(UINT64_MAX, 4) == 3);
  BOOST_TEST(PartitionOf(uint64_t{1} << 62, 4) == 1);
  BOOST_TEST(PartitionOf((uint64_t{1} << 62) - 1, 4) == 0);
  // A third of 2^64, rounded up and down: the lower half of the key decides.
  BOOST_TEST(PartitionOf(6148914691236517206ULL, 3) == 1);
  BOOST_TEST(PartitionOf(6148914691236517205ULL, 3) == 0);
  BOOST_TEST(PartitionOf(UINT64_MAX, UINT32_MAX) == UINT32_MAX - 1);
}

BOOST_AUTO_TEST_CASE(is_spread_evenly_also_for_the_few_ids_that_sampling_keeps) {
  constexpr uint32_t kPartitions = 8;
  std::vector<int> kept(kPartitions);
  int all = 0;
  SampleEntry sample;
  for (int i = 0; i < 80'000; ++i) {
    const uint64_t hash = HashRequestId("id-" + std::to_string(i));
    if (hash >= UINT64_MAX / 10) continue;
    ++all;
    ++kept[PartitionOf(PartitionKey(sample.entry.facts, hash, "", ""), kPartitions)];
  }
  for (const int partition : kept) {
    BOOST_TEST(partition > all / 8 - 150);  // about five standard deviations
    BOOST_TEST(partition < all / 8 + 150);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
