// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/log_record.h"

#include "fmt/format.h"
#include "sinks/otlp/http_attributes.h"
#include "sinks/otlp/pair_attributes.h"
#include "sinks/otlp/trace_ids.h"

namespace traffictap::sinks {
namespace {

namespace logs = opentelemetry::proto::logs::v1;
using traffic::Text;
using traffic::Verdict;

void FillSeverity(Verdict verdict, logs::LogRecord* out) {
  switch (verdict) {
    case Verdict::kOk:
      out->set_severity_number(logs::SEVERITY_NUMBER_INFO);
      out->set_severity_text("INFO");
      break;
    case Verdict::kRetried:
    case Verdict::kClientAborted:
    case Verdict::kMismatch:
    case Verdict::kDenied:
      out->set_severity_number(logs::SEVERITY_NUMBER_WARN);
      out->set_severity_text("WARN");
      break;
    case Verdict::kServerError:
    case Verdict::kNetworkOrProxy:
      out->set_severity_number(logs::SEVERITY_NUMBER_ERROR);
      out->set_severity_text("ERROR");
      break;
  }
}

const char* Outcome(const traffic::TrafficPair& pair) {
  return pair.open() ? "Open" : ToString(pair.verdict);
}

// What a person reads first: "GET shop.example/cart 503 NetworkOrProxy".
std::string Summary(const traffic::TrafficPair& pair) {
  const auto& entry = pair.principal();
  if (entry.facts.kind == traffic::EntryKind::kTcp) {
    return fmt::format("TCP {}", Outcome(pair));
  }
  return fmt::format("{} {}{} {} {}", ToString(entry.facts.method), entry.text(Text::kAuthority),
                     entry.text(Text::kPath), entry.facts.response_code, Outcome(pair));
}

}  // namespace

void FillLogRecord(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
                   base::Nanos observed, logs::LogRecord* out) {
  out->set_time_unix_nano(static_cast<uint64_t>(pair.principal().facts.start_time));
  out->set_observed_time_unix_nano(static_cast<uint64_t>(observed));
  FillSeverity(pair.verdict, out);
  out->set_event_name("traffictap.pair");
  out->mutable_body()->set_string_value(ToUtf8(Summary(pair)));
  const PairTrace trace = PairTraceOf(pair);
  out->set_trace_id(trace.trace_id);
  out->set_span_id(trace.log_span_id);
  AttributeWriter attributes(out->mutable_attributes());
  AddRequestAttributes(pair.principal(), attributes);
  AddPairAttributes(origin, pair, attributes);
  attributes.Text("traffictap.reporter", ToString(pair.principal().facts.reporter));
  AddEndAttributes(pair, attributes);
  AddTimingAttributes(pair, attributes);
  attributes.Texts("traffictap.response.flags", FlagNames(pair.principal()));
  attributes.Text("traffictap.response.code_details",
                  pair.principal().text(Text::kResponseCodeDetails));
}

}  // namespace traffictap::sinks
