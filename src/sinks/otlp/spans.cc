// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/spans.h"

#include "sinks/otlp/http_attributes.h"
#include "sinks/otlp/pair_attributes.h"
#include "sinks/otlp/trace_ids.h"

namespace traffictap::sinks {
namespace {

using opentelemetry::proto::trace::v1::Span;
using traffic::PackedEntry;
using traffic::Text;

// The method alone: a path is not of low cardinality, as a span's name has to be.
std::string SpanName(const PackedEntry& entry) {
  if (entry.facts.kind == traffic::EntryKind::kTcp) return "TCP";
  const std::string method = ToString(entry.facts.method);
  return method.empty() ? "HTTP" : method;
}

void FillTimes(const PackedEntry& entry, Span* out) {
  const auto& facts = entry.facts;
  const base::Nanos duration = facts.duration == traffic::kAbsent ? 0 : facts.duration;
  out->set_start_time_unix_nano(static_cast<uint64_t>(facts.start_time));
  out->set_end_time_unix_nano(static_cast<uint64_t>(facts.start_time + duration));
}

// Errors as the semantic conventions have them; a message only where the code does not say it.
void FillStatus(const PackedEntry& entry, Span* out) {
  if (ErrorType(entry).empty()) return;
  out->mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  if (entry.facts.response_code == 0) {
    out->mutable_status()->set_message(ToUtf8(entry.text(Text::kResponseCodeDetails)));
  }
}

void FillParent(const std::optional<TraceParent>& parent, Span* out) {
  if (!parent) return;
  out->set_parent_span_id(parent->span_id);
  out->set_trace_state(ToUtf8(parent->state));
  // Bits 8 and 9: whether the parent is of another process, which it is.
  out->set_flags(parent->flags | 0x300);
}

void FillSpan(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
              const PackedEntry& entry, const PairTrace& trace, Span* out) {
  const bool client = entry.facts.reporter == traffic::Reporter::kSource;
  out->set_trace_id(trace.trace_id);
  out->set_span_id(SpanIdOf(entry));
  out->set_kind(client ? Span::SPAN_KIND_CLIENT : Span::SPAN_KIND_SERVER);
  out->set_name(SpanName(entry));
  FillTimes(entry, out);
  FillStatus(entry, out);
  AttributeWriter attributes(out->mutable_attributes());
  AddRequestAttributes(entry, attributes);
  AddPairAttributes(origin, pair, attributes);
  AddSideAttributes(entry, attributes);
}

}  // namespace

void AppendSpans(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
                 const std::function<Span*(const PackedEntry&)>& add) {
  if (pair.open()) return;
  const PairTrace trace = PairTraceOf(pair);
  std::string client_id;
  if (pair.client != nullptr) {
    Span* span = add(*pair.client);
    FillSpan(origin, pair, *pair.client, trace, span);
    FillParent(trace.client_parent, span);
    client_id = span->span_id();
  }
  for (const PackedEntry* server : pair.servers) {
    Span* span = add(*server);
    FillSpan(origin, pair, *server, trace, span);
    if (client_id.empty()) {
      FillParent(trace.server_parent, span);
    } else {
      span->set_parent_span_id(client_id);
      span->set_flags(0x300);
    }
    if (server == pair.server()) {
      AttributeWriter attributes(span->mutable_attributes());
      AddTimingAttributes(pair, attributes);
    }
  }
}

}  // namespace traffictap::sinks
