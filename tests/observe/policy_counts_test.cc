// SPDX-License-Identifier: Apache-2.0
#include "observe/policy_counts.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>

#include "traffic/read_pair.h"

namespace traffictap::observe {
namespace {

const std::string kDenied =
    R"("verdict":"Denied","denial":{"by":"AuthorizationPolicy","policy":"shop/p","rule":"1"})";

// "web cart shop/p rule 1 2 of 3"
std::vector<std::string> Rows(PolicyCounts::Of of, const std::vector<std::string>& records,
                              const std::string& destination = "cart") {
  PolicyCounts counts(of);
  for (const auto& fields : records) {
    const auto record = traffic::ReadPair(R"({"request":{},"source":{"name":"web"},)"
                                          R"("destination":{"name":")" +
                                          destination + "\"}," + fields + "}");
    BOOST_REQUIRE_MESSAGE(record.ok(), Message(record.status()));
    counts.Add(*record);
  }
  std::vector<std::string> out;
  for (const auto& row : counts.Rows()) {
    out.push_back(row.source + " " + row.destination + " " + row.rule + " " +
                  std::to_string(std::lround(row.denied)) + " of " +
                  std::to_string(std::lround(row.requests)) + (row.estimated ? " or so" : ""));
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(policy_counts)

BOOST_AUTO_TEST_CASE(denials_are_counted_by_rule_the_most_first) {
  const auto rows = Rows(
      PolicyCounts::Of::kDenials,
      {kDenied, kDenied, R"("verdict":"Ok")", R"("verdict":"Denied","denial":{"by":"RateLimit"})",
       R"("verdict":"Denied","denial":{"by":"AuthorizationPolicy"})"});
  BOOST_TEST(
      rows == (std::vector<std::string>{"web cart shop/p rule 1 2 of 5",
                                        "web cart RateLimit 1 of 5", "web cart none named 1 of 5"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_record_counts_as_the_requests_that_it_stands_for) {
  const std::string sampled = R"("weight":4,"verdict":"Ok")";
  BOOST_TEST(Rows(PolicyCounts::Of::kDenials, {kDenied, sampled, sampled}) ==
                 std::vector<std::string>{"web cart shop/p rule 1 1 of 9 or so"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_weight_that_cannot_be_counts_as_one) {
  BOOST_TEST(Rows(PolicyCounts::Of::kDenials, {kDenied, R"("weight":1e300,"verdict":"Ok")"}) ==
                 std::vector<std::string>{"web cart shop/p rule 1 1 of 2"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_edge_without_denials_is_left_out) {
  BOOST_TEST(Rows(PolicyCounts::Of::kDenials, {R"("verdict":"Ok")"}).empty());
}

BOOST_AUTO_TEST_CASE(of_a_dry_run_the_requests_that_policies_were_tried_for_count) {
  const std::string would = R"("dryRun":{"result":"Denied","policy":"shop/p","rule":"0"})";
  const std::string would_not = R"("dryRun":{"result":"Allowed"})";
  BOOST_TEST(Rows(PolicyCounts::Of::kDryRun, {would, would_not, kDenied, R"("verdict":"Ok")"}) ==
                 (std::vector<std::string>{"web cart shop/p rule 0 1 of 2"}),
             boost::test_tools::per_element());
  BOOST_TEST(Rows(PolicyCounts::Of::kDryRun, {would_not}) ==
                 (std::vector<std::string>{"web cart  0 of 1"}),
             boost::test_tools::per_element());
  BOOST_TEST(Rows(PolicyCounts::Of::kDryRun, {kDenied}).empty());
}

BOOST_AUTO_TEST_CASE(an_end_without_a_name_is_told_as_such) {
  BOOST_TEST(Rows(PolicyCounts::Of::kDenials, {kDenied}, "")[0].starts_with("web ? "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::observe
