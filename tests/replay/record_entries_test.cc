// SPDX-License-Identifier: Apache-2.0
#include "replay/record_entries.h"

#include <boost/test/unit_test.hpp>

#include "fmt/format.h"
#include "traffic/pair_json.h"
#include "traffic/read_pair.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: what the unit under test makes

// The record of `pair`, made into entries, and written again.
std::string WrittenAgain(const std::string& line) {
  const auto record = ReadPair(line);
  BOOST_REQUIRE_MESSAGE(record.ok(), Message(record.status()));
  replay::EntryMaker maker;
  const auto entries = maker.Make(*record);
  std::string out;
  AppendRecordJson(record->id(), record->tap(), entries.pair, &out);
  return out;
}

std::string LineOf(const SamplePair& sample) {
  std::string out;
  AppendPairJson({"shop/errors"}, sample.pair, &out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_entries)

BOOST_AUTO_TEST_CASE(a_half_with_everything_set_is_written_again_as_it_was) {
  for (const Reporter reporter : {Reporter::kSource, Reporter::kDestination}) {
    const SampleEntry entry = FullEntry(reporter);
    const bool client = reporter == Reporter::kSource;
    SamplePair sample(client ? &entry : nullptr,
                      client ? std::vector<const SampleEntry*>{} : std::vector{&entry});
    sample.pair.orphan_reason = OrphanReason::kLateBeyondWindow;
    sample.pair.verdict = Verdict::kServerError;
    BOOST_TEST(WrittenAgain(LineOf(sample)) == LineOf(sample));
  }
}

BOOST_AUTO_TEST_CASE(a_pair_with_retries_is_written_again_as_it_was) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  SampleEntry first = FullEntry(Reporter::kDestination);
  SampleEntry last = FullEntry(Reporter::kDestination);
  first.node = SampleNode("cart", "shop");
  last.facts().response_code = 200;
  SamplePair sample(&client, {&first, &last});
  sample.pair.verdict = Verdict::kMismatch;
  BOOST_TEST(WrittenAgain(LineOf(sample)) == LineOf(sample));
}

BOOST_AUTO_TEST_CASE(the_weight_and_traces_of_a_record_are_written_again_as_they_were) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  SampleEntry elsewhere = FullEntry(Reporter::kDestination);
  elsewhere.facts().trace.trace_low = 7;
  SamplePair sample(&client, {&elsewhere});
  sample.pair.weight = 4;
  BOOST_TEST(LineOf(sample).find("\"weight\":4") != std::string::npos);
  BOOST_TEST(WrittenAgain(LineOf(sample)) == LineOf(sample));
}

BOOST_AUTO_TEST_CASE(what_denied_a_call_is_written_again_as_it_was) {
  SampleEntry server = FullEntry(Reporter::kDestination);
  server.Set(Text::kResponseCodeDetails,
             "rbac_access_denied_matched_policy[ns[shop]-policy[carts]-rule[2]]");
  SamplePair sample(nullptr, {&server});
  sample.pair.verdict = Verdict::kDenied;
  BOOST_TEST(LineOf(sample).find("shop/carts") != std::string::npos);
  BOOST_TEST(WrittenAgain(LineOf(sample)) == LineOf(sample));
}

