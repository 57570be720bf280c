#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tap/tap_spec.h"

// Tests of single texts, shared by the entry and the pair filter. Immutable after Create.
namespace re2 {
class RE2;
}

namespace traffictap::filter {

// The path without query and fragment.
std::string_view PathOnly(std::string_view path);

// `pattern` as in MatchSpec.authorities: exact or "*.suffix", case-insensitive; a pattern without a
// port matches any.
bool MatchesAuthority(std::string_view authority, std::string_view pattern);

// kInvalidArgument: does not compile, or its program is larger than a tap may ask for.
StatusOr<std::shared_ptr<const re2::RE2>> CompilePattern(const std::string& pattern);
// The whole of `text`.
bool FullMatch(const re2::RE2& pattern, std::string_view text);

}  // namespace traffictap::filter
