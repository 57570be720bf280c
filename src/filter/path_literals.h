// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tap/match_spec.h"
#include "traffic/tap_set.h"

namespace traffictap::filter {

// The exact paths and the prefixes that all taps ask for: one search finds the taps of all that fit, in a
// time that grows with the logarithm of their number. Immutable after Compile: thread-safe.
class PathLiterals {
 public:
  // Of a tap; not a regex. Before Compile.
  void Add(const tap::PathMatch& match, size_t slot);
  void Compile();

  bool empty() const { return exact_.empty() && prefixes_.empty(); }
  // The taps that ask for `path` itself, or for what it begins with. Bytes are compared as they are.
  traffic::TapSet Find(std::string_view path) const;

 private:
  struct Prefix {
    std::string text;
    traffic::TapSet taps;  // its own, and those of the prefixes that it begins with
    size_t within;         // the longest one of these, or kNone
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  static constexpr size_t kNone = SIZE_MAX;

  std::unordered_map<std::string, traffic::TapSet, Hash, std::equal_to<>> exact_;
  std::vector<Prefix> prefixes_;  // after Compile: ascending, each once
};

}  // namespace traffictap::filter
