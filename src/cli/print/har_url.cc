// SPDX-License-Identifier: Apache-2.0
#include "cli/print/har_url.h"

#include "base/percent.h"

namespace traffictap::cli::print {
namespace {

constexpr std::string_view kAuthorityMarks = ":@[]!$&'()*+,;=";
constexpr std::string_view kPathMarks = "/?:@!$&'()*+,;=";

// What is a code already stays one.
std::string Encoded(std::string_view text, std::string_view marks) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool code = base::PercentByte(text.substr(i)).has_value();
    out += code ? std::string(1, '%') : base::PercentEncode(text.substr(i, 1), marks);
  }
  return out;
}

std::string Scheme(const std::string& scheme) {
  return scheme == "http" || scheme == "https" ? scheme : "http";
}

}  // namespace

std::string HarUrl(const v1::TrafficPair& pair) {
  const auto& request = pair.request();
  const auto& called = pair.destination().address();
  const std::string authority = !request.authority().empty() ? request.authority()
                                : !called.empty()            ? called
                                                             : "unknown";
  const std::string path = request.path().starts_with('/') ? request.path() : "/" + request.path();
  return Scheme(request.scheme()) + "://" + Encoded(authority, kAuthorityMarks) +
         Encoded(path, kPathMarks);
}

}  // namespace traffictap::cli::print
