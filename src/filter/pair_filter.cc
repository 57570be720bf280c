// SPDX-License-Identifier: Apache-2.0

// A condition asks "any side": what one proxy saw and the other could not (a code that a client
// never got) is what people search for. Where the budget has refused a pattern, the answer means
// nothing and the caller ignores it.
#include "filter/pair_filter.h"

#include <re2/re2.h>

#include <algorithm>

#include "filter/entry_filter.h"
#include "filter/sampling.h"
#include "filter/text_match.h"
#include "fmt/format.h"
#include "traffic/grpc_status.h"
#include "traffic/header_list.h"
#include "traffic/trace_context.h"

namespace traffictap::filter {
namespace {

using traffic::PackedEntry;
using traffic::Text;
using traffic::TrafficPair;

template <typename Test>
bool AnyEntry(const TrafficPair& pair, Test test) {
  if (pair.client != nullptr && test(*pair.client)) return true;
  return std::any_of(pair.servers.begin(), pair.servers.end(),
                     [&](const PackedEntry* server) { return test(*server); });
}

template <typename T, typename Test>
bool EmptyOrAny(const std::vector<T>& values, Test test) {
  return values.empty() || std::any_of(values.begin(), values.end(), test);
}

base::Nanos LongestDuration(const TrafficPair& pair) {
  base::Nanos longest = traffic::kAbsent;
  AnyEntry(pair, [&](const PackedEntry& entry) {
    longest = std::max(longest, entry.facts.duration);
    return false;
  });
  return longest;
}

struct TextCondition {
  tap::PathMatch match;
  std::shared_ptr<const re2::RE2> pattern;

  bool Holds(std::string_view text, tap::PatternBudget* budget) const {
    return pattern ? FullMatch(*pattern, text, budget) : MatchesValue(text, match);
  }
};

Status AddTexts(const std::vector<tap::PathMatch>& matches, std::vector<TextCondition>* out) {
  for (const auto& match : matches) {
    out->push_back({match, nullptr});
    if (match.kind != tap::PathMatchKind::kRegex) continue;
    auto pattern = CompilePattern(match.value);
    if (!pattern.ok()) return pattern.status();
    out->back().pattern = *pattern;
  }
  return absl::OkStatus();
}

// Envoy tells of these apart from the other headers, whether it was asked for them or not.
std::string_view OwnField(const PackedEntry& entry, std::string_view header) {
  if (header == "user-agent") return entry.text(Text::kUserAgent);
  if (header == "referer") return entry.text(Text::kReferer);
  if (header == "x-forwarded-for") return entry.text(Text::kForwardedFor);
  return header == "x-request-id" ? entry.text(Text::kRequestId) : std::string_view();
}

struct HeaderCondition {
  tap::HeaderMatch match;
  std::shared_ptr<const re2::RE2> pattern;

  // A field of the response may be a trailer as well: proxies are asked for both.
  bool Holds(const PackedEntry& entry, tap::PatternBudget* budget) const {
    const auto in = [&](Text list) {
      return HoldsFor(traffic::FindHeader(entry.text(list), match.name), budget);
    };
    if (match.response) return in(Text::kResponseHeaders) || in(Text::kResponseTrailers);
    if (in(Text::kRequestHeaders)) return true;
    const auto own = OwnField(entry, match.name);
    return !own.empty() && HoldsFor(own, budget);
  }

