// SPDX-License-Identifier: Apache-2.0
#include "traffic/dry_run.h"

#include <boost/test/unit_test.hpp>

#include "traffic/sample_entries.h"

namespace traffictap::traffic {
namespace {

SampleEntry Tried(DryRunResult result, const std::string& policy,
                  Reporter reporter = Reporter::kDestination) {
  SampleEntry entry(reporter);
  entry.facts().dry_run = result;
  entry.Set(Text::kDryRunPolicy, policy);
  return entry;
}

// "Denied bank/no-writes 2 destination", or "none".
std::string Of(const SampleEntry* client, const std::vector<const SampleEntry*>& servers) {
  const SamplePair sample(client, servers);
  const auto found = DryRunIn(sample.pair);
  if (!found) return "none";
  return std::string(Result(*found)) + " " + PolicyName(found->policy) + " " +
         std::string(found->policy.rule) + " " + ToString(found->side);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dry_run)

BOOST_AUTO_TEST_CASE(a_policy_that_would_deny_is_named_as_istio_names_it) {
  const auto entry = Tried(DryRunResult::kDenied, "ns[bank]-policy[no-writes]-rule[2]");
  BOOST_TEST(Of(nullptr, {&entry}) == "Denied bank/no-writes 2 destination");
}

BOOST_AUTO_TEST_CASE(where_no_tried_policy_would_allow_it_none_is_named) {
  const auto entry = Tried(DryRunResult::kDenied, "");
  BOOST_TEST(Of(nullptr, {&entry}) == "Denied   destination");
}

BOOST_AUTO_TEST_CASE(without_a_policy_that_is_tried_there_is_none) {
  const SampleEntry entry(Reporter::kDestination);
  BOOST_TEST(Of(nullptr, {&entry}) == "none");
  BOOST_TEST(Of(&entry, {}) == "none");
}

BOOST_AUTO_TEST_CASE(of_both_ends_the_one_that_would_deny_is_told_and_of_attempts_the_last) {
  const auto allowed = Tried(DryRunResult::kAllowed, "");
  const auto denied = Tried(DryRunResult::kDenied, "ns[a]-policy[b]-rule[0]");
  const auto gateway = Tried(DryRunResult::kDenied, "ns[c]-policy[d]-rule[0]", Reporter::kSource);
  const SampleEntry silent(Reporter::kSource);
  BOOST_TEST(Of(&gateway, {&allowed}) == "Denied c/d 0 source");
  BOOST_TEST(Of(&gateway, {&denied}) == "Denied a/b 0 destination");
  BOOST_TEST(Of(&silent, {&denied, &allowed}) == "Allowed   destination");
  BOOST_TEST(Of(&gateway, {}) == "Denied c/d 0 source");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::traffic
