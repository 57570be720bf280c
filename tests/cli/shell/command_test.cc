// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/command.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(command)

BOOST_AUTO_TEST_CASE(a_text_option_keeps_its_text_and_refuses_an_empty_one) {
  std::string name;
  const cli::Option option = cli::TextOption("namespace", 'n', "NAME", "the namespace", &name);
  BOOST_TEST(option.take("shop").ok());
  BOOST_TEST(name == "shop");
  BOOST_TEST(Message(option.take("")) == "must not be empty");
}

BOOST_AUTO_TEST_CASE(a_flag_takes_no_value) {
  bool follow = false;
  const cli::Option option = cli::FlagOption("follow", 'f', "keep streaming", &follow);
  BOOST_TEST(option.value.empty());
  BOOST_TEST(option.take("").ok());
  BOOST_TEST(follow);
}

BOOST_AUTO_TEST_CASE(a_duration_is_left_as_it_was_where_the_text_is_none) {
  base::Nanos window = 5;
  const cli::Option option = cli::DurationOption("window", "how long", &window);
  BOOST_TEST(option.take("soon").code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(window == 5);
  BOOST_TEST(option.take("2s").ok());
  BOOST_TEST(window == 2 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_duration_with_bounds_says_them) {
  base::Nanos interval = 0;
  const auto option = cli::BoundedDurationOption("every", "how often", base::kSecond,
                                                 3600 * base::kSecond, &interval);
  BOOST_TEST(option.take("1s").ok());
  BOOST_TEST(option.take("1h").ok());
  BOOST_TEST(interval == 3600 * base::kSecond);
  BOOST_TEST(Message(option.take("999ms")) == "must be from 1s to 1h");
  BOOST_TEST(Message(option.take("61m")) == "must be from 1s to 1h");
  BOOST_TEST(!option.take("soon").ok());
  const auto open =
      cli::BoundedDurationOption("limit", "how long", base::kSecond, INT64_MAX, &interval);
  BOOST_TEST(option.take("48h").code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(open.take("48h").ok());
  BOOST_TEST(Message(open.take("0s")) == "must be at least 1s");
}

BOOST_AUTO_TEST_CASE(a_choice_names_what_is_allowed_in_help_completion_and_its_fault) {
  std::string color;
  const cli::Option option = cli::ChoiceOption("color", 0, {"auto", "never"}, "colours", &color);
  BOOST_TEST(option.value == "auto|never");
  BOOST_TEST((option.choices == std::vector<std::string>{"auto", "never"}));
  BOOST_TEST((option.completes == cli::Completes::kChoices));
  BOOST_TEST(option.take("never").ok());
  BOOST_TEST(color == "never");
  BOOST_TEST(Message(option.take("pink")) == "\"pink\" is none of auto, never");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