  bool HoldsFor(std::string_view value, tap::PatternBudget* budget) const {
    if (value.data() == nullptr) return false;
    switch (match.kind) {
      case tap::HeaderMatch::Kind::kPresent: return true;
      case tap::HeaderMatch::Kind::kExact: return value == match.value;
      case tap::HeaderMatch::Kind::kPrefix: return value.starts_with(match.value);
      case tap::HeaderMatch::Kind::kRegex: return FullMatch(*pattern, value, budget);
    }
    return false;
  }
};

std::string_view ProtocolOf(const PackedEntry& entry) {
  return entry.facts.kind == traffic::EntryKind::kTcp ? "TCP" : ToString(entry.facts.http_version);
}

}  // namespace

struct PairFilter::Conditions {
  tap::MatchSpec spec;
  std::vector<TextCondition> paths;
  std::vector<TextCondition> user_agents;
  std::vector<HeaderCondition> headers;
  std::vector<traffic::TraceContext> traces;
  traffic::ResponseFlags flags;
  bool asks_for_tcp = false;

  bool MatchesRequest(const TrafficPair& pair, tap::PatternBudget* budget) const {
    return EmptyOrAny(spec.methods,
                      [&](const std::string& method) {
                        return AnyEntry(pair, [&](const auto& e) {
                          return method == ToString(e.facts.method);
                        });
                      }) &&
           EmptyOrAny(paths,
                      [&](const TextCondition& path) {
                        return AnyEntry(pair, [&](const auto& e) {
                          return e.facts.kind == traffic::EntryKind::kHttp &&
                                 path.Holds(PathOnly(e.text(Text::kPath)), budget);
                        });
                      }) &&
           EmptyOrAny(user_agents,
                      [&](const TextCondition& agent) {
                        return AnyEntry(pair, [&](const auto& e) {
                          return e.facts.kind == traffic::EntryKind::kHttp &&
                                 agent.Holds(e.text(Text::kUserAgent), budget);
                        });
                      }) &&
           EmptyOrAny(spec.schemes,
                      [&](const std::string& scheme) {
                        return AnyEntry(
                            pair, [&](const auto& e) { return e.text(Text::kScheme) == scheme; });
                      }) &&
           EmptyOrAny(spec.authorities,
                      [&](const std::string& pattern) {
                        return AnyEntry(pair, [&](const auto& e) {
                          return MatchesAuthority(e.text(Text::kAuthority), pattern);
                        });
                      }) &&
           EmptyOrAny(traces,
                      [&](const traffic::TraceContext& trace) {
                        return AnyEntry(
                            pair, [&](const auto& e) { return e.facts.trace.OfSameTrace(trace); });
                      }) &&
           EmptyOrAny(spec.protocols, [&](const std::string& protocol) {
             return AnyEntry(pair, [&](const auto& e) { return ProtocolOf(e) == protocol; });
           });
  }

  // Code 0 is a request without an answer: one that is open may still get it. A connection has none,
  // so that only a condition that names TCP as a protocol takes it.
  bool HasCode(const PackedEntry& entry, const tap::CodeRange& range) const {
    if (entry.facts.kind == traffic::EntryKind::kTcp) return asks_for_tcp;
    const bool open = entry.facts.moment == traffic::LogMoment::kPeriodic;
    if (open && entry.facts.response_code == 0) return false;
    return range.Contains(entry.facts.response_code);
  }

  bool MatchesOutcome(const TrafficPair& pair) const {
    return EmptyOrAny(spec.response_codes,
                      [&](const tap::CodeRange& range) {
                        return AnyEntry(pair, [&](const auto& e) { return HasCode(e, range); });
                      }) &&
           (flags.empty() ||
            AnyEntry(pair,
                     [&](const auto& e) { return e.facts.response_flags.Intersects(flags); })) &&
           EmptyOrAny(spec.grpc_statuses,
                      [&](const std::string& status) {
                        return AnyEntry(pair, [&](const auto& e) {
                          return status == ToString(e.facts.grpc_status);
                        });
                      }) &&
           (!spec.min_duration || LongestDuration(pair) >= *spec.min_duration);
  }

