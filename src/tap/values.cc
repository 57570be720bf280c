// SPDX-License-Identifier: Apache-2.0
#include "tap/values.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <string_view>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "tap/credential_headers.h"

namespace traffictap::tap {
namespace {

// Digits at the front of `text`, taken off; false where there are none, too many, or a zero leads.
bool TakeNumber(std::string_view* text, uint64_t* number) {
  const char* begin = text->data();
  const auto [stop, error] = std::from_chars(begin, begin + text->size(), *number);
  if (error != std::errc()) return false;
  const auto digits = static_cast<size_t>(stop - begin);
  if (digits > 1 && (*text)[0] == '0') return false;
  text->remove_prefix(digits);
  return true;
}

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Largest first: a duration names each unit once, in this order. "ms" stands before "m" so that it
// is found first.
constexpr Unit kTimeUnits[] = {{"h", 3'600'000'000'000}, {"ms", 1'000'000}, {"m", 60'000'000'000},
                               {"s", 1'000'000'000},     {"us", 1'000},     {"ns", 1}};
constexpr Unit kByteUnits[] = {
    {"", 1},         {"k", 1'000},    {"M", 1'000'000}, {"G", 1'000'000'000},
    {"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}};

}  // namespace

StatusOr<CodeRange> ParseCodeRange(const std::string& text) {
  const auto bad = absl::InvalidArgumentError(
      "must be a code, a range or a class from 100 to 599, such as 404, 500-599 or 5xx, or 0 for "
      "no "
      "response");
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const auto hundreds = static_cast<uint32_t>(text[0] - '0') * 100;
    return CodeRange{hundreds, hundreds + 99};
  }
  std::string_view rest = text;
  uint64_t first = 0;
  if (!TakeNumber(&rest, &first)) return bad;
  uint64_t last = first;
  if (!rest.empty()) {
    if (rest[0] != '-') return bad;
    rest.remove_prefix(1);
    if (!TakeNumber(&rest, &last) || !rest.empty()) return bad;
  }
  const bool none = text == "0";
  if (!none && (first < 100 || last > 599 || first > last)) return bad;
  return CodeRange{static_cast<uint32_t>(first), static_cast<uint32_t>(last)};
}

std::string FormatCodeRange(const CodeRange& range) {
  return range.first == range.last ? fmt::format("{}", range.first)
                                   : fmt::format("{}-{}", range.first, range.last);
}

StatusOr<base::Nanos> ParseDuration(const std::string& text) {
  const auto bad = absl::InvalidArgumentError(
      "must be a duration such as 100ms, 5s or 1h30m (whole numbers; h, m, s, ms, us, ns)");
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<base::Nanos>::max());
  std::string_view rest = text;
  uint64_t total = 0;
  uint64_t last_factor = std::numeric_limits<uint64_t>::max();
  if (rest.empty()) return bad;
  while (!rest.empty()) {
    uint64_t number = 0;
    if (!TakeNumber(&rest, &number)) return bad;
    const Unit* found = nullptr;
    for (const Unit& unit : kTimeUnits) {
      if (found == nullptr && rest.substr(0, unit.name.size()) == unit.name) found = &unit;
    }
    if (found == nullptr || found->factor >= last_factor) return bad;
    if (number > (kMax - total) / found->factor) return bad;
    total += number * found->factor;
    last_factor = found->factor;
    rest.remove_prefix(found->name.size());
  }
  return static_cast<base::Nanos>(total);
}

std::string FormatDuration(base::Nanos duration) {
  constexpr Unit kUnits[] = {{"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
                             {"ms", 1'000'000},        {"us", 1'000},         {"ns", 1}};
  auto rest = static_cast<uint64_t>(std::max<base::Nanos>(duration, 0));
  std::string out;
  for (const Unit& unit : kUnits) {
    if (rest >= unit.factor) out += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return out.empty() ? "0s" : out;
}

StatusOr<uint64_t> ParseBytes(const std::string& text) {
  std::string_view rest = text;
  uint64_t number = 0;
  if (TakeNumber(&rest, &number)) {
    for (const Unit& unit : kByteUnits) {
      if (rest != unit.name) continue;
      if (number > std::numeric_limits<uint64_t>::max() / unit.factor) break;
      return number * unit.factor;
    }
  }
  return absl::InvalidArgumentError(
      "must be a size such as 4096, 10M or 128Mi (k, M, G, Ki, Mi, Gi)");
}

std::string FormatBytes(uint64_t bytes) {
  constexpr Unit kUnits[] = {{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}};
  for (const Unit& unit : kUnits) {
    if (bytes > 0 && bytes % unit.factor == 0) {
      return fmt::format("{}{}", bytes / unit.factor, unit.name);
    }
  }
  return fmt::format("{}", bytes);
}

bool IsHeaderName(const std::string& text) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) || kSymbols.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

StatusOr<std::string> ParseHeaderName(std::string text) {
  absl::AsciiStrToLower(&text);
  if (!IsHeaderName(text)) {
    return absl::InvalidArgumentError("must begin with a header name such as x-tenant");
  }
  if (IsCredentialHeader(text)) {
    return absl::InvalidArgumentError(text + " carries credentials and is in no record");
  }
  return text;
}

bool IsTraceId(const std::string& text) {
  return (text.size() == 16 || text.size() == 32) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos &&
         text.find_first_not_of('0') != std::string::npos;
}

bool IsDnsLabel(const std::string& text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

bool IsObjectName(const std::string& text) {
  bool good = !text.empty() && text.size() <= 253 && text.back() != '.';
  for (size_t begin = 0; begin < text.size();) {
    const size_t dot = std::min(text.find('.', begin), text.size());
    good = good && IsDnsLabel(text.substr(begin, dot - begin));
    begin = dot + 1;
  }
  return good;
}

bool IsPort(const std::string& text) {
  return !text.empty() && text.size() <= 5 && text[0] != '0' &&
         text.find_first_not_of("0123456789") == std::string::npos && std::stoul(text) <= 65'535;
}

bool IsBroker(const std::string& text) {
  const size_t colon = text.rfind(':');
  return colon != std::string::npos && colon > 0 && IsPort(text.substr(colon + 1)) &&
         text.find_first_of(" ,\t/") == std::string::npos;
}

bool IsTopic(const std::string& text) {
  constexpr char kAllowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !text.empty() && text.size() <= kTopicMax && text != "." && text != ".." &&
         text.find_first_not_of(kAllowed) == std::string::npos;
}

}  // namespace traffictap::tap
