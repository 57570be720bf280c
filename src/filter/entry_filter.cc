// SPDX-License-Identifier: Apache-2.0
#include "filter/entry_filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "filter/path_literals.h"
#include "filter/sampling.h"
#include "filter/text_match.h"
#include "traffic/traffic_pair.h"

namespace traffictap::filter {
namespace {

using traffic::TapSet;

// Which taps ask for each of a few different values; taps that do not ask are in `any`.
template <typename Key>
struct ValueIndex {
  std::unordered_map<Key, TapSet> wanted;
  TapSet any;

  TapSet Find(const Key& value) const {
    const auto found = wanted.find(value);
    return found == wanted.end() ? any : any | found->second;
  }
};

template <typename Key>
void Index(const std::vector<Key>& values, size_t slot, ValueIndex<Key>* index) {
  if (values.empty()) index->any.Add(slot);
  for (const auto& value : values) index->wanted[value].Add(slot);
}

// The most that an entry's regexes may cost on the thread of its stream: bytes of the path times
// the pattern's cost, at worst a tenth of a millisecond. What costs more is admitted, and decided by
// PairFilter, within the time that the tap has there.
constexpr size_t kRegexStepsMax = 32 * 1024;

// All taps' exact paths and prefixes at once. Regexes are kept out of it, each for itself: together they
// can need exponentially many states, and everybody's entries would pay for them, where now only the
// proxies of their own taps do.
struct PathIndex {
  struct Regex {
    std::shared_ptr<const re2::RE2> pattern;
    TapSet taps;
  };
  PathLiterals literals;
  std::map<std::string, Regex> regexes;
  TapSet any;

  bool empty() const { return literals.empty() && regexes.empty(); }

  TapSet Find(std::string_view path, const TapSet& candidates) const {
    TapSet out = any | literals.Find(path);
    size_t steps = 0;
    for (const auto& [text, regex] : regexes) {
      if ((regex.taps & candidates).empty()) continue;
      steps += (path.size() + 1) * tap::PatternCost(*regex.pattern);
      if (steps > kRegexStepsMax || FullMatch(*regex.pattern, path)) out |= regex.taps;
    }
    return out;
  }
};

Status AddPath(const tap::PathMatch& match, size_t slot, PathIndex* index) {
  if (match.kind != tap::PathMatchKind::kRegex) {
    index->literals.Add(match, slot);
    return absl::OkStatus();
  }
  PathIndex::Regex& regex = index->regexes[match.value];
  if (!regex.pattern) {
    auto compiled = CompilePattern(match.value);
    if (!compiled.ok()) return compiled.status();
    regex.pattern = *std::move(compiled);
  }
  regex.taps.Add(slot);
  return absl::OkStatus();
}

bool AsksForTcp(const tap::MatchSpec& match) {
  return std::count(match.protocols.begin(), match.protocols.end(), "TCP") > 0;
}

bool AsksForHttpVersion(const tap::MatchSpec& match) {
  return std::any_of(match.protocols.begin(), match.protocols.end(),
                     [](const std::string& protocol) { return protocol != "TCP"; });
}

// A connection has no method, path or code: a tap that asks for them means requests, though one
// that names TCP as well takes connections whatever the codes.
bool AsksForHttp(const tap::MatchSpec& match) {
  if (!match.protocols.empty() && !AsksForTcp(match)) return true;
  return !match.methods.empty() || !match.schemes.empty() || !match.authorities.empty() ||
         !match.paths.empty() || !match.grpc_statuses.empty() || !match.trace_ids.empty() ||
         (!match.response_codes.empty() && !AsksForTcp(match));
}

}  // namespace

struct EntryFilter::Index {
  ValueIndex<std::string> methods;
  // Few taps ask for authorities and patterns may have wildcards: tested one different pattern at a
  // time.
  std::map<std::string, TapSet> authorities;
  TapSet any_authority;
  PathIndex paths;
  TapSet http_only;  // taps with a condition that no TCP connection can meet
  TapSet tcp_only;   // taps with one that no HTTP request can
  // taps by the hash limit of their ratio; those that keep all are not here
  std::map<uint64_t, TapSet> sampled;

  Status Add(const tap::TapSpec& spec, size_t slot) {
    const auto& match = spec.match;
    filter::Index(match.methods, slot, &methods);
    if (match.authorities.empty()) any_authority.Add(slot);
    for (const auto& pattern : match.authorities) authorities[pattern].Add(slot);
    if (match.paths.empty()) paths.any.Add(slot);
    for (const auto& path : match.paths) TT_RETURN_IF_ERROR(AddPath(path, slot, &paths));
    if (!tap::WantsTcp(spec) || AsksForHttp(match)) http_only.Add(slot);
    if (!match.protocols.empty() && !AsksForHttpVersion(match)) tcp_only.Add(slot);
    const auto& sampling = spec.sampling;
    const bool whole = sampling.always_keep_errors || sampling.always_keep_slow;
    if (!whole && sampling.ratio < 1.0) sampled[SamplingLimit(sampling.ratio)].Add(slot);
    return absl::OkStatus();
  }

  TapSet FindAuthority(std::string_view authority) const {
    TapSet out = any_authority;
    for (const auto& [pattern, taps] : authorities) {
      if (MatchesAuthority(authority, pattern)) out |= taps;
    }
    return out;
  }
};

EntryFilter::EntryFilter() : index_(std::make_unique<Index>()) {}
EntryFilter::~EntryFilter() = default;

StatusOr<std::unique_ptr<EntryFilter>> EntryFilter::Create(std::span<const tap::TapSpecPtr> specs) {
  std::unique_ptr<EntryFilter> out(new EntryFilter);
  Index& index = *out->index_;
  for (size_t slot = 0; slot < specs.size(); ++slot) {
    if (specs[slot]) TT_RETURN_IF_ERROR(index.Add(*specs[slot], slot));
  }
  index.paths.literals.Compile();
  return out;
}

TapSet EntryFilter::Admit(const traffic::AccessEntry& entry, const TapSet& candidates) const {
  using traffic::Text;
  if (candidates.empty()) return candidates;
  const Index& index = *index_;
  if (entry.facts.kind == traffic::EntryKind::kTcp) {
    return candidates - index.http_only;
  }
  TapSet out = candidates - index.tcp_only;
  if (!index.methods.wanted.empty()) out &= index.methods.Find(ToString(entry.facts.method));
  if (!index.authorities.empty()) out &= index.FindAuthority(entry.text(Text::kAuthority));
  if (!index.paths.empty() && !out.empty()) {
    out &= index.paths.Find(PathOnly(entry.text(Text::kPath)), out);
  }
  return out;
}

TapSet EntryFilter::Sample(uint64_t request_id_hash, const TapSet& admitted) const {
  TapSet out = admitted;
  for (const auto& [limit, taps] : index_->sampled) {
    if (request_id_hash >= limit) out -= taps;
  }
  return out;
}

}  // namespace traffictap::filter