  bool MatchesHeaders(const TrafficPair& pair, tap::PatternBudget* budget) const {
    return std::all_of(headers.begin(), headers.end(), [&](const HeaderCondition& header) {
      return AnyEntry(pair, [&](const auto& e) { return header.Holds(e, budget); }) !=
             header.match.invert;
    });
  }
};

PairFilter::PairFilter() : conditions_(std::make_unique<Conditions>()) {}
PairFilter::~PairFilter() = default;

StatusOr<std::unique_ptr<PairFilter>> PairFilter::Create(const tap::MatchSpec& spec) {
  std::unique_ptr<PairFilter> out(new PairFilter);
  Conditions& conditions = *out->conditions_;
  conditions.spec = spec;
  conditions.asks_for_tcp = std::count(spec.protocols.begin(), spec.protocols.end(), "TCP") > 0;
  TT_RETURN_IF_ERROR(AddTexts(spec.paths, &conditions.paths));
  TT_RETURN_IF_ERROR(AddTexts(spec.user_agents, &conditions.user_agents));
  for (const auto& header : spec.headers) {
    conditions.headers.push_back({header, nullptr});
    if (header.kind != tap::HeaderMatch::Kind::kRegex) continue;
    auto pattern = CompilePattern(header.value);
    if (!pattern.ok()) return pattern.status();
    conditions.headers.back().pattern = *pattern;
  }
  for (const auto& id : spec.trace_ids) {
    const auto trace = traffic::ParseTraceId(id);
    if (!trace) return absl::InvalidArgumentError(fmt::format("\"{}\" is not a trace id", id));
    conditions.traces.push_back(*trace);
  }
  for (const auto& name : spec.response_flags) {
    const auto flag = traffic::ParseResponseFlag(name);
    if (!flag)
      return absl::InvalidArgumentError(fmt::format("response flag \"{}\" is unknown", name));
    conditions.flags.Add(*flag);
  }
  return out;
}

bool PairFilter::Matches(const TrafficPair& pair, tap::PatternBudget* budget) const {
  // Patterns last: they cost most.
  return conditions_->MatchesOutcome(pair) && conditions_->MatchesRequest(pair, budget) &&
         conditions_->MatchesHeaders(pair, budget);
}

OwnEnds OwnEndsOf(const tap::TapSpec& spec, const TrafficPair& pair) {
  OwnEnds out;
  out.client = pair.client != nullptr && TargetsNode(spec, *pair.client->node);
  out.server =
      std::any_of(pair.servers.begin(), pair.servers.end(),
                  [&](const PackedEntry* server) { return TargetsNode(spec, *server->node); });
  return out;
}

bool MatchesDirection(tap::Direction direction, const TrafficPair& pair, const OwnEnds& own) {
  if (direction == tap::Direction::kBoth) return true;
  return direction == tap::Direction::kInbound ? own.server && !pair.servers.empty()
                                               : own.client && pair.client != nullptr;
}

namespace {

bool KeptAlways(const tap::SamplingSpec& spec, const TrafficPair& pair) {
  using traffic::Verdict;
  const bool failed = pair.verdict != Verdict::kOk && pair.verdict != Verdict::kRetried;
  const auto faulty = [](const PackedEntry& e) {
    return e.facts.response_code >= 500 || traffic::IsServersFault(e.facts.grpc_status);
  };
  if (spec.always_keep_errors && (failed || AnyEntry(pair, faulty))) return true;
  return spec.always_keep_slow && LongestDuration(pair) >= spec.slow_threshold;
}

}  // namespace

bool Samples(const tap::SamplingSpec& spec, const TrafficPair& pair) {
  return KeptAlways(spec, pair) || spec.ratio >= 1.0 ||
         pair.principal().request_id_hash < SamplingLimit(spec.ratio);
}

double WeightOf(const tap::SamplingSpec& spec, const TrafficPair& pair) {
  const bool by_ratio = spec.ratio > 0 && spec.ratio < 1.0 &&
                        pair.principal().request_id_hash != 0 && !KeptAlways(spec, pair);
  return by_ratio ? 1 / spec.ratio : 1;
}

}  // namespace traffictap::filter
