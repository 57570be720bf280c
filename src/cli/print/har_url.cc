// SPDX-License-Identifier: Apache-2.0
#include "cli/print/har_url.h"

#include <algorithm>
#include <cctype>

#include "fmt/format.h"

namespace traffictap::cli::print {
namespace {

constexpr std::string_view kUnreserved = "-._~";
constexpr std::string_view kAuthorityMarks = ":@[]!$&'()*+,;=";
constexpr std::string_view kPathMarks = "/?:@!$&'()*+,;=";

bool IsAlphaNumeric(unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; }

bool IsEscape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' &&
         std::isxdigit(static_cast<unsigned char>(text[1])) != 0 &&
         std::isxdigit(static_cast<unsigned char>(text[2])) != 0;
}

std::string Encoded(std::string_view text, std::string_view marks) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool stays = IsAlphaNumeric(c) || kUnreserved.find(text[i]) != std::string_view::npos ||
                       marks.find(text[i]) != std::string_view::npos || IsEscape(text.substr(i));
    if (stays) {
      out += text[i];
    } else {
      out += fmt::format("%{:02X}", c);
    }
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
