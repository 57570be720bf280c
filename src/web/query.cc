// SPDX-License-Identifier: Apache-2.0
#include "web/query.h"

#include <algorithm>

#include "base/percent.h"
#include "fmt/format.h"

namespace traffictap::web {
namespace {

constexpr size_t kParametersMax = 64;

bool Decode(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      *out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto byte = base::PercentByte(text.substr(i));
    if (!byte) return false;
    *out += *byte;
    i += 2;
  }
  return true;
}

}  // namespace

StatusOr<std::vector<observe::Parameter>> ParseQuery(const std::string& query) {
  std::vector<observe::Parameter> out;
  std::string_view rest = query;
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    observe::Parameter parameter;
    if (!Decode(part.substr(0, equals), &parameter.name) ||
        !Decode(part.substr(std::min(part.size(), equals + 1)), &parameter.value)) {
      return absl::InvalidArgumentError("query: a % that two hexadecimal digits do not follow");
    }
    out.push_back(std::move(parameter));
    if (out.size() > kParametersMax) {
      return absl::InvalidArgumentError(
          fmt::format("query: more than {} parameters", kParametersMax));
    }
  }
  return out;
}

}  // namespace traffictap::web
