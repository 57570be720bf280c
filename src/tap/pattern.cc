// SPDX-License-Identifier: Apache-2.0
#include "tap/pattern.h"

#include <re2/re2.h>

#include <algorithm>

#include "fmt/format.h"

namespace traffictap::tap {
namespace {

// For the program and the states that RE2 keeps of it. Enough for the states of any pattern within
// kPatternCostMax; a tap of 64 rules stays within 32 MiB.
constexpr int64_t kMemoryMax = 512 << 10;

}  // namespace

StatusOr<std::shared_ptr<const re2::RE2>> CompilePattern(const std::string& pattern) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kMemoryMax);
  auto compiled = std::make_shared<const re2::RE2>(pattern, options);
  const bool too_large = compiled->error_code() == re2::RE2::ErrorPatternTooLarge;
  if (!compiled->ok() && !too_large) {
    return absl::InvalidArgumentError(
        fmt::format("is not a regex that RE2 takes: {}", compiled->error()));
  }
  const size_t cost = compiled->ok() ? PatternCost(*compiled) : 0;
  if (compiled->ok() && cost <= kPatternCostMax) return compiled;
  return absl::InvalidArgumentError(fmt::format(
      "costs {} instructions, and a pattern may cost {}: use shorter repetitions or narrower "
      "classes",
      too_large ? fmt::format("more than {}", 2 * kPatternCostMax) : fmt::format("{}", cost),
      kPatternCostMax));
}

size_t PatternCost(const re2::RE2& pattern) {
  return static_cast<size_t>(std::max(pattern.ProgramSize(), 1));
}

size_t PatternCost(const std::string& pattern) {
  const auto compiled = CompilePattern(pattern);
  return compiled.ok() ? PatternCost(**compiled) : 0;
}

void CheckPatternCosts(const FieldReader& fields, const char* what, size_t cost) {
  if (cost <= kPatternCostSumMax) return;
  fields.Fault("InvalidValue",
               fmt::format("has {} that cost {} instructions together, and they may cost {}: "
                           "remove some, or use shorter repetitions or narrower classes",
                           what, cost, kPatternCostSumMax));
}

}  // namespace traffictap::tap
