// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/log_record.h"

#include <boost/test/unit_test.hpp>

#include "sinks/otlp/trace_ids.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: what the unit under test looks at
namespace logs = opentelemetry::proto::logs::v1;

const RecordOrigin kOrigin{"shop/tap"};

logs::LogRecord Record(const TrafficPair& pair) {
  logs::LogRecord out;
  sinks::FillLogRecord(kOrigin, pair, 77, &out);
  return out;
}

// Null where it has none of this name.
const opentelemetry::proto::common::v1::AnyValue* Find(const logs::LogRecord& record,
                                                       const std::string& key) {
  for (const auto& attribute : record.attributes()) {
    if (attribute.key() == key) return &attribute.value();
  }
  return nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_record)

BOOST_AUTO_TEST_CASE(has_the_times_the_ids_and_a_line_to_read) {
  SampleEntry client = FullEntry(Reporter::kSource);
  client.Set(Text::kAuthority, "shop").Set(Text::kPath, "/cart");
  const SamplePair sample(&client, {});
  const auto record = Record(sample.pair);
  BOOST_TEST(record.time_unix_nano() == 1'700'000'000'123'456'789u);
  BOOST_TEST(record.observed_time_unix_nano() == 77u);
  BOOST_TEST(record.span_id() == sinks::SpanIdOf(*sample.pair.client));
  BOOST_TEST(record.trace_id().size() == 16u);
  BOOST_TEST(record.event_name() == "traffictap.pair");
  BOOST_TEST(record.body().string_value() == "POST shop/cart 503 Ok");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_open_says_so) {
  SampleEntry client = FullEntry(Reporter::kSource);
  client.Set(Text::kAuthority, "shop").Set(Text::kPath, "/feed");
  client.facts().moment = LogMoment::kPeriodic;
  const auto record = Record(SamplePair(&client, {}).pair);
  BOOST_TEST(record.body().string_value() == "POST shop/feed 503 Open");
  const auto* state = Find(record, "traffictap.state");
  BOOST_REQUIRE(state != nullptr);
  BOOST_TEST(state->string_value() == "Open");
}

BOOST_AUTO_TEST_CASE(a_record_of_a_sample_says_for_how_many_requests_it_stands) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  SamplePair sample(&client, {});
  BOOST_TEST(Find(Record(sample.pair), "traffictap.weight") == nullptr);
  sample.pair.weight = 4;
  const auto record = Record(sample.pair);
  const auto* weight = Find(record, "traffictap.weight");
  BOOST_REQUIRE(weight != nullptr);
  BOOST_TEST(weight->double_value() == 4.0);
}

BOOST_AUTO_TEST_CASE(the_verdict_decides_how_severe_it_is) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  SamplePair sample(&client, {});
  for (const auto& [verdict, severity] :
       {std::pair(Verdict::kOk, "INFO"), std::pair(Verdict::kServerError, "ERROR"),
        std::pair(Verdict::kClientAborted, "WARN"), std::pair(Verdict::kNetworkOrProxy, "ERROR"),
        std::pair(Verdict::kRetried, "WARN"), std::pair(Verdict::kMismatch, "WARN"),
        std::pair(Verdict::kDenied, "WARN")}) {
    sample.pair.verdict = verdict;
    BOOST_TEST(Record(sample.pair).severity_text() == severity);
  }
}

BOOST_AUTO_TEST_CASE(hostile_bytes_stay_within_a_valid_message) {
  SampleEntry client = FullEntry(Reporter::kSource);
  for (size_t text = 0; text < static_cast<size_t>(Text::kRequestHeaders); ++text) {
    client.Set(static_cast<Text>(text), "\xff\xc3\n\xed\xa0\x80");
  }
  client.Set(Text::kRequestHeaders, HeaderList({{"\xff", "\xff"}}));
  client.node = SampleNode("\xff", "\xff");
  logs::LogRecord read;
  BOOST_TEST(read.ParseFromString(Record(SamplePair(&client, {}).pair).SerializeAsString()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
