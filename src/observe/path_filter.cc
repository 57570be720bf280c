// SPDX-License-Identifier: Apache-2.0
#include "observe/path_filter.h"

#include <algorithm>

#include "filter/text_match.h"

namespace traffictap::observe {
namespace {

// What redaction writes in the place of a value.
constexpr std::string_view kRedacted = "REDACTED";

struct Parts {
  std::string_view path;
  std::string_view query;
  bool has_query = false;
};

Parts Split(std::string_view text) {
  const size_t mark = text.find('?');
  if (mark == std::string_view::npos) return {text, {}, false};
  return {text.substr(0, mark), text.substr(mark + 1), true};
}

// The next parameter of a query, which is shortened by it.
std::string_view TakeParameter(std::string_view* query) {
  const size_t end = std::min(query->find('&'), query->size());
  const auto parameter = query->substr(0, end);
  query->remove_prefix(std::min(end + 1, query->size()));
  return parameter;
}

bool IsParameter(std::string_view seen, std::string_view wanted, bool prefix) {
  if (prefix ? seen.starts_with(wanted) : seen == wanted) return true;
  const size_t equals = seen.find('=');
  return equals != std::string_view::npos && seen.substr(equals + 1) == kRedacted &&
         wanted.starts_with(seen.substr(0, equals + 1));
}

bool IsQuery(std::string_view seen, std::string_view wanted, bool prefix) {
  while (!wanted.empty()) {
    if (seen.empty()) return false;
    const auto parameter = TakeParameter(&seen);
    const auto wants = TakeParameter(&wanted);
    if (!IsParameter(parameter, wants, prefix && wanted.empty())) return false;
  }
  return prefix || seen.empty();
}

}  // namespace

struct PathFilter::Pattern {
  tap::PathMatch match;
  std::shared_ptr<const re2::RE2> regex;

  bool Holds(std::string_view path) const {
    const Parts seen = Split(path);
    // A regex may be of the path alone or have the query in it.
    if (regex) return filter::FullMatch(*regex, path) || filter::FullMatch(*regex, seen.path);
    const Parts wanted = Split(match.value);
    const bool prefix = match.kind == tap::PathMatchKind::kPrefix;
    if (!wanted.has_query) {
      return prefix ? seen.path.starts_with(wanted.path) : seen.path == wanted.path;
    }
    return seen.has_query && seen.path == wanted.path && IsQuery(seen.query, wanted.query, prefix);
  }
};

PathFilter::PathFilter() = default;
PathFilter::~PathFilter() = default;

StatusOr<std::unique_ptr<PathFilter>> PathFilter::Create(const std::vector<tap::PathMatch>& paths) {
  std::unique_ptr<PathFilter> out(new PathFilter);
  for (const auto& path : paths) {
    out->patterns_.push_back({path, nullptr});
    if (path.kind != tap::PathMatchKind::kRegex) continue;
    auto regex = filter::CompilePattern(path.value);
    if (!regex.ok()) return regex.status();
    out->patterns_.back().regex = *regex;
  }
  return out;
}

bool PathFilter::MatchesAny(const traffic::PackedEntry& entry) const {
  if (entry.facts.kind != traffic::EntryKind::kHttp) return false;
  const auto path = entry.text(traffic::Text::kPath);
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const Pattern& pattern) { return pattern.Holds(path); });
}

bool PathFilter::Matches(const traffic::TrafficPair& pair) const {
  if (patterns_.empty() || (pair.client != nullptr && MatchesAny(*pair.client))) return true;
  return std::any_of(pair.servers.begin(), pair.servers.end(),
                     [&](const traffic::PackedEntry* server) { return MatchesAny(*server); });
}

}  // namespace traffictap::observe
