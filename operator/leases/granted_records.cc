// SPDX-License-Identifier: Apache-2.0
#include "operator/leases/granted_records.h"

#include <charconv>
#include <vector>

#include "fmt/format.h"

namespace traffictap::leases {
namespace {

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = text.find(' ');
    out.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return out;
}

bool Read(std::string_view text, uint64_t* out) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && at == end;
}

}  // namespace

std::string ToText(const GrantedRecords& granted) {
  std::string out = fmt::format("{} {}", granted.gone, granted.unreported);
  for (const auto& [name, records] : granted.instances) out += fmt::format(" {}={}", name, records);
  return out;
}

std::optional<GrantedRecords> FromText(std::string_view text) {
  const auto words = Words(text);
  GrantedRecords out;
  if (words.size() < 2 || !Read(words[0], &out.gone) || !Read(words[1], &out.unreported)) {
    return std::nullopt;
  }
  for (size_t i = 2; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    uint64_t* records = &out.instances[std::string(words[i].substr(0, equals))];
    if (!Read(words[i].substr(equals + 1), records)) return std::nullopt;
  }
  return out;
}

}  // namespace traffictap::leases
