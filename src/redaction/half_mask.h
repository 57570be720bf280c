// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tap/pattern.h"
#include "tap/tap_spec.h"
#include "traffic/access_entry.h"

// What a receiver leaves of an entry before others can read it. What stays is redacted for each tap by its
// Redactor as ever, in the process that has both sides.
namespace traffictap::redaction {

// One condition of a match, on one text.
struct TextTest {
  tap::HeaderMatch::Kind kind = tap::HeaderMatch::Kind::kPresent;
  std::string value;
  std::shared_ptr<const re2::RE2> pattern;  // of kRegex
  tap::PatternBudget* budget = nullptr;     // of its tap; null: any time

  bool Holds(std::string_view text) const;
  // Whether the tap has time for tests of so many bytes. To be asked before Holds of a kRegex.
  bool HasTime(size_t bytes) const;
};

// What one tap needs of an entry: what it shows, and what its matches look at (`match` and
// `further_matches`).
struct TapNeeds {
  // `budget` outlives it.
  TapNeeds(const tap::TapSpec& spec, tap::PatternBudget* budget);

  struct Header {
    bool response = false;
    std::string name;
    bool captured = false;  // else only matched
    std::vector<TextTest> tests = {};
  };
  bool query_values = false;  // shown as they are
  bool trace = false;         // shown, or matched
  std::vector<TextTest> paths;
  std::vector<Header> headers;

 private:
  void AddMatch(const tap::MatchSpec& match, tap::PatternBudget* budget);
};

// Hides of an entry what none of its taps shows or matches on. Of values that only a match looks at, what
// stays is as little as gives all matches the same answers. One thread at a time.
class HalfMask {
 public:
  // Of all taps that admitted the entry; they outlive the mask.
  explicit HalfMask(std::span<const TapNeeds* const> taps);

  struct Masked {
    // Views into what was given, or into the mask, valid until the next call.
    traffic::AccessEntry entry;
    uint32_t path_mark = 0;       // PackedEntry::path_mark
    bool changed = false;         // `entry` is not what was given
    bool tested_pattern = false;  // budgets were asked
  };
  // Headers, ids of traces, values of queries and path parameters, and fragments stay where a tap needs
  // them. User information in URLs and headers that carry credentials never do. The rules of
  // `redaction` are not applied: the matches look at texts before them. What a regex has no time left
  // to ask for is hidden.
  Masked Mask(const traffic::AccessEntry& entry);

 private:
  struct HeaderUse {
    bool captured = false;
    bool query_values = false;  // shown as they are by one that captures it
    std::vector<TextTest> tests;
  };
  using HeaderUses = std::map<std::string, HeaderUse, std::less<>>;

  bool AnswerAlike(const std::vector<TextTest>& tests, std::string_view a, std::string_view b);
  std::string LeftOfPath(const std::string& bare, const std::string& hidden);
  std::string LeftOfHeader(std::string_view value, const HeaderUse& use);
  void MaskPath(Masked* out);
  void MaskUrl(traffic::Text which, Masked* out);
  void MaskHeaders(traffic::Text which, const HeaderUses& uses, Masked* out);
  void Replace(traffic::Text which, std::string text, Masked* out);

  bool query_values_ = false;
  bool trace_ = false;
  std::vector<TextTest> paths_;
  HeaderUses request_headers_;
  HeaderUses response_headers_;
  HeaderUses trailers_;
  bool tested_pattern_ = false;
  std::array<std::string, traffic::kTextCount> scratch_;  // the changed texts of the entry in hand
};

}  // namespace traffictap::redaction
