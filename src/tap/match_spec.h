// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

// Which records a tap, or one of its outputs, wants.
namespace traffictap::tap {

enum class PathMatchKind { kPrefix, kExact, kRegex };
struct PathMatch {
  PathMatchKind kind = PathMatchKind::kPrefix;
  // regex: RE2 syntax, must match the whole path without its query, or the whole user agent
  std::string value;
  friend bool operator==(const PathMatch&, const PathMatch&) = default;
};

struct HeaderMatch {
  std::string name;  // lower case
  enum class Kind { kPresent, kExact, kPrefix, kRegex } kind = Kind::kPresent;
  std::string value;
  bool response = false;  // `in: Response`; default Request
  bool invert = false;
  friend bool operator==(const HeaderMatch&, const HeaderMatch&) = default;
};

struct CodeRange {
  uint32_t first = 0;
  uint32_t last = 0;  // inclusive

  bool Contains(uint32_t code) const { return code >= first && code <= last; }
  friend bool operator==(const CodeRange&, const CodeRange&) = default;
};

// A record matches when every list that is not empty has an element that holds.
struct MatchSpec {
  std::vector<std::string> methods;  // upper case
  std::vector<PathMatch> paths;
  std::vector<std::string> schemes;      // "http", "https"
  std::vector<std::string> authorities;  // exact, or "*.suffix"; case-insensitive; port optional
  std::vector<PathMatch> user_agents;
  std::vector<CodeRange> response_codes;
  std::optional<base::Nanos> min_duration;
  std::vector<std::string> response_flags;  // Envoy's short names
  std::vector<std::string> grpc_statuses;   // names such as "UNAVAILABLE"
  std::vector<std::string> trace_ids;       // 32 or 16 hexadecimal digits, lower case
  std::vector<HeaderMatch> headers;         // every one must hold
  std::vector<std::string> protocols;       // "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"

  friend bool operator==(const MatchSpec&, const MatchSpec&) = default;
};

}  // namespace traffictap::tap
