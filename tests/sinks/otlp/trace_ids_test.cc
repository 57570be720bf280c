// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/trace_ids.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "fmt/format.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace sinks;    // NOLINT: the names of the unit under test
using namespace traffic;  // NOLINT: what it looks at

constexpr const char* kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string Hex(const std::string& bytes) {
  std::string out;
  for (const unsigned char c : bytes) out += fmt::format("{:02x}", c);
  return out;
}

std::string IdOf(const std::string& request_id, Reporter reporter = Reporter::kSource,
                 base::Nanos start = 1) {
  SampleEntry entry(reporter);
  entry.Set(Text::kRequestId, request_id);
  entry.facts().start_time = start;
  return Hex(TraceIdOf(*PackedSample(entry).get()));
}

SampleEntry WithParent(Reporter reporter, const std::string& parent) {
  SampleEntry entry(reporter);
  entry.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555555");
  entry.Set(Text::kRequestHeaders, HeaderList({{"tracestate", "a=b"}}));
  entry.facts().trace = ParseTraceParent(parent).value();
  return entry;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_ids)

BOOST_AUTO_TEST_CASE(a_uuid_is_the_trace_id_whatever_its_version_digit) {
  BOOST_TEST(IdOf("11111111-2222-4333-8444-555555555555") == "11111111222203338444555555555555");
  BOOST_TEST(IdOf("11111111-2222-9333-8444-555555555555") == "11111111222203338444555555555555");
  BOOST_TEST(IdOf("ABCDEF11-2222-4333-8444-555555555555") == "abcdef11222203338444555555555555");
}

BOOST_AUTO_TEST_CASE(any_other_request_id_has_a_trace_id_of_its_own) {
  std::set<std::string> ids;
  for (const char* id : {"a", "b", "0000", "00000000-0000-4000-0000-000000000000",
                         "zzzzzzzz-2222-4333-8444-555555555555", "a-request-id-of-20-chars"}) {
    const std::string trace_id = IdOf(id);
    BOOST_TEST(trace_id.size() == 32u);
    BOOST_TEST(trace_id.find_first_not_of('0') != std::string::npos, id);
    BOOST_TEST(IdOf(id, Reporter::kDestination, 99) == trace_id);
    ids.insert(trace_id);
  }
  BOOST_TEST(ids.size() == 6u);
  BOOST_TEST(IdOf("a-request-id-o0-20-chars") != IdOf("a-request-id-of-20-char"));
}

BOOST_AUTO_TEST_CASE(without_a_request_id_connection_and_start_decide) {
  BOOST_TEST(IdOf("", Reporter::kSource, 1) == IdOf("", Reporter::kSource, 1));
  BOOST_TEST(IdOf("", Reporter::kSource, 1) != IdOf("", Reporter::kSource, 2));
}

BOOST_AUTO_TEST_CASE(the_requests_own_trace_is_the_trace_and_the_clients_parent) {
  const SampleEntry client = WithParent(Reporter::kSource, kParent);
  const SampleEntry server(Reporter::kDestination);
  const SamplePair sample(&client, {&server});
  const PairTrace trace = PairTraceOf(sample.pair);
  BOOST_TEST(Hex(trace.trace_id) == "0af7651916cd43dd8448eb211c80319c");
  BOOST_REQUIRE(trace.client_parent);
  BOOST_TEST(trace.client_parent->state == "a=b");
  BOOST_TEST(!trace.server_parent);
  BOOST_TEST(trace.log_span_id == SpanIdOf(*sample.pair.client));
}

BOOST_AUTO_TEST_CASE(the_servers_trace_counts_where_the_client_has_none) {
  const SampleEntry server = WithParent(Reporter::kDestination, kParent);
  const PairTrace trace = PairTraceOf(SamplePair(nullptr, {&server}).pair);
  BOOST_TEST(Hex(trace.trace_id) == "0af7651916cd43dd8448eb211c80319c");
  BOOST_TEST(trace.server_parent.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
