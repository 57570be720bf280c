// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_store.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "traffic/pair_json.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

}  // namespace

BOOST_AUTO_TEST_SUITE(record_store)

BOOST_AUTO_TEST_CASE(tells_where_each_record_is_and_keeps_it_with_its_nodes) {
  RecordStore store;
  for (const char* path : {"/a", "/b"}) {
    SampleEntry client(Reporter::kSource);
    client.Set(Text::kPath, path);
    SamplePair sample(&client, {});
    sample.pair.orphan_reason = OrphanReason::kPeerNotMeshed;
    sample.pair.weight = 2.5;
    const uint32_t index = store.Add(sample.pair, sample.nodes());
    BOOST_TEST(index == store.size() - 1);
  }
  BOOST_REQUIRE(store.size() == 2u);
  BOOST_TEST(store.pair(0).client->text(Text::kPath) == "/a");
  BOOST_TEST(store.pair(1).client->text(Text::kPath) == "/b");
  BOOST_TEST(store.pair(1).client->node->workload == "cart");
  BOOST_CHECK(store.pair(1).orphan_reason == OrphanReason::kPeerNotMeshed);
  BOOST_TEST(store.pair(1).weight == 2.5);
  BOOST_TEST(store.nodes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(holds_what_redaction_leaves_of_an_entry_and_nothing_else) {
  RecordStore store;
  SampleEntry client(Reporter::kSource);
  client.Set(Text::kPath, "/s3cret");
  const SamplePair sample(&client, {});
  store.Add(sample.pair, sample.nodes(), [](const AccessEntry& entry) {
    AccessEntry out = entry;
    out.text(Text::kPath) = "/***";
    return out;
  });
  BOOST_TEST(store.pair(0).client->text(Text::kPath) == "/***");
  BOOST_TEST(store.json_line(0).find("s3cret") == std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(renders_once_and_for_a_tap_without_a_name) {
  RecordStore store;
  const SampleEntry client = FullEntry(Reporter::kSource);
  const SamplePair sample(&client, {});
  store.Add(sample.pair, sample.nodes());
  std::string line;
  AppendPairJson({}, sample.pair, &line);
  BOOST_TEST(store.json_line(0) == line + '\n');
  const char* rendered[4] = {};
  std::vector<std::thread> outputs;
  for (auto& at : rendered) outputs.emplace_back([&store, &at] { at = store.json_line(0).data(); });
  for (auto& output : outputs) output.join();
  for (const char* at : rendered) BOOST_TEST((at != nullptr && at == rendered[0]));
}

BOOST_AUTO_TEST_CASE(counts_its_memory_with_and_without_the_json) {
  RecordStore store;
  BOOST_TEST(store.footprint() == 0u);
  SampleEntry client(Reporter::kSource);
  client.Set(Text::kPath, std::string(1000, 'x'));
  const SamplePair sample(&client, {});
  store.Add(sample.pair, sample.nodes());
  BOOST_TEST(store.bytes() >= sample.pair.client->bytes);
  BOOST_TEST(store.footprint() >= store.bytes() + store.json_line(0).size());
}

BOOST_AUTO_TEST_CASE(counts_the_json_of_both_sides_of_a_request) {
  SampleEntry sides[] = {FullEntry(Reporter::kSource), FullEntry(Reporter::kDestination)};
  for (SampleEntry& side : sides) {
    // What few requests have.
    side.facts().trace = {};
    side.facts().dry_run = DryRunResult::kNone;
    side.facts().grpc_status = GrpcStatus::kAbsent;
  }
  RecordStore store;
  const SamplePair sample(&sides[0], {&sides[1]});
  store.Add(sample.pair, sample.nodes());
  BOOST_TEST(store.json_line(0).size() > 2000u);
  BOOST_TEST(store.footprint() - store.bytes() >= store.json_line(0).size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
