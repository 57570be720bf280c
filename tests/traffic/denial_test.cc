// SPDX-License-Identifier: Apache-2.0
#include "traffic/denial.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

SampleEntry Answer(const std::string& details, uint32_t code = 403,
                   Reporter reporter = Reporter::kDestination) {
  SampleEntry sample(reporter);
  sample.facts().response_code = code;
  sample.Set(Text::kResponseCodeDetails, details);
  return sample;
}

// "AuthorizationPolicy shop/deny 0 destination", or "none".
std::string Shown(const std::optional<Denial>& denial) {
  if (!denial) return "none";
  std::string out = ToString(denial->by);
  out += " " + std::string(denial->policy.ns) + "/" + std::string(denial->policy.name);
  return out + " " + std::string(denial->policy.rule) + " " + ToString(denial->side);
}

std::string Of(const SampleEntry& sample) {
  PackedSample packed(sample);
  return Shown(DenialOf(*packed.get()));
}

std::string Details(const std::string& details) { return Of(Answer(details)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(denial)

BOOST_AUTO_TEST_CASE(a_policy_is_named_as_istio_names_it) {
  BOOST_TEST(Details("rbac_access_denied_matched_policy[ns[bank]-policy[no-writes]-rule[2]]") ==
             "AuthorizationPolicy bank/no-writes 2 destination");
  BOOST_TEST(Details("rbac_access_denied_matched_policy[none]") ==
             "AuthorizationPolicy /  destination");
  BOOST_TEST(Details("rbac_access_denied_matched_policy[plain-envoy]") ==
             "AuthorizationPolicy /plain-envoy  destination");
  for (const char* torn :
       {"rbac_access_denied_matched_policy[", "rbac_access_denied_matched_policy[ns[",
        "rbac_access_denied_matched_policy[ns[a]-policy[b]"}) {
    BOOST_TEST(Details(torn).starts_with("AuthorizationPolicy /"), torn);
  }
}

BOOST_AUTO_TEST_CASE(tokens_external_checks_and_limits_are_told_by_their_details) {
  BOOST_TEST(Details("jwt_authn_access_denied{Jwt_is_expired}") == "JWT /  destination");
  BOOST_TEST(Details("ext_authz_denied") == "ExternalAuthorization /  destination");
  BOOST_TEST(Details("ext_authz_error") == "ExternalAuthorization /  destination");
  for (const char* limit : {"request_rate_limited", "local_rate_limited", "rate_limited_by_quota",
                            "rate_limiter_error"}) {
    BOOST_TEST(Details(limit) == "RateLimit /  destination");
  }
  for (const char* other : {"via_upstream", "direct_response", "fault_filter_abort", ""}) {
    BOOST_TEST(Details(other) == "none", other);
  }
}

BOOST_AUTO_TEST_CASE(a_flag_counts_where_the_proxy_answered_itself) {
  for (const auto& [flag, by] : {std::pair{ResponseFlag::kUnauthorized, "ExternalAuthorization"},
                                 {ResponseFlag::kRateLimited, "RateLimit"},
                                 {ResponseFlag::kRateLimitServiceError, "RateLimit"}}) {
    auto answer = Answer("", 429);
    answer.facts().response_flags.Add(flag);
    BOOST_TEST(Of(answer) == std::string(by) + " /  destination");
    answer.Set(Text::kResponseCodeDetails, "via_upstream");
    BOOST_TEST(Of(answer) == "none");
  }
}

BOOST_AUTO_TEST_CASE(a_connection_is_denied_by_how_it_ended) {
  SampleEntry connection(Reporter::kDestination);
  connection.facts().kind = EntryKind::kTcp;
  BOOST_TEST(Of(connection) == "none");
  connection.Set(Text::kConnectionTermination,
                 "rbac_access_denied_matched_policy[ns[shop]-policy[db]-rule[0]]");
  BOOST_TEST(Of(connection) == "AuthorizationPolicy shop/db 0 destination");
}

BOOST_AUTO_TEST_CASE(a_connection_over_a_limit_is_told_from_one_that_no_host_took) {
  SampleEntry connection(Reporter::kDestination);
  connection.facts().kind = EntryKind::kTcp;
  connection.facts().response_flags.Add(ResponseFlag::kUpstreamRetryLimitExceeded);
  BOOST_TEST(Of(connection) == "RateLimit /  destination");
  connection.facts().upstream_remote = *ParseSocketAddress("10.0.0.9", 80);
  BOOST_TEST(Of(connection) == "none");
  connection.facts().upstream_remote = {};
  connection.Set(Text::kUpstreamCluster, "inbound|5432||");
  BOOST_TEST(Of(connection) == "none");
}

BOOST_AUTO_TEST_CASE(a_record_is_denied_by_either_sides_proxy_if_the_client_got_no_other_answer) {
  const auto in = [](const SampleEntry* client, const SampleEntry* server) {
    return Shown(DenialIn(
        SamplePair(client, server ? std::vector{server} : std::vector<const SampleEntry*>{}).pair));
  };
  const auto passed = Answer("via_upstream", 403, Reporter::kSource);
  const auto other = Answer("via_upstream", 200, Reporter::kSource);
  const auto denied = Answer("local_rate_limited", 403);
  const auto own = Answer("local_rate_limited", 429, Reporter::kSource);
  BOOST_TEST(in(&passed, &denied) == "RateLimit /  destination");
  BOOST_TEST(in(nullptr, &denied) == "RateLimit /  destination");
  BOOST_TEST(in(&other, &denied) == "none");
  BOOST_TEST(in(&passed, nullptr) == "none");
  BOOST_TEST(in(&own, nullptr) == "RateLimit /  source");
}

BOOST_AUTO_TEST_CASE(a_policys_name_has_its_namespace_in_front_where_it_is_istios) {
  BOOST_TEST(PolicyName(ReadPolicyId("ns[bank]-policy[no-writes]-rule[2]")) == "bank/no-writes");
  BOOST_TEST(PolicyName(ReadPolicyId("plain-envoy")) == "plain-envoy");
  BOOST_TEST(PolicyName(PolicyId{}) == "");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_out_leaves_the_denial) {
  const std::string details =
      "rbac_access_denied_matched_policy[ns[istio-system]-policy[x]-rule[0]]";
  BOOST_TEST(PolicyNamespace(details) == "istio-system");
  BOOST_TEST(PolicyNamespace("via_upstream").empty());
  BOOST_TEST(Details(WithoutPolicy(details)) == "AuthorizationPolicy /  destination");
  BOOST_TEST(PolicyNamespace(WithoutPolicy(details)).empty());
  BOOST_TEST(WithoutPolicy("via_upstream") == "via_upstream");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
