// SPDX-License-Identifier: Apache-2.0
#include "traffic/trace_context.h"

#include <algorithm>

#include "fmt/format.h"
#include "traffic/header_list.h"

namespace traffictap::traffic {
namespace {

constexpr size_t kWordDigits = 16;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// All of `digits`, at most 16 of them.
std::optional<uint64_t> ReadHex(std::string_view digits) {
  uint64_t out = 0;
  if (digits.empty() || digits.size() > kWordDigits) return std::nullopt;
  for (const char c : digits) {
    const int digit = HexDigit(c);
    if (digit < 0) return std::nullopt;
    out = out << 4 | static_cast<uint64_t>(digit);
  }
  return out;
}

// A span goes with it.
std::optional<TraceContext> WithSpan(std::optional<TraceContext> trace, std::string_view digits) {
  const auto span = digits.size() == kWordDigits ? ReadHex(digits) : std::nullopt;
  if (!trace || span.value_or(0) == 0) return std::nullopt;
  trace->span = *span;
  return trace;
}

}  // namespace

std::optional<TraceContext> ParseTraceId(std::string_view digits) {
  if (digits.size() != kWordDigits && digits.size() != 2 * kWordDigits) return std::nullopt;
  const size_t upper = digits.size() - kWordDigits;
  const auto high = upper == 0 ? uint64_t{0} : ReadHex(digits.substr(0, upper));
  const auto low = ReadHex(digits.substr(upper));
  if (!high || !low) return std::nullopt;
  const TraceContext out{.trace_high = *high, .trace_low = *low};
  return out.present() ? std::optional(out) : std::nullopt;
}

std::optional<TraceContext> ParseTraceParent(std::string_view text) {
  constexpr size_t kLength = 55;  // 00-<32 digits>-<16 digits>-<2 digits>
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const auto version = ReadHex(text.substr(0, 2));
  const auto flags = ReadHex(text.substr(53, 2));
  const bool more = text.size() > kLength;
  if (!version || *version == 0xff || !flags || (more && (*version == 0 || text[kLength] != '-'))) {
    return std::nullopt;
  }
  auto out = WithSpan(ParseTraceId(text.substr(3, 32)), text.substr(36, 16));
  if (out) out->flags = static_cast<uint8_t>(*flags);
  return out;
}

std::optional<TraceContext> ParseB3(std::string_view text) {
  const size_t span = text.find('-') + 1;
  if (span == 0) return std::nullopt;
  const size_t end = std::min(text.find('-', span), text.size());
  auto out = ParseB3(text.substr(0, span - 1), text.substr(span, end - span));
  // "1": sampled; "d": debug, which implies it.
  const auto state = text.substr(std::min(end + 1, text.size())).substr(0, 1);
  if (out && (state == "1" || state == "d")) out->flags = 1;
  return out;
}

std::optional<TraceContext> ParseB3(std::string_view trace_id, std::string_view span_id) {
  return WithSpan(ParseTraceId(trace_id), span_id);
}

TraceContext TraceIn(std::string_view headers) {
  if (headers.empty()) return {};
  if (const auto w3c = ParseTraceParent(FindHeader(headers, "traceparent"))) return *w3c;
  if (const auto b3 = ParseB3(FindHeader(headers, "b3"))) return *b3;
  return ParseB3(FindHeader(headers, "x-b3-traceid"), FindHeader(headers, "x-b3-spanid"))
      .value_or(TraceContext());
}

std::string TraceIdText(const TraceContext& trace) {
  if (!trace.present()) return {};
  return fmt::format("{:016x}{:016x}", trace.trace_high, trace.trace_low);
}

std::string SpanIdText(const TraceContext& trace) {
  return trace.span == 0 ? std::string() : fmt::format("{:016x}", trace.span);
}

}  // namespace traffictap::traffic
