// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_rows.h"

#include <boost/test/unit_test.hpp>

#include "base/rfc3339.h"

namespace traffictap {
namespace {

using kube::Json;
using Row = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_rows)

BOOST_AUTO_TEST_CASE(what_is_not_known_is_a_dash) {
  const Json tap = {{"metadata", {{"name", "t"}, {"namespace", "shop"}}}};
  BOOST_TEST((cli::TapRow(tap, false, false, 0) ==
              Row{"shop/t", "-", "-", "-/-", "-", "-", "-", "-", "-", "-"}));
  BOOST_TEST(cli::TapHeadings(false, false).size() == 10u);
  BOOST_TEST(cli::TapHeadings(false, true).size() == cli::TapRow(tap, false, true, 0).size());
}

BOOST_AUTO_TEST_CASE(ages_and_ends_count_from_now) {
  const auto now = *base::ParseRfc3339("2026-01-31T12:10:00Z");
  const Json tap = {{"metadata", {{"name", "t"}, {"creationTimestamp", "2026-01-31T12:00:00Z"}}},
                    {"status", {{"endsAt", "2026-01-31T12:10:30Z"}}}};
  const Row row = cli::TapRow(tap, false, false, now);
  BOOST_TEST(row[8] == "10m");
  BOOST_TEST(row[9] == "30s");
  BOOST_TEST(cli::AgeText(5 * 3600 * base::kSecond) == "5h");
  BOOST_TEST(cli::AgeText(100 * 3600 * base::kSecond) == "4d");
  BOOST_TEST(cli::AgeText(-1) == "0s");
}

BOOST_AUTO_TEST_CASE(a_collectors_own_books_are_summed_up) {
  const Json tap = Json::parse(R"({"tap": "shop/t", "completed": false, "proxies": 3,
      "lostEntries": 2, "records": {"offered": 9}, "orphans": {"NeverArrived": 1, "PeerNotMeshed": 2},
      "outputs": [{"dropped": {"QueueFull": 5}}]})");
  BOOST_TEST(
      (cli::TapRow(tap, true, false, 0) == Row{"shop/t", "Capturing", "3", "9", "3", "2", "5"}));
}

BOOST_AUTO_TEST_CASE(a_target_reads_as_it_is_typed) {
  BOOST_TEST(cli::TargetText({{"kind", "Service"}, {"name", "cart"}}) == "Service/cart");
  BOOST_TEST(cli::TargetText({{"kind", "Service"}, {"name", "cart"}, {"namespace", "shop"}}) ==
             "Service/shop/cart");
  BOOST_TEST(cli::TargetText({{"kind", "Pod"}, {"selector", "app=x,v=1"}}) == "Pod/app=x,v=1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
