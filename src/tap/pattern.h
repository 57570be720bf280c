// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/status.h"
#include "tap/field_reader.h"

namespace re2 {
class RE2;
}

// The regular expressions of a tap. RE2 needs time in proportion to the text, but at its worst also
// to the size of the compiled pattern: that size is what a pattern costs here.
namespace traffictap::tap {

constexpr size_t kPatternCostMax = 2048;         // of one pattern
constexpr size_t kPatternCostSumMax = 8 * 1024;  // of a tap's redaction rules; of a match's regexes

// kInvalidArgument: RE2 does not take it, or it costs more than kPatternCostMax. The message begins
// with "is" or "costs" and has no subject.
StatusOr<std::shared_ptr<const re2::RE2>> CompilePattern(const std::string& pattern);

// Instructions of a compiled pattern: steps a byte of text, at the worst.
size_t PatternCost(const re2::RE2& pattern);

// The same; 0 where it does not compile.
size_t PatternCost(const std::string& pattern);
// Reports patterns that cost more than kPatternCostSumMax together; `what` they are.
void CheckPatternCosts(const FieldReader& fields, const char* what, size_t cost);

// How long a tap's patterns may still take.
class PatternBudget {
 public:
  virtual ~PatternBudget() = default;
  // Asked before each test of at most `steps` (bytes of text times the pattern's cost). False: the
  // tap has had its time, and the test must not be made.
  virtual bool MayTest(size_t steps) = 0;
};

}  // namespace traffictap::tap
