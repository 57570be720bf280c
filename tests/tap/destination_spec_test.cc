// SPDX-License-Identifier: Apache-2.0
#include "tap/destination_spec.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::tap {
namespace {

using Operator = LabelRequirement::Operator;

bool Holds(Operator op, std::vector<std::string> values, const Labels& labels) {
  LabelSelector selector;
  selector.match_expressions.push_back({"env", op, std::move(values)});
  return selector.Matches(labels);
}

BOOST_AUTO_TEST_SUITE(label_selector)

BOOST_AUTO_TEST_CASE(empty_holds_for_everything) { BOOST_TEST(LabelSelector().Matches({})); }

BOOST_AUTO_TEST_CASE(every_label_must_hold) {
  LabelSelector selector;
  selector.match_labels = {{"a", "1"}, {"b", "2"}};
  BOOST_TEST(selector.Matches({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  BOOST_TEST(!selector.Matches({{"a", "1"}}));
  BOOST_TEST(!selector.Matches({{"a", "1"}, {"b", "1"}}));
}

BOOST_AUTO_TEST_CASE(expressions_mean_what_kubernetes_says) {
  BOOST_TEST(Holds(Operator::kIn, {"dev", "test"}, {{"env", "test"}}));
  BOOST_TEST(!Holds(Operator::kIn, {"dev"}, {{"env", "prod"}}));
  BOOST_TEST(!Holds(Operator::kIn, {"dev"}, {}));
  BOOST_TEST(!Holds(Operator::kNotIn, {"dev"}, {{"env", "dev"}}));
  BOOST_TEST(Holds(Operator::kNotIn, {"dev"}, {{"env", "prod"}}));
  BOOST_TEST(Holds(Operator::kNotIn, {"dev"}, {}));
  BOOST_TEST(Holds(Operator::kExists, {}, {{"env", ""}}));
  BOOST_TEST(!Holds(Operator::kExists, {}, {}));
  BOOST_TEST(Holds(Operator::kDoesNotExist, {}, {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::tap
