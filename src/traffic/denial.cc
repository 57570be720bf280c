// SPDX-License-Identifier: Apache-2.0
#include "traffic/denial.h"

#include <array>

#include "fmt/format.h"

namespace traffictap::traffic {
namespace {

constexpr std::string_view kRbac = "rbac_access_denied_matched_policy[";
constexpr std::string_view kHidden = "REDACTED";  // in a policy's place: see WithoutPolicy

// The text of "NAME[text]" at the start of `from`, which goes on behind it and the '-' after.
std::optional<std::string_view> TakePart(std::string_view name, std::string_view* from) {
  if (!from->starts_with(name) || from->size() <= name.size() || (*from)[name.size()] != '[') {
    return std::nullopt;
  }
  const size_t end = from->find(']', name.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = from->substr(name.size() + 1, end - name.size() - 1);
  from->remove_prefix(end + 1);
  if (from->starts_with('-')) from->remove_prefix(1);
  return text;
}

Denial ByPolicy(std::string_view details) {
  Denial out;
  std::string_view id = details.substr(kRbac.size());
  if (id.ends_with(']')) id.remove_suffix(1);
  if (id != "none" && id != kHidden) out.policy = ReadPolicyId(id);
  return out;
}

std::optional<Denial> Plain(std::optional<DeniedBy> by) {
  if (!by) return std::nullopt;
  Denial out;
  out.by = *by;
  return out;
}

std::optional<DeniedBy> ByDetails(std::string_view details) {
  if (details.starts_with(kRbac)) return DeniedBy::kAuthorizationPolicy;
  if (details.starts_with("jwt_authn_access_denied")) return DeniedBy::kJwt;
  if (details.starts_with("ext_authz_")) return DeniedBy::kExternalAuthorization;
  if (details == "request_rate_limited" || details == "local_rate_limited" ||
      details == "rate_limited_by_quota" || details == "rate_limiter_error") {
    return DeniedBy::kRateLimit;
  }
  return std::nullopt;
}

// A limit of connections says so by a flag that otherwise stands for connects that failed; those
// have chosen a host.
bool IsOverConnectionLimit(const PackedEntry& entry) {
  const auto& facts = entry.facts;
  return facts.kind == EntryKind::kTcp && !facts.upstream_remote.present() &&
         entry.text(Text::kUpstreamCluster).empty() &&
         facts.response_flags.Contains(ResponseFlag::kUpstreamRetryLimitExceeded);
}

std::optional<DeniedBy> ByFlags(const PackedEntry& entry) {
  const ResponseFlags flags = entry.facts.response_flags;
  if (IsOverConnectionLimit(entry)) return DeniedBy::kRateLimit;
  if (flags.Contains(ResponseFlag::kUnauthorized)) return DeniedBy::kExternalAuthorization;
  if (flags.Contains(ResponseFlag::kRateLimited) ||
      flags.Contains(ResponseFlag::kRateLimitServiceError)) {
    return DeniedBy::kRateLimit;
  }
  return std::nullopt;
}

std::optional<Denial> FindDenial(const PackedEntry& entry) {
  const auto details = entry.text(Text::kResponseCodeDetails);
  for (const auto text : {details, entry.text(Text::kConnectionTermination)}) {
    const auto by = ByDetails(text);
    if (!by) continue;
    if (*by == DeniedBy::kAuthorizationPolicy) return ByPolicy(text);
    return Plain(by);
  }
  const bool answered = entry.facts.kind == EntryKind::kTcp || details != "via_upstream";
  return answered ? Plain(ByFlags(entry)) : std::nullopt;
}

}  // namespace

const char* ToString(DeniedBy by) {
  static constexpr std::array<const char*, 4> kNames = {"AuthorizationPolicy", "JWT",
                                                        "ExternalAuthorization", "RateLimit"};
  return kNames[static_cast<size_t>(by)];
}

PolicyId ReadPolicyId(std::string_view text) {
  std::string_view rest = text;
  const auto ns = TakePart("ns", &rest);
  const auto name = ns ? TakePart("policy", &rest) : std::nullopt;
  const auto rule = name ? TakePart("rule", &rest) : std::nullopt;
  return rule ? PolicyId{*ns, *name, *rule} : PolicyId{"", text, ""};
}

std::string PolicyName(const PolicyId& policy) {
  return policy.ns.empty() ? std::string(policy.name)
                           : fmt::format("{}/{}", policy.ns, policy.name);
}

std::optional<Denial> DenialOf(const PackedEntry& entry) {
  auto out = FindDenial(entry);
  if (out) out->side = entry.facts.reporter;
  return out;
}

std::optional<Denial> DenialIn(const TrafficPair& pair) {
  if (pair.client == nullptr) return DenialOf(*pair.server());
  if (const auto own = DenialOf(*pair.client)) return own;
  if (pair.server() == nullptr) return std::nullopt;
  const auto& client = *pair.client;
  const bool got_it = client.facts.kind == EntryKind::kTcp ||
                      client.facts.response_code == pair.server()->facts.response_code;
  return got_it ? DenialOf(*pair.server()) : std::nullopt;
}

std::string_view PolicyNamespace(std::string_view details) {
  return details.starts_with(kRbac) ? ByPolicy(details).policy.ns : std::string_view();
}

std::string WithoutPolicy(std::string_view details) {
  if (!details.starts_with(kRbac)) return std::string(details);
  return std::string(kRbac).append(kHidden) + ']';
}

}  // namespace traffictap::traffic
