// SPDX-License-Identifier: Apache-2.0
#include "observe/record_filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/nearest_name.h"
#include "filter/text_match.h"
#include "fmt/format.h"
#include "observe/filter_words.h"
#include "observe/record_ends.h"
#include "traffic/packed_entry.h"

namespace traffictap::observe {
namespace {

using traffic::PackedEntry;
using traffic::Text;
using traffic::TrafficPair;

constexpr std::string_view kNot = "not.";

bool MatchesName(std::string_view name, std::string_view pattern) {
  if (pattern.empty()) return true;
  if (pattern.back() == '*') return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

// Whether `whole` begins with the labels of `first`: "cart.shop.svc" with "cart.shop".
bool HasLabels(std::string_view whole, std::string_view first) {
  return whole.starts_with(first) && (whole.size() == first.size() || whole[first.size()] == '.');
}

// "cart.shop" is the Service of the host cart.shop.svc.cluster.local. Where only the server's side
// is here, the host that was asked for has to do: "cart" of a server in namespace shop.
bool MatchesService(const RecordEnd& end, std::string_view service) {
  if (!end.service.empty()) return HasLabels(end.service, service);
  const auto host = end.authority.substr(0, end.authority.find(':'));
  if (host.empty()) return false;
  if (HasLabels(host, service)) return true;
  const std::string_view name = service.substr(0, service.find('.'));
  return HasLabels(service, host) && name.size() < service.size() &&
         HasLabels(service.substr(name.size() + 1), end.ns);
}

bool MatchesPattern(const RecordEnd& end, const EndPattern& pattern) {
  if (!MatchesName(end.ns, pattern.ns) || !MatchesName(end.pod, pattern.pod)) return false;
  if (!pattern.service.empty() && MatchesService(end, pattern.service)) return true;
  // A host may be a workload's name as well, while "svc/cart" is none.
  const bool service_only = pattern.name.empty() && !pattern.service.empty();
  return !service_only && MatchesName(end.label(), pattern.name);
}

bool MatchesEnd(const RecordEnd& end, const std::vector<EndPattern>& patterns) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                         [&](const auto& p) { return MatchesPattern(end, p); });
}

bool MatchesEnds(const RecordConditions& c, const RecordEnd& source, const RecordEnd& destination) {
  return MatchesEnd(source, c.sources) && MatchesEnd(source, c.source_namespaces) &&
         MatchesEnd(destination, c.destinations) && MatchesEnd(destination, c.services) &&
         MatchesEnd(destination, c.destination_namespaces) &&
         (MatchesEnd(source, c.ends) || MatchesEnd(destination, c.ends)) &&
         (MatchesEnd(source, c.pods) || MatchesEnd(destination, c.pods)) &&
         (MatchesEnd(source, c.end_namespaces) || MatchesEnd(destination, c.end_namespaces));
}

// A request id is looked for as either side's log may have it: Envoy may rewrite the digit before the
// stable part.
bool ContainsText(std::string_view text, std::string_view lower) {
  const std::string_view stable = traffic::StablePart(lower);
  const char* any = stable.size() == lower.size() ? nullptr : stable.data() - 1;
  const auto same = [&](const char& c, const char& wanted) {
    return &wanted == any || absl::ascii_tolower(static_cast<unsigned char>(c)) == wanted;
  };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), same) != text.end();
}

bool EntryContains(const PackedEntry* entry, std::string_view lower) {
  constexpr Text kSearched[] = {Text::kPath, Text::kAuthority, Text::kUserAgent, Text::kRequestId,
                                Text::kResponseCodeDetails};
  return entry != nullptr &&
         std::any_of(std::begin(kSearched), std::end(kSearched),
                     [&](Text which) { return ContainsText(entry->text(which), lower); });
}

bool RecordContains(const TrafficPair& pair, std::string_view lower) {
  return EntryContains(pair.client, lower) ||
         std::any_of(pair.servers.begin(), pair.servers.end(),
                     [&](const PackedEntry* server) { return EntryContains(server, lower); }) ||
         ContainsText(SourceOf(pair).label(), lower) ||
         ContainsText(DestinationOf(pair).label(), lower);
}

// A verdict of a newer version is read as one of ours.
bool MayBeOneOf(const std::string& verdict, const std::vector<traffic::Verdict>& wanted) {
  const auto known = traffic::ParseVerdict(verdict);
  return !known || std::find(wanted.begin(), wanted.end(), *known) != wanted.end();
}

// A method that Envoy has no name for is read as none.
bool MayBeOneOf(const std::string& method, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& one) {
    return one == method || one == ToString(traffic::Method{});
  });
}

// A pattern would cost more than it spares.
bool MayHavePath(std::string_view path, const std::vector<tap::PathMatch>& wanted) {
  const std::string_view bare = filter::PathOnly(path);
  return std::any_of(wanted.begin(), wanted.end(), [&](const tap::PathMatch& one) {
    return one.kind == tap::PathMatchKind::kRegex || filter::MatchesValue(bare, one);
  });
}

bool IsAnyOf(uint32_t code, const std::vector<tap::CodeRange>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const tap::CodeRange& range) { return range.Contains(code); });
}

bool HasCode(const std::vector<uint32_t>& codes, const std::vector<tap::CodeRange>& wanted) {
  return std::any_of(codes.begin(), codes.end(),
                     [&](uint32_t code) { return IsAnyOf(code, wanted); });
}

bool HasCode(const PackedEntry& entry, const std::vector<tap::CodeRange>& wanted) {
  const auto& facts = entry.facts;
  const bool unanswered = facts.moment == traffic::LogMoment::kPeriodic && facts.response_code == 0;
  // A connection has no code, and what is open may still get one.
  return facts.kind != traffic::EntryKind::kTcp && !unanswered &&
         IsAnyOf(facts.response_code, wanted);
}

