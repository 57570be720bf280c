// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/trace_ids.h"

#include <algorithm>

#include "fmt/format.h"
#include "traffic/header_list.h"
#include "traffic/record_id.h"

namespace traffictap::sinks {
namespace {

using traffic::PackedEntry;
using traffic::Text;

constexpr size_t kVersionDigit = 14;
constexpr size_t kTraceIdBytes = 16;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The bytes that lower-case hex digits stand for; empty where one is none.
std::string FromHex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = HexDigit(digits[i]);
    const int low = HexDigit(digits[i + 1]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

std::string BigEndian(uint64_t value) {
  std::string out(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) out[static_cast<size_t>(i)] = static_cast<char>(value);
  return out;
}

// Two hashes of different texts: HashRequestId masks the same character in both.
std::string HashedTraceId(std::string text) {
  std::string out = BigEndian(traffic::HashRequestId(text));
  return out + BigEndian(traffic::HashRequestId(text + "traffictap"));
}

// The digits of a UUID in its usual form; anything else is none.
std::string UuidBytes(std::string_view id) {
  if (id.size() != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-') return {};
  std::string digits;
  for (size_t i = 0; i < id.size(); ++i) {
    if (id[i] == '-') continue;
    digits += i == kVersionDigit ? '0' : static_cast<char>(std::tolower(id[i]));
  }
  return digits.size() == 2 * kTraceIdBytes ? FromHex(digits) : std::string();
}

std::string ConnectionText(const PackedEntry& entry) {
  const auto& facts = entry.facts;
  const bool source = facts.reporter == traffic::Reporter::kSource;
  return fmt::format(
      "{} {} {}", (source ? facts.upstream_local : facts.downstream_direct_remote).ToString(),
      (source ? facts.upstream_remote : facts.downstream_local).ToString(), facts.start_time);
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(std::string_view text) {
  constexpr size_t kLength = 55;  // 00-<32 digits>-<16 digits>-<2 digits>
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string version = FromHex(text.substr(0, 2));
  const std::string flags = FromHex(text.substr(53, 2));
  TraceParent out;
  out.trace_id = FromHex(text.substr(3, 32));
  out.span_id = FromHex(text.substr(36, 16));
  const bool more = text.size() > kLength;
  if (version.empty() || version[0] == '\xff' || flags.empty() ||
      (more && (version[0] == 0 || text[kLength] != '-')) || IsZero(out.trace_id) ||
      IsZero(out.span_id)) {
    return std::nullopt;
  }
  out.flags = static_cast<unsigned char>(flags[0]);
  return out;
}

std::optional<TraceParent> CapturedTraceParent(const PackedEntry& entry) {
  const std::string_view headers = entry.text(Text::kRequestHeaders);
  auto out = ParseTraceParent(traffic::FindHeader(headers, "traceparent"));
  if (out) out->state = traffic::FindHeader(headers, "tracestate");
  return out;
}

std::string TraceIdOf(const PackedEntry& entry) {
  const std::string_view id = entry.text(Text::kRequestId);
  std::string out = UuidBytes(id);
  if (IsZero(out)) out = HashedTraceId(id.empty() ? ConnectionText(entry) : std::string(id));
  return out;
}

std::string SpanIdOf(const traffic::RecordOrigin& origin, const PackedEntry& entry) {
  // All zeros would mean "no span".
  return BigEndian(std::max<uint64_t>(traffic::RecordId(origin, entry), 1));
}

PairTrace TraceOf(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair) {
  PairTrace out;
  if (pair.client != nullptr) out.client_parent = CapturedTraceParent(*pair.client);
  if (pair.server() != nullptr) out.server_parent = CapturedTraceParent(*pair.server());
  const auto& told = out.client_parent ? out.client_parent : out.server_parent;
  out.trace_id = told ? told->trace_id : TraceIdOf(pair.principal());
  out.log_span_id = SpanIdOf(origin, pair.principal());
  return out;
}

}  // namespace traffictap::sinks
