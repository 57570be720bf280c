// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/request_id.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "traffic/packed_entry.h"

namespace traffictap::cli {
namespace {

constexpr std::string_view kHeaders[] = {"x-request-id:", "traceparent:", "b3:", "x-b3-traceid:"};

std::string WithoutQuotes(const std::string& text) {
  constexpr std::string_view kAround = " \t\r\n\"'`";
  const size_t begin = text.find_first_not_of(kAround);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

}  // namespace

bool IsSameRequest(const std::string& a, const std::string& b) {
  return !a.empty() && traffic::HashRequestId(absl::AsciiStrToLower(a)) ==
                           traffic::HashRequestId(absl::AsciiStrToLower(b));
}

std::string PastedId(const std::string& text) {
  const std::string out = WithoutQuotes(text);
  const std::string lower = absl::AsciiStrToLower(out);
  for (const std::string_view header : kHeaders) {
    if (lower.starts_with(header)) return WithoutQuotes(out.substr(header.size()));
  }
  return out;
}

std::string SearchedText(const std::string& id) {
  constexpr size_t kUuidBytes = 36;
  constexpr size_t kDigit = 14;
  return id.size() == kUuidBytes ? id.substr(kDigit + 1) : id;
}

}  // namespace traffictap::cli
