// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/export_batch.h"

#include <google/protobuf/util/json_util.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fakes/records.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "source_dir.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: what the unit under test looks at
using sinks::ExportBatch;
using sinks::Signal;
namespace collector = opentelemetry::proto::collector;

const std::filesystem::path kGolden =
    std::filesystem::path(SourceDir()) / "tests/sinks/otlp/golden";

template <typename Request>
std::string Json(const std::string& body) {
  Request request;
  BOOST_REQUIRE(request.ParseFromString(body));
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string out;
  BOOST_REQUIRE(google::protobuf::util::MessageToJsonString(request, &out, options).ok());
  return out;
}

// TRAFFICTAP_GOLDEN=write writes it anew: read the diff.
void CheckGolden(const std::string& name, const std::string& seen) {
  if (const char* mode = std::getenv("TRAFFICTAP_GOLDEN"); mode && std::string(mode) == "write") {
    std::ofstream(kGolden / name) << seen;
  }
  std::ostringstream golden;
  golden << std::ifstream(kGolden / name).rdbuf();
  BOOST_TEST(seen == golden.str());
}

// A retried call with every field set, and a connection that stayed alone.
std::shared_ptr<const RecordBatch> Sample() {
  auto batch =
      std::make_shared<RecordBatch>(std::make_shared<const RecordOrigin>(RecordOrigin{"shop/tap"}));
  SampleEntry client = FullEntry(Reporter::kSource);
  client.node = SampleNode("web");
  client.Set(Text::kPath, "/cart?id=REDACTED");
  SampleEntry first = FullEntry(Reporter::kDestination);
  first.facts().start_time += 2 * base::kMillisecond;
  SampleEntry second = FullEntry(Reporter::kDestination);
  second.facts().start_time += 4 * base::kMillisecond;
  second.facts().response_code = 200;
  SamplePair retried(&client, {&first, &second});
  retried.pair.verdict = Verdict::kRetried;
  batch->Add(retried.pair, retried.nodes());
  SampleEntry alone(Reporter::kSource);
  alone.facts().kind = EntryKind::kTcp;
  alone.facts().start_time = 1'700'000'001'000'000'000;
  alone.facts().duration = base::kSecond;
  alone.facts().upstream_remote = *ParseSocketAddress("10.0.0.7", 5432);
  SamplePair orphan(&alone, {});
  orphan.pair.orphan_reason = OrphanReason::kPeerNotMeshed;
  batch->Add(orphan.pair, orphan.nodes());
  return batch;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(export_batch)

BOOST_AUTO_TEST_CASE(the_requests_are_the_golden_ones) {
  ExportBatch batch{tap::OtlpOutput{}};
  const auto records = Sample();
  for (size_t i = 0; i < records->size(); ++i) batch.Add(records, i, 1'700'000'002'000'000'000);
  CheckGolden("logs.json",
              Json<collector::logs::v1::ExportLogsServiceRequest>(batch.Serialize(Signal::kLogs)));
  CheckGolden("traces.json", Json<collector::trace::v1::ExportTraceServiceRequest>(
                                 batch.Serialize(Signal::kTraces)));
}

BOOST_AUTO_TEST_CASE(records_of_one_proxy_share_their_resource_and_keep_their_order) {
  ExportBatch batch{tap::OtlpOutput{}};
  const auto records = fakes::MakeRecords(0, 5);
  for (size_t i = 0; i < 5; ++i) batch.Add(records.batch, i, 0);
  collector::logs::v1::ExportLogsServiceRequest request;
  BOOST_REQUIRE(request.ParseFromString(batch.Serialize(Signal::kLogs)));
  BOOST_REQUIRE(request.resource_logs_size() == 1);
  BOOST_TEST(request.resource_logs(0).scope_logs(0).log_records_size() == 5);
  BOOST_TEST(batch.records() == 5u);
}

BOOST_AUTO_TEST_CASE(its_bytes_are_about_those_of_the_larger_request) {
  ExportBatch batch{tap::OtlpOutput{}};
  BOOST_TEST(batch.bytes() == 0u);
  const auto records = fakes::MakeRecords(0, 50, 1000);
  for (size_t i = 0; i < 50; ++i) batch.Add(records.batch, i, 0);
  const size_t whole =
      std::max(batch.Serialize(Signal::kLogs).size(), batch.Serialize(Signal::kTraces).size());
  BOOST_TEST(batch.bytes() > whole * 9 / 10);
  BOOST_TEST(batch.bytes() <= whole);
}

BOOST_AUTO_TEST_CASE(a_signal_that_is_not_wanted_is_empty) {
  tap::OtlpOutput spec;
  spec.traces = false;
  ExportBatch batch(spec);
  const auto records = fakes::MakeRecords(0, 1);
  batch.Add(records.batch, 0, 0);
  BOOST_TEST(batch.Serialize(Signal::kTraces).empty());
  BOOST_TEST(!batch.Serialize(Signal::kLogs).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
