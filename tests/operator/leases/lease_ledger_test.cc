// SPDX-License-Identifier: Apache-2.0
#include "operator/leases/lease_ledger.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using leases::LeaseLedger;
using Granted = std::map<std::string, uint64_t>;

namespace {

// Plans, writes and sends what the instance is to have.
Granted Send(LeaseLedger& ledger, const std::string& instance) {
  for (const char* uid : {"x", "y"}) {
    if (const auto plan = ledger.Plan(uid, 0, 0)) ledger.Written(uid, *plan);
  }
  const Granted out = ledger.Due(instance);
  ledger.Sent(instance, out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lease_ledger)

BOOST_AUTO_TEST_CASE(each_tap_has_a_book_of_its_own) {
  LeaseLedger ledger;
  ledger.SetConnected({"a"}, 0);
  ledger.SetLimits({{"x", 100, ""}, {"y", 10, ""}}, 0);
  BOOST_TEST((Send(ledger, "a") == Granted{{"x", 50}, {"y", 5}}));
  BOOST_TEST(ledger.Due("a").empty());
  ledger.Hear("a", {{"x", {50, 50, true}}, {"y", {5, 1, false}}, {"z", {9, 9, true}}}, true, false);
  BOOST_TEST(!ledger.IsDue("x", "a"));
  const auto plan = ledger.Plan("x", 0, 0);
  BOOST_REQUIRE(plan.has_value());
  ledger.Written("x", *plan);
  BOOST_TEST(ledger.IsDue("x", "a"));
  BOOST_TEST(!ledger.IsDue("y", "a"));
  BOOST_TEST((Send(ledger, "a") == Granted{{"x", 75}}));
}

BOOST_AUTO_TEST_CASE(a_tap_begins_with_what_its_status_keeps_and_ends_with_its_limit) {
  LeaseLedger ledger;
  ledger.SetLimits({{"x", 100, "40 0 b=20"}}, 0);
  ledger.SetConnected({"a"}, 0);
  BOOST_TEST((Send(ledger, "a") == Granted{{"x", 20}}));
  // Later it is known better here.
  ledger.SetLimits({{"x", 100, "100 0"}}, 0);
  BOOST_TEST(!ledger.Ends("x", 0));
  ledger.SetLimits({}, 0);
  BOOST_TEST(!ledger.Plan("x", 0, 0).has_value());
  BOOST_TEST(!ledger.Ends("x", 1000));
}

BOOST_AUTO_TEST_CASE(what_a_final_report_does_not_name_was_never_taken) {
  LeaseLedger ledger;
  ledger.SetLimits({{"x", 100, ""}, {"y", 100, ""}}, 0);
  ledger.SetConnected({"a"}, 0);
  Send(ledger, "a");
  ledger.Hear("a", {{"x", {50, 30, false}}}, false, true);
  ledger.SetConnected({}, 0);
  BOOST_TEST(ledger.Plan("x", 0, 0)->gone == 30u);
  BOOST_TEST(ledger.Plan("y", 0, 0)->gone == 0u);
  BOOST_TEST(ledger.Plan("y", 0, 0)->instances.empty());
}

BOOST_AUTO_TEST_CASE(a_tap_whose_records_are_used_up_is_told_once) {
  LeaseLedger ledger;
  ledger.SetLimits({{"x", 10, "10 0"}, {"y", 10, ""}}, 0);
  BOOST_TEST(ledger.NewlyUsedUp());
  BOOST_TEST(!ledger.NewlyUsedUp());
  ledger.SetLimits({{"x", 20, ""}}, 0);
  BOOST_TEST(!ledger.NewlyUsedUp());
  ledger.SetLimits({{"x", 5, ""}}, 0);
  BOOST_TEST(ledger.NewlyUsedUp());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
