// SPDX-License-Identifier: Apache-2.0
#include "filter/text_match.h"

#include <re2/re2.h>
#include <strings.h>

#include "fmt/format.h"

namespace traffictap::filter {
namespace {

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool HasPort(std::string_view authority) {
  const auto colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

}  // namespace

std::string_view PathOnly(std::string_view path) {
  return path.substr(0, path.find_first_of("?#"));
}

bool MatchesAuthority(std::string_view authority, std::string_view pattern) {
  if (!HasPort(pattern) && HasPort(authority)) {
    authority = authority.substr(0, authority.rfind(':'));
  }
  if (!pattern.starts_with("*.")) return EqualIgnoringCase(authority, pattern);
  const auto suffix = pattern.substr(1);
  return authority.size() > suffix.size() &&
         EqualIgnoringCase(authority.substr(authority.size() - suffix.size()), suffix);
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
