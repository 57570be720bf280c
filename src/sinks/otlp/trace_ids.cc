// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/trace_ids.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "traffic/header_list.h"
#include "traffic/record_id.h"

namespace traffictap::sinks {
namespace {

using traffic::PackedEntry;
using traffic::Text;

constexpr size_t kVersionDigit = 14;

std::string BigEndian(uint64_t value) {
  std::string out(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) out[static_cast<size_t>(i)] = static_cast<char>(value);
  return out;
}

std::string Bytes(const traffic::TraceContext& trace) {
  return BigEndian(trace.trace_high) + BigEndian(trace.trace_low);
}

// Two hashes of different texts: HashRequestId masks the same character in both.
std::string HashedTraceId(std::string text) {
  std::string out = BigEndian(traffic::HashRequestId(text));
  return out + BigEndian(traffic::HashRequestId(text + "traffictap"));
}

// The digits of a UUID in its usual form; empty where it is none.
std::string UuidDigits(std::string_view id) {
  if (id.size() != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-') return {};
  std::string digits;
  for (size_t i = 0; i < id.size(); ++i) {
    if (id[i] == '-') continue;
    digits += i == kVersionDigit ? '0' : absl::ascii_tolower(static_cast<unsigned char>(id[i]));
  }
  return digits;
}

std::string ConnectionText(const PackedEntry& entry) {
  const auto& facts = entry.facts;
  const bool source = facts.reporter == traffic::Reporter::kSource;
  return fmt::format(
      "{} {} {}", (source ? facts.upstream_local : facts.downstream_direct_remote).ToString(),
      (source ? facts.upstream_remote : facts.downstream_local).ToString(), facts.start_time);
}

}  // namespace

std::optional<TraceParent> ParentOf(const PackedEntry& entry) {
  const traffic::TraceContext& trace = entry.facts.trace;
  if (!trace.present() || trace.span == 0) return std::nullopt;
  TraceParent out;
  out.trace_id = Bytes(trace);
  out.span_id = BigEndian(trace.span);
  out.flags = trace.flags;
  out.state = traffic::FindHeader(entry.text(Text::kRequestHeaders), "tracestate");
  return out;
}

std::string TraceIdOf(const PackedEntry& entry) {
  const std::string_view id = entry.text(Text::kRequestId);
  if (const auto uuid = traffic::ParseTraceId(UuidDigits(id))) return Bytes(*uuid);
  return HashedTraceId(id.empty() ? ConnectionText(entry) : std::string(id));
}

std::string SpanIdOf(const PackedEntry& entry) {
  // All zeros would mean "no span".
  return BigEndian(std::max<uint64_t>(traffic::RecordIdOf(entry).low, 1));
}

PairTrace PairTraceOf(const traffic::TrafficPair& pair) {
  PairTrace out;
  if (pair.client != nullptr) out.client_parent = ParentOf(*pair.client);
  if (pair.server() != nullptr) out.server_parent = ParentOf(*pair.server());
  const auto& told = out.client_parent ? out.client_parent : out.server_parent;
  out.trace_id = told ? told->trace_id : TraceIdOf(pair.principal());
  out.log_span_id = SpanIdOf(pair.principal());
  return out;
}

}  // namespace traffictap::sinks