BOOST_AUTO_TEST_CASE(what_was_only_tried_is_written_again_as_it_was) {
  SampleEntry server(Reporter::kDestination);
  const SampleEntry client(Reporter::kSource);
  for (const char* policy : {"ns[shop]-policy[carts]-rule[2]", "plain", ""}) {
    for (const auto result : {DryRunResult::kDenied, DryRunResult::kAllowed}) {
      server.Set(Text::kDryRunPolicy, policy);
      server.facts().dry_run = result;
      const SamplePair sample(&client, {&server});
      BOOST_TEST(LineOf(sample).find("dryRun") != std::string::npos);
      BOOST_TEST(WrittenAgain(LineOf(sample)) == LineOf(sample));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_connection_without_texts_is_written_again_as_it_was) {
  SampleEntry entry(Reporter::kDestination);
  entry.facts().kind = EntryKind::kTcp;
  entry.facts().start_time = 1'700'000'000 * base::kSecond;
  entry.facts().duration = 0;
  const SamplePair sample(nullptr, {&entry});
  BOOST_TEST(WrittenAgain(LineOf(sample)) == LineOf(sample));
}

BOOST_AUTO_TEST_CASE(a_side_that_the_reader_may_not_see_is_left_out) {
  const auto record = ReadPair(
      R"({"request":{"method":"GET"},"client":{"code":200},"server":[{"reduced":true,"code":500}]})");
  replay::EntryMaker maker;
  const auto entries = maker.Make(*record);
  BOOST_TEST(entries.reduced);
  BOOST_TEST(entries.pair.servers.empty());
  BOOST_TEST(entries.pair.client != nullptr);
}

BOOST_AUTO_TEST_CASE(values_that_no_proxy_writes_do_no_harm) {
  const auto record = ReadPair(
      R"({"request":{"method":"BREW","protocol":"GOPHER"},"verdict":"New","orphanReason":"New",)"
      R"("client":{"durationMs":1e300,"lastRxByteMs":-5,"flags":["","XX","FLAG99","FLAG0","FLAG"],)"
      R"("upstreamRemote":"nonsense","upstreamLocal":":80","downstreamLocal":"[::1]:99999",)"
      R"("tlsVersion":4000000000}})");
  BOOST_REQUIRE_MESSAGE(record.ok(), Message(record.status()));
  replay::EntryMaker maker;
  const auto entries = maker.Make(*record);
  const auto& facts = entries.pair.client->facts;
  BOOST_TEST(facts.duration == kAbsent);
  BOOST_TEST(facts.response_flags.empty());
  BOOST_TEST(!facts.upstream_remote.present());
  BOOST_TEST((entries.pair.verdict == Verdict::kOk));
  for (const char* weight : {"-3", "0", "0.5", "1e300"}) {
    const auto odd =
        ReadPair(fmt::format(R"({{"request":{{}},"client":{{}},"weight":{}}})", weight));
    BOOST_REQUIRE(odd.ok());
    BOOST_TEST(maker.Make(*odd).pair.weight == 1);
  }
}

// A small compressed file may hold names of a megabyte each.
BOOST_AUTO_TEST_CASE(long_names_are_cut_and_what_is_kept_of_them_is_bounded) {
  replay::EntryMaker maker;
  const std::string longest(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) {
    v1::TrafficPair record;
    for (auto* end : {record.mutable_source(), record.mutable_destination()}) {
      end->set_pod(std::to_string(i) + longest);
      end->set_name(longest);
      end->set_namespace_(longest);
      end->set_cluster(longest);
      end->set_service_account(longest);
      end->set_ip(longest);
    }
    record.mutable_client()->set_code(200);
    record.add_server()->set_pod(longest);
    const auto entries = maker.Make(record);
    BOOST_REQUIRE(entries.pair.client != nullptr);
    BOOST_TEST(entries.pair.client->node->pod.size() == 1024u);
    BOOST_TEST(entries.pair.client->node->id.size() < 5'000u);
    BOOST_TEST(entries.pair.client->node->ip.size() == 1024u);
  }
  BOOST_TEST(maker.node_bytes() > 0u);
  BOOST_TEST(maker.node_bytes() < 3'000'000u);
}

BOOST_AUTO_TEST_CASE(beyond_the_bound_of_nodes_entries_are_still_made) {
  replay::EntryMaker maker;
  const std::string name(1000, 'x');
  for (int i = 0; i < 20'000; ++i) {
    v1::TrafficPair record;
    record.mutable_source()->set_pod(std::to_string(i) + name);
    record.mutable_source()->set_name(name);
    record.mutable_client()->set_code(200);
    BOOST_REQUIRE(maker.Make(record).pair.client != nullptr);
  }
  BOOST_TEST(maker.node_bytes() <= replay::EntryMaker::kNodeBytesMax);
  BOOST_TEST(maker.node_bytes() > replay::EntryMaker::kNodeBytesMax - 10'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
