// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_batch.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "nlohmann/json.hpp"
#include "traffic/pair_json.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

std::shared_ptr<const RecordOrigin> Origin() {
  return std::make_shared<const RecordOrigin>(RecordOrigin{"shop/errors"});
}

SampleEntry WithPath(Reporter reporter, const std::string& path) {
  SampleEntry sample(reporter);
  sample.Set(Text::kPath, path);
  return sample;
}

void AddClient(RecordBatch* batch, const SampleEntry& client) {
  const SamplePair sample(&client, {});
  batch->Add(sample.pair, sample.nodes());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_batch)

BOOST_AUTO_TEST_CASE(keeps_pairs_after_what_they_viewed_is_gone) {
  RecordBatch batch(Origin());
  {
    const SampleEntry client = WithPath(Reporter::kSource, "/client");
    const SampleEntry first = WithPath(Reporter::kDestination, "/first");
    const SampleEntry last = WithPath(Reporter::kDestination, "/last");
    SamplePair sample(&client, {&first, &last});
    sample.pair.verdict = Verdict::kRetried;
    batch.Add(sample.pair, sample.nodes());
    SamplePair orphan(nullptr, {&last});
    orphan.pair.orphan_reason = OrphanReason::kPeerNotTapped;
    batch.Add(orphan.pair, orphan.nodes());
  }
  BOOST_REQUIRE(batch.size() == 2);
  const TrafficPair pair = batch.pair(0);
  BOOST_TEST(pair.client->text(Text::kPath) == "/client");
  BOOST_REQUIRE(pair.servers.size() == 2);
  BOOST_TEST(pair.servers[0]->text(Text::kPath) == "/first");
  BOOST_TEST(pair.server()->text(Text::kPath) == "/last");
  BOOST_TEST(pair.server()->node->workload == "cart");
  BOOST_CHECK(pair.verdict == Verdict::kRetried);
  const TrafficPair orphan = batch.pair(1);
  BOOST_TEST(orphan.client == nullptr);
  BOOST_CHECK(orphan.orphan_reason == OrphanReason::kPeerNotTapped);
}

BOOST_AUTO_TEST_CASE(renders_one_line_per_record) {
  RecordBatch batch(Origin());
  const std::vector<std::string> paths = {"/a", "/b", "/c"};
  for (const auto& path : paths) AddClient(&batch, WithPath(Reporter::kSource, path));
  for (const size_t index : {2, 0, 1}) {
    const auto line = batch.json_line(index);
    BOOST_TEST(line.find('\n') == line.size() - 1);
    const auto json = nlohmann::json::parse(line);
    BOOST_TEST(json["request"]["path"] == paths[index]);
    BOOST_TEST(json["tap"] == "shop/errors");
  }
}

BOOST_AUTO_TEST_CASE(renders_once_for_several_outputs) {
  RecordBatch batch(Origin());
  AddClient(&batch, WithPath(Reporter::kSource, "/a"));
  const char* rendered[4] = {};
  std::vector<std::thread> outputs;
  for (auto& at : rendered) {
    outputs.emplace_back([&batch, &at] { at = batch.json(0).rest.data(); });
  }
  for (auto& output : outputs) output.join();
  for (const char* at : rendered) BOOST_TEST((at != nullptr && at == rendered[0]));
}

BOOST_AUTO_TEST_CASE(the_key_is_the_masked_id_on_both_sides) {
  RecordBatch batch(Origin());
  SampleEntry client(Reporter::kSource);
  client.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555555");
  AddClient(&batch, client);
  SampleEntry server(Reporter::kDestination);
  server.Set(Text::kRequestId, "11111111-2222-9333-8444-555555555555");
  const SamplePair orphan(nullptr, {&server});
  batch.Add(orphan.pair, orphan.nodes());
  BOOST_TEST(batch.key(0) == batch.key(1));
  BOOST_TEST(batch.key(0) == "11111111-2222-0333-8444-555555555555");
}

