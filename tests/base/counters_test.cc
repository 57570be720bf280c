// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

struct Fruit {
  uint64_t apples = 0;
  uint64_t bad[2] = {0, 0};
  static void Visit(auto visit, auto&... counters) {
    visit("apples", "", counters.apples...);
    visit("bad", "Worm", counters.bad[0]...);
    visit("bad", "Mould", counters.bad[1]...);
  }
};

BOOST_AUTO_TEST_SUITE(counters)

BOOST_AUTO_TEST_CASE(each_counter_is_added_to_its_own) {
  Fruit sum{1, {2, 3}};
  base::AddCounters(Fruit{10, {20, 30}}, &sum);
  BOOST_TEST(sum.apples == 11u);
  BOOST_TEST(sum.bad[0] == 22u);
  BOOST_TEST(sum.bad[1] == 33u);
}

BOOST_AUTO_TEST_CASE(the_text_has_reasons_only_where_they_count_something) {
  BOOST_TEST(base::CountersText(Fruit{}) == "apples=0");
  BOOST_TEST(base::CountersText(Fruit{4, {0, 2}}) == "apples=4 bad.Mould=2");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
