// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/spans.h"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <set>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: what the unit under test looks at
using opentelemetry::proto::trace::v1::Span;
using ProtoStatus = opentelemetry::proto::trace::v1::Status;

const RecordOrigin kOrigin{"shop/tap"};

std::deque<Span> SpansOf(const TrafficPair& pair) {
  std::deque<Span> out;
  sinks::AppendSpans(kOrigin, pair, [&](const PackedEntry&) { return &out.emplace_back(); });
  return out;
}

SampleEntry Entry(Reporter reporter, base::Nanos start, base::Nanos duration) {
  SampleEntry entry(reporter);
  entry.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555555");
  entry.facts().method = Method::kGet;
  entry.facts().response_code = 200;
  entry.facts().start_time = start;
  entry.facts().duration = duration;
  return entry;
}

bool Has(const Span& span, const std::string& key) {
  for (const auto& attribute : span.attributes()) {
    if (attribute.key() == key) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spans)

BOOST_AUTO_TEST_CASE(a_stream_has_spans_when_it_has_ended) {
  auto client = Entry(Reporter::kSource, 1000, 500);
  client.facts().moment = LogMoment::kPeriodic;
  BOOST_TEST(SpansOf(SamplePair(&client, {}).pair).empty());
}

BOOST_AUTO_TEST_CASE(spans_of_a_sample_say_for_how_many_requests_they_stand) {
  const auto client = Entry(Reporter::kSource, 1000, 500);
  const auto server = Entry(Reporter::kDestination, 1100, 300);
  SamplePair sample(&client, {&server});
  for (const auto& span : SpansOf(sample.pair)) BOOST_TEST(!Has(span, "traffictap.weight"));
  sample.pair.weight = 4;
  for (const auto& span : SpansOf(sample.pair)) BOOST_TEST(Has(span, "traffictap.weight"));
}

BOOST_AUTO_TEST_CASE(the_servers_span_is_the_clients_child_in_the_same_trace) {
  const auto client = Entry(Reporter::kSource, 1000, 500);
  const auto server = Entry(Reporter::kDestination, 1100, 300);
  const auto out = SpansOf(SamplePair(&client, {&server}).pair);
  BOOST_REQUIRE(out.size() == 2u);
  BOOST_TEST(out[0].kind() == Span::SPAN_KIND_CLIENT);
  BOOST_TEST(out[1].kind() == Span::SPAN_KIND_SERVER);
  BOOST_TEST(out[1].parent_span_id() == out[0].span_id());
  BOOST_TEST(out[0].parent_span_id().empty());
  BOOST_TEST(out[0].trace_id() == out[1].trace_id());
  BOOST_TEST(out[0].name() == "GET");
}

BOOST_AUTO_TEST_CASE(each_span_has_its_own_clocks_times_even_where_they_contradict) {
  const auto client = Entry(Reporter::kSource, 10'000, 500);
  const auto server = Entry(Reporter::kDestination, 4'000, 9'000);
  const auto out = SpansOf(SamplePair(&client, {&server}).pair);
  BOOST_TEST(out[0].start_time_unix_nano() == 10'000u);
  BOOST_TEST(out[0].end_time_unix_nano() == 10'500u);
  BOOST_TEST(out[1].start_time_unix_nano() == 4'000u);
  BOOST_TEST(out[1].end_time_unix_nano() == 13'000u);
  BOOST_TEST(Has(out[1], "traffictap.timings.clock_offset_ms"));
}

BOOST_AUTO_TEST_CASE(an_entry_without_a_duration_ends_when_it_starts) {
  const auto client = Entry(Reporter::kSource, 1000, kAbsent);
  const auto out = SpansOf(SamplePair(&client, {}).pair);
  BOOST_TEST(out[0].end_time_unix_nano() == 1000u);
}

BOOST_AUTO_TEST_CASE(every_attempt_is_a_span_of_its_own) {
  const auto client = Entry(Reporter::kSource, 1000, 900);
  auto first = Entry(Reporter::kDestination, 1100, 100);
  first.facts().response_code = 503;
  const auto second = Entry(Reporter::kDestination, 1400, 100);
  const auto out = SpansOf(SamplePair(&client, {&first, &second}).pair);
  BOOST_REQUIRE(out.size() == 3u);
  BOOST_TEST(out[1].parent_span_id() == out[0].span_id());
  BOOST_TEST(out[2].parent_span_id() == out[0].span_id());
  BOOST_TEST((std::set{out[0].span_id(), out[1].span_id(), out[2].span_id()}.size() == 3u));
  BOOST_TEST(out[1].status().code() == ProtoStatus::STATUS_CODE_ERROR);
  BOOST_TEST(out[2].status().code() == ProtoStatus::STATUS_CODE_UNSET);
  BOOST_TEST(!Has(out[1], "traffictap.timings.between_ms"));
  BOOST_TEST(Has(out[2], "traffictap.timings.between_ms"));
}

BOOST_AUTO_TEST_CASE(a_half_alone_is_one_span) {
  const auto server = Entry(Reporter::kDestination, 1000, 100);
  SamplePair sample(nullptr, {&server});
  sample.pair.orphan_reason = OrphanReason::kPeerNotMeshed;
  const auto out = SpansOf(sample.pair);
  BOOST_REQUIRE(out.size() == 1u);
  BOOST_TEST(out[0].kind() == Span::SPAN_KIND_SERVER);
  BOOST_TEST(out[0].parent_span_id().empty());
  BOOST_TEST(Has(out[0], "traffictap.orphan_reason"));
}

BOOST_AUTO_TEST_CASE(the_requests_own_parent_is_the_clients_or_the_lone_servers) {
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto client = Entry(Reporter::kSource, 1000, 100);
  client.Set(Text::kRequestHeaders, HeaderList({{"tracestate", "a=b"}}));
  client.facts().trace = ParseTraceParent(parent).value();
  const auto server = Entry(Reporter::kDestination, 1000, 100);
  const auto both = SpansOf(SamplePair(&client, {&server}).pair);
  BOOST_TEST(both[0].parent_span_id() == "\xb7\xad\x6b\x71\x69\x20\x33\x31");
  BOOST_TEST(both[0].trace_state() == "a=b");
  BOOST_TEST(both[0].flags() == 0x301u);
  BOOST_TEST(both[1].parent_span_id() == both[0].span_id());
  auto lone = Entry(Reporter::kDestination, 1000, 100);
  lone.facts().trace = client.facts().trace;
  const auto alone = SpansOf(SamplePair(nullptr, {&lone}).pair);
  BOOST_TEST(alone[0].parent_span_id() == both[0].parent_span_id());
}

BOOST_AUTO_TEST_CASE(without_a_response_the_status_says_why) {
  auto client = Entry(Reporter::kSource, 1000, 100);
  client.facts().response_code = 0;
  client.Set(Text::kResponseCodeDetails, "downstream_remote_disconnect");
  const auto out = SpansOf(SamplePair(&client, {}).pair);
  BOOST_TEST(out[0].status().code() == ProtoStatus::STATUS_CODE_ERROR);
  BOOST_TEST(out[0].status().message() == "downstream_remote_disconnect");
}

BOOST_AUTO_TEST_CASE(a_connection_is_called_tcp) {
  auto client = Entry(Reporter::kSource, 1000, 100);
  client.facts().kind = EntryKind::kTcp;
  client.facts().response_code = 0;
  const auto out = SpansOf(SamplePair(&client, {}).pair);
  BOOST_TEST(out[0].name() == "TCP");
  BOOST_TEST(out[0].status().code() == ProtoStatus::STATUS_CODE_UNSET);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