BOOST_AUTO_TEST_CASE(the_key_of_a_record_without_id_is_its_connection_on_both_sides) {
  RecordBatch batch(Origin());
  const auto here = *ParseSocketAddress("10.0.0.1", 40'000);
  const auto there = *ParseSocketAddress("10.0.0.2", 5432);
  SampleEntry client(Reporter::kSource);
  client.facts().upstream_local = here;
  client.facts().upstream_remote = there;
  AddClient(&batch, client);
  SampleEntry server(Reporter::kDestination);
  server.facts().downstream_direct_remote = here;
  server.facts().downstream_local = there;
  const SamplePair orphan(nullptr, {&server});
  batch.Add(orphan.pair, orphan.nodes());
  BOOST_TEST(batch.key(0) == "10.0.0.1:40000-10.0.0.2:5432");
  BOOST_TEST(batch.key(1) == batch.key(0));
}

BOOST_AUTO_TEST_CASE(counts_its_memory) {
  RecordBatch batch(Origin());
  BOOST_TEST(batch.bytes() == 0);
  AddClient(&batch, WithPath(Reporter::kSource, std::string(10'000, 'x')));
  BOOST_TEST(batch.bytes() > 10'000);
}

BOOST_AUTO_TEST_CASE(a_record_that_taps_have_in_common_reads_as_one_that_each_has_for_itself) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  const SampleEntry server = FullEntry(Reporter::kDestination);
  SamplePair sample(&client, {&server});
  sample.pair.verdict = Verdict::kServerError;
  sample.pair.weight = 4;
  const auto store = std::make_shared<RecordStore>();
  store->Add(sample.pair, sample.nodes());
  const uint32_t index = store->Add(sample.pair, sample.nodes());
  for (const std::string tap : {"shop/errors", "everything", "a \"quoted\" one", ""}) {
    const auto origin = std::make_shared<const RecordOrigin>(RecordOrigin{tap});
    RecordBatch alone(origin);
    alone.Add(sample.pair, sample.nodes());
    RecordBatch sharing(origin);
    sharing.AddShared(store, index);
    BOOST_TEST(sharing.json_line(0) == alone.json_line(0));
    BOOST_TEST(sharing.json(0).size() == alone.json_line(0).size());
    BOOST_TEST(sharing.key(0) == alone.key(0));
    std::string line;
    AppendPairJson(*origin, sample.pair, &line);
    BOOST_TEST(sharing.json_line(0) == line + '\n');
    BOOST_TEST((sharing.json(0).rest.data() == store->json_line(index).data() + kJsonBeforeTap));
  }
}

BOOST_AUTO_TEST_CASE(its_own_records_and_shared_ones_stand_in_the_order_in_which_they_came) {
  const auto store = std::make_shared<RecordStore>();
  const SampleEntry shared = WithPath(Reporter::kSource, "/shared");
  const SamplePair sample(&shared, {});
  const uint32_t index = store->Add(sample.pair, sample.nodes());
  auto batch = std::make_shared<RecordBatch>(Origin());
  AddClient(batch.get(), WithPath(Reporter::kSource, "/first"));
  batch->AddShared(store, index);
  AddClient(batch.get(), WithPath(Reporter::kSource, "/last"));
  const auto paths = [](const RecordBatch& of) {
    std::string out;
    for (size_t i = 0; i < of.size(); ++i) out += of.pair(i).client->text(Text::kPath);
    return out;
  };
  BOOST_TEST(paths(*batch) == "/first/shared/last");
  BOOST_TEST(paths(*CopySelected({batch, {}}).batch) == "/first/shared/last");
  BOOST_TEST(paths(*CopySelected({batch, {1, 2}}).batch) == "/shared/last");
}

BOOST_AUTO_TEST_CASE(a_batch_is_charged_all_of_a_store_that_it_keeps_in_memory) {
  const auto store = std::make_shared<RecordStore>();
  for (int i = 0; i < 8; ++i) {
    const SampleEntry client = WithPath(Reporter::kSource, std::string(1000, 'x'));
    const SamplePair sample(&client, {});
    store->Add(sample.pair, sample.nodes());
  }
  auto batch = std::make_shared<RecordBatch>(Origin());
  batch->AddShared(store, 3);
  BOOST_TEST(batch->held() == 8u);
  BOOST_TEST(batch->bytes() >= store->bytes());
  BOOST_TEST(batch->footprint() >= store->footprint());
  AddClient(batch.get(), WithPath(Reporter::kSource, "/own"));
  BOOST_TEST(batch->held() == 9u);
  batch->AddShared(store, 5);
  BOOST_TEST(batch->held() == 9u);
}

BOOST_AUTO_TEST_CASE(few_records_of_what_is_in_memory_are_detached_from_it_and_many_are_not) {
  auto store = std::make_shared<RecordStore>();
  auto batch = std::make_shared<RecordBatch>(Origin());
  for (int i = 0; i < 9; ++i) {
    const SampleEntry client = WithPath(Reporter::kSource, "/a");
    const SamplePair sample(&client, {});
    const uint32_t index = store->Add(sample.pair, sample.nodes());
    if (i < 3) batch->AddShared(store, index);
  }
  BOOST_TEST((Detached({batch, {}}).batch == batch));
  const auto two = Detached({batch, {0, 2}});
  BOOST_TEST((two.batch != batch));
  BOOST_TEST(two.size() == 2u);
  BOOST_TEST(two.batch->held() == 2u);
  BOOST_TEST(two.batch->json_line(1) == batch->json_line(2));
  const std::weak_ptr<const RecordStore> whole = store;
  store = nullptr;
  batch = nullptr;
  BOOST_TEST(whole.expired());
}

BOOST_AUTO_TEST_CASE(a_selection_without_indexes_is_the_whole_batch) {
  auto batch = std::make_shared<RecordBatch>(Origin());
  for (const char* path : {"/a", "/b", "/c"})
    AddClient(batch.get(), WithPath(Reporter::kSource, path));
  const RecordSelection all{batch, {}};
  BOOST_TEST(all.size() == 3);
  BOOST_TEST(all.index(2) == 2);
  const RecordSelection some{batch, {0, 2}};
  BOOST_TEST(some.size() == 2);
  BOOST_TEST(some.index(1) == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