// Of a request that has ended, with all sides that it has: these have the codes that the skim tells, and
// the verdict is one of ours.
bool IsPlain(const traffic::RecordSkim& skim) {
  return !skim.tcp && !skim.open && !skim.reduced && !skim.codes.empty() &&
         traffic::ParseVerdict(skim.verdict).has_value();
}

bool AsksForCodesAndVerdictsAlone(RecordConditions conditions) {
  conditions.match.response_codes.clear();
  conditions.verdicts.clear();
  return conditions == RecordConditions();
}

// What only one side tells.
bool MatchesSides(const RecordConditions& c, const TrafficPair& pair) {
  const bool client =
      c.client_codes.empty() || (pair.client != nullptr && HasCode(*pair.client, c.client_codes));
  const bool server =
      c.server_codes.empty() ||
      std::any_of(pair.servers.begin(), pair.servers.end(),
                  [&](const PackedEntry* each) { return HasCode(*each, c.server_codes); });
  const size_t told = pair.client == nullptr ? 0 : pair.client->facts.attempt_count;
  return client && server && std::max(told, pair.servers.size()) >= c.attempts;
}

std::string UnknownParameter(const std::string& name, const std::string& bare) {
  std::vector<std::string> known;
  for (const auto& word : FilterWords()) known.push_back(word.parameter);
  const std::string nearest = base::NearestName(bare, known);
  return fmt::format("{}: no such parameter{}", name,
                     nearest.empty() ? "" : fmt::format(": did you mean {}?", nearest));
}

}  // namespace

bool RecordFilter::Part::Holds(const TrafficPair& pair) const {
  const auto& c = conditions;
  if (!c.verdicts.empty() &&
      std::find(c.verdicts.begin(), c.verdicts.end(), pair.verdict) == c.verdicts.end()) {
    return false;
  }
  if (!c.orphan_reasons.empty() && std::find(c.orphan_reasons.begin(), c.orphan_reasons.end(),
                                             pair.orphan_reason) == c.orphan_reasons.end()) {
    return false;
  }
  if (c.open != c.ended && pair.open() != c.open) return false;
  if (!filter::MatchesDirection(c.direction(), pair) || !match->Matches(pair)) return false;
  if (!paths->Matches(pair) || !MatchesSides(c, pair)) return false;
  return MatchesEnds(c, SourceOf(pair), DestinationOf(pair)) &&
         std::all_of(c.texts.begin(), c.texts.end(),
                     [&](const std::string& text) { return RecordContains(pair, text); });
}

Wanted RecordFilter::Part::Judge(const traffic::RecordSkim& skim) const {
  const auto& match = conditions.match;
  const bool may =
      (conditions.verdicts.empty() || MayBeOneOf(skim.verdict, conditions.verdicts)) &&
      (match.methods.empty() || MayBeOneOf(skim.method, match.methods)) &&
      (match.paths.empty() || MayHavePath(skim.path, match.paths)) &&
      (match.response_codes.empty() || skim.tcp || HasCode(skim.codes, match.response_codes));
  if (!may) return Wanted::kNo;
  return of_skim && IsPlain(skim) ? Wanted::kYes : Wanted::kMaybe;
}

Status RecordFilter::Add(RecordConditions conditions, bool excludes) {
  auto match = filter::PairFilter::Create(conditions.match);
  if (!match.ok()) return match.status();
  auto paths = PathFilter::Create(conditions.paths_with_query);
  if (!paths.ok()) return paths.status();
  const bool of_skim = AsksForCodesAndVerdictsAlone(conditions);
  parts_.push_back(
      {std::move(conditions), *std::move(match), *std::move(paths), excludes, of_skim});
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<RecordFilter>> RecordFilter::Parse(
    const std::vector<Parameter>& parameters) {
  auto out = std::make_unique<RecordFilter>();
  RecordConditions kept;
  bool keeps = false;
  for (const Parameter& parameter : parameters) {
    const bool excludes = parameter.name.starts_with(kNot);
    RecordConditions excluded;
    const Parameter bare{excludes ? parameter.name.substr(kNot.size()) : parameter.name,
                         parameter.value};
    const Status read = ReadCondition(bare, excludes ? &excluded : &kept);
    Status made = read;
    if (read.ok() && excludes) made = out->Add(std::move(excluded), true);
    if (read.ok() && !excludes) keeps = true;
    if (made.code() == absl::StatusCode::kNotFound) {
      return absl::InvalidArgumentError(UnknownParameter(parameter.name, bare.name));
    }
    if (!made.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", parameter.name, Message(made)));
    }
  }
  if (keeps) TT_RETURN_IF_ERROR(out->Add(std::move(kept), false));
  return out;
}

bool RecordFilter::Matches(const TrafficPair& pair) const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.Holds(pair) != part.excludes; });
}

// What is sure to be kept out is left to Matches as well: a record that is none is to be told of.
Wanted RecordFilter::Judge(const traffic::RecordSkim& skim) const {
  Wanted out = parts_.empty() || IsPlain(skim) ? Wanted::kYes : Wanted::kMaybe;
  for (const Part& part : parts_) {
    const Wanted holds = part.Judge(skim);
    if (holds == Wanted::kNo && !part.excludes) return Wanted::kNo;
    // What is kept out surely fails, what is kept surely holds.
    const bool sure = holds == (part.excludes ? Wanted::kNo : Wanted::kYes);
    if (!sure) out = Wanted::kMaybe;
  }
  return out;
}

}  // namespace traffictap::observe
