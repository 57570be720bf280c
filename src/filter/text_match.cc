// SPDX-License-Identifier: Apache-2.0
#include "filter/text_match.h"

#include <re2/re2.h>
#include <strings.h>

#include "fmt/format.h"
#include "traffic/socket_address.h"

namespace traffictap::filter {
namespace {

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

struct HostPort {
  std::string_view host;  // an IPv6 address without brackets, a name without its last dot
  std::string_view port;  // empty: none
};

// "fd00::1" without brackets is an address alone.
HostPort Split(std::string_view authority) {
  HostPort out{authority, {}};
  const auto colon = authority.rfind(':');
  const bool bare = !authority.starts_with('[') && authority.find(':') != colon;
  if (colon != std::string_view::npos && !bare &&
      authority.find(']', colon) == std::string_view::npos) {
    out = {authority.substr(0, colon), authority.substr(colon + 1)};
  }
  if (out.host.starts_with('[') && out.host.ends_with(']')) {
    out.host = out.host.substr(1, out.host.size() - 2);
  }
  if (out.host.ends_with('.')) out.host.remove_suffix(1);
  return out;
}

bool SameHost(std::string_view host, std::string_view wanted) {
  if (wanted.find(':') == std::string_view::npos) return EqualIgnoringCase(host, wanted);
  const auto a = traffic::ParseSocketAddress(host, 0);
  const auto b = traffic::ParseSocketAddress(wanted, 0);
  return a && b ? a->SameIp(*b) : EqualIgnoringCase(host, wanted);
}

}  // namespace

std::string_view PathOnly(std::string_view path) {
  return path.substr(0, path.find_first_of("?#"));
}

bool MatchesAuthority(std::string_view authority, std::string_view pattern) {
  const HostPort asked = Split(authority);
  const HostPort wanted = Split(pattern);
  if (!wanted.port.empty() && wanted.port != asked.port) return false;
  if (!wanted.host.starts_with("*.")) return SameHost(asked.host, wanted.host);
  const auto suffix = wanted.host.substr(1);
  return asked.host.size() > suffix.size() &&
         EqualIgnoringCase(asked.host.substr(asked.host.size() - suffix.size()), suffix);
}

bool MatchesValue(std::string_view text, const tap::PathMatch& match) {
  return match.kind == tap::PathMatchKind::kExact ? text == match.value
                                                  : text.starts_with(match.value);
}

StatusOr<std::shared_ptr<const re2::RE2>> CompilePattern(const std::string& pattern) {
  auto compiled = tap::CompilePattern(pattern);
  if (compiled.ok()) return compiled;
  return absl::InvalidArgumentError(
      fmt::format("pattern \"{}\" {}", pattern, Message(compiled.status())));
}

bool FullMatch(const re2::RE2& pattern, std::string_view text, tap::PatternBudget* budget) {
  if (budget != nullptr && !budget->MayTest((text.size() + 1) * tap::PatternCost(pattern))) {
    return false;
  }
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace traffictap::filter
