// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "traffic/traffic_pair.h"

namespace traffictap::traffic {

// What a proxy denied a request or connection by.
enum class DeniedBy : uint8_t {
  kAuthorizationPolicy,    // Envoy's RBAC filters
  kJwt,                    // its JWT filter: Istio's RequestAuthentication
  kExternalAuthorization,  // its ext_authz filters: a CUSTOM AuthorizationPolicy
  kRateLimit,              // its global and local rate limits
};
const char* ToString(DeniedBy by);  // "AuthorizationPolicy", "JWT", …

// An AuthorizationPolicy and which of its rules: "shop", "deny-all", "0".
struct PolicyId {
  std::string_view ns;
  std::string_view name;
  std::string_view rule;
};
// As Istio names it to a proxy: "ns[shop]-policy[deny-all]-rule[0]". Any other text is the name of
// a policy that Istio did not set up.
PolicyId ReadPolicyId(std::string_view text);
// "shop/deny-all", or the name alone.
std::string PolicyName(const PolicyId& policy);

// A request or connection that an entry's own proxy refused, by a rule that somebody wrote. Views
// into the entry.
struct Denial {
  DeniedBy by = DeniedBy::kAuthorizationPolicy;
  // Where the proxy names it. Empty where no policy allowed the request.
  PolicyId policy;
  Reporter side = Reporter::kDestination;  // whose proxy it was
};

// By the response code details, or those of the connection's end (Envoy: its filters' sources):
//   rbac_access_denied_matched_policy[POLICY]       AuthorizationPolicy
//   jwt_authn_access_denied{REASON}                 JWT
//   ext_authz_denied, ext_authz_error, flag UAEX    ExternalAuthorization
//   request_rate_limited, local_rate_limited,       RateLimit
//   rate_limited_by_quota, rate_limiter_error,
//   flags RL and RLSE
//   TCP: flag URX without a host that was chosen    RateLimit (network filters local_ratelimit and
//                                                   connection_limit)
// Istio names a POLICY "ns[shop]-policy[deny-all]-rule[0]", and "none" where nothing allowed the
// request. A flag counts only where the proxy answered itself: a rate limit service that failed
// and let the request pass leaves RLSE behind. nullopt: the proxy did not deny anything.
std::optional<Denial> DenialOf(const PackedEntry& entry);

// What denied a record: its client's proxy, or that of the server that answered last, where the
// client got no other answer than that. nullopt: nothing did.
std::optional<Denial> DenialIn(const TrafficPair& pair);

// The namespace of the AuthorizationPolicy that `details` name; empty where they name none.
std::string_view PolicyNamespace(std::string_view details);
// `details` without the name of a policy: "rbac_access_denied_matched_policy[REDACTED]".
std::string WithoutPolicy(std::string_view details);

}  // namespace traffictap::traffic
