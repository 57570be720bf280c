// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_codec.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "traffic/sample_entries.h"

namespace traffictap::traffic {

namespace {

RecordSelection Sample() {
  auto batch =
      std::make_shared<RecordBatch>(std::make_shared<RecordOrigin>(RecordOrigin{"shop/tap"}));
  SampleEntry client = FullEntry(Reporter::kSource);
  SampleEntry server = FullEntry(Reporter::kDestination);
  SampleEntry retry = FullEntry(Reporter::kDestination);
  client.Set(Text::kRequestId, "12345678-1234-4234-8234-123456789012");
  client.Set(Text::kRequestHeaders, HeaderList({{"x-a", "1"}, {"x-empty", ""}}));
  client.Set(Text::kPath, std::string("/\0\xff\xfe", 4));
  retry.facts().grpc_status = GrpcStatus::kAbsent;
  retry.facts().duration = kAbsent;
  retry.facts().response_body_bytes = UINT64_MAX;
  const NodePtr cart = SampleNode("cart");
  const NodePtr stock = SampleNode("stock", "other");
  EntryBatch entries(nullptr);
  const auto add = [&](const SampleEntry& sample, const NodePtr& node) {
    PackedEntry* out = entries.Add(sample.entry);
    out->node = node.get();
    return static_cast<const PackedEntry*>(out);
  };
  const PackedEntry* one = add(client, cart);
  const PackedEntry* servers[] = {add(server, stock), add(retry, stock)};
  TrafficPair pair;
  pair.client = one;
  pair.servers = servers;
  pair.verdict = Verdict::kRetried;
  pair.weight = 1 / 0.3;
  const NodePtr nodes[] = {cart, stock, stock};
  batch->Add(pair, nodes);
  TrafficPair orphan;
  orphan.servers = {servers, 1};
  orphan.verdict = Verdict::kServerError;
  orphan.orphan_reason = OrphanReason::kPeerNotMeshed;
  batch->Add(orphan, {&stock, 1});
  return {batch, {}};
}

std::string Lines(const RecordBatch& batch) {
  std::string out;
  for (size_t i = 0; i < batch.size(); ++i) out += batch.json_line(i);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_codec)

BOOST_AUTO_TEST_CASE(records_come_back_as_they_were_under_the_same_ids_and_keys) {
  const auto records = Sample();
  std::shared_ptr<RecordBatch> back;
  BOOST_REQUIRE(DecodeRecords(EncodeRecords(records, 0, 2), &back).ok());
  BOOST_TEST(back->origin().tap == "shop/tap");
  BOOST_TEST(Lines(*back) == Lines(*records.batch));
  BOOST_TEST(back->key(0) == records.batch->key(0));
  for (size_t i = 0; i < 2; ++i) {
    const Node& before = *records.batch->pair(i).principal().node;
    const Node& after = *back->pair(i).principal().node;
    BOOST_TEST(after.id == before.id);
    BOOST_TEST(after.proxy_type == before.proxy_type);
    BOOST_CHECK(after.labels == before.labels);
  }
}

BOOST_AUTO_TEST_CASE(a_part_is_encoded_and_appended_to_what_is_there) {
  const auto records = Sample();
  std::shared_ptr<RecordBatch> back;
  BOOST_REQUIRE(DecodeRecords(EncodeRecords(records, 0, 1), &back).ok());
  BOOST_REQUIRE(DecodeRecords(EncodeRecords(records, 1, 1), &back).ok());
  BOOST_TEST(Lines(*back) == Lines(*records.batch));
}

BOOST_AUTO_TEST_CASE(records_of_another_tap_are_refused_and_change_nothing) {
  const auto records = Sample();
  auto back =
      std::make_shared<RecordBatch>(std::make_shared<RecordOrigin>(RecordOrigin{"shop/other"}));
  BOOST_TEST(DecodeRecords(EncodeRecords(records, 0, 2), &back).code() ==
             absl::StatusCode::kFailedPrecondition);
  BOOST_TEST(back->size() == 0u);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_cut_anywhere_are_refused_and_change_nothing) {
  const std::string bytes = EncodeRecords(Sample(), 0, 2);
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::shared_ptr<RecordBatch> back;
    BOOST_TEST(!DecodeRecords(std::string_view(bytes).substr(0, size), &back).ok(), size);
    BOOST_TEST((back == nullptr), size);
  }
  std::shared_ptr<RecordBatch> back;
  BOOST_TEST(!DecodeRecords(bytes + "x", &back).ok());
}

// Ids once depended on the collector's name, which stood behind the tap's.
BOOST_AUTO_TEST_CASE(what_an_older_build_has_kept_is_read_whatever_its_collectors_name) {
  const auto records = Sample();
  const std::string before = std::string("\x02\x08shop/tap", 10);
  std::shared_ptr<RecordBatch> back;
  for (const std::string name : {"collector-1", "collector-2"}) {
    std::string bytes = EncodeRecords(records, name == "collector-1" ? 0 : 1, 1);
    BOOST_REQUIRE(bytes.starts_with(before + '\0'));
    bytes.replace(before.size(), 1, static_cast<char>(name.size()) + name);
    BOOST_REQUIRE(DecodeRecords(bytes, &back).ok());
  }
  BOOST_TEST(Lines(*back) == Lines(*records.batch));
}

// With the sanitizers this shows more than without.
BOOST_AUTO_TEST_CASE(altered_bytes_are_safe_whatever_they_become) {
  const std::string bytes = EncodeRecords(Sample(), 0, 2);
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string altered = bytes;
    for (int hits = 0; hits < 3; ++hits) {
      altered[random() % altered.size()] = static_cast<char>(random());
    }
    std::shared_ptr<RecordBatch> back;
    if (DecodeRecords(altered, &back).ok()) BOOST_TEST(!Lines(*back).empty());
  }
}

BOOST_AUTO_TEST_CASE(what_a_newer_build_has_added_to_a_list_is_passed_over) {
  const std::string bytes = EncodeRecords(Sample(), 1, 1);
  std::shared_ptr<RecordBatch> back;
  BOOST_REQUIRE(DecodeRecords(bytes, &back).ok());
  // The texts of the last entry come last: one more of them, and a count to fit.
  const std::string newer = bytes + std::string("\x01x", 2);
  for (size_t at = newer.size(); at-- > 0;) {
    if (newer[at] != static_cast<char>(kTextCount)) continue;
    std::string one_more = newer;
    one_more[at] = static_cast<char>(kTextCount + 1);
    std::shared_ptr<RecordBatch> of_newer;
    if (!DecodeRecords(one_more, &of_newer).ok()) continue;
    BOOST_TEST(Lines(*of_newer) == Lines(*back));
    return;
  }
  BOOST_ERROR("no count of texts found");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::traffic
