// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tap/pattern.h"
#include "tap/tap_spec.h"

// Tests of single texts, shared by the entry and the pair filter. Immutable after Create.
namespace traffictap::filter {

// The path without query and fragment.
std::string_view PathOnly(std::string_view path);

// `pattern` as in MatchSpec.authorities: exact or "*.suffix", case-insensitive; a pattern without a
// port matches any. The dot that ends an absolute name does not count; IPv6 addresses are compared
// as addresses, with brackets or without.
bool MatchesAuthority(std::string_view authority, std::string_view pattern);

// Whether `text` is the value of `match`, or begins with it. Not for kRegex.
bool MatchesValue(std::string_view text, const tap::PathMatch& match);

// kInvalidArgument: does not compile, or costs more than a tap may ask for (tap/pattern.h).
StatusOr<std::shared_ptr<const re2::RE2>> CompilePattern(const std::string& pattern);
// The whole of `text`. Without time left in `budget` (null: any time) false.
bool FullMatch(const re2::RE2& pattern, std::string_view text,
               tap::PatternBudget* budget = nullptr);

}  // namespace traffictap::filter
