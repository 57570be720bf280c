// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/yaml_text.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(yaml_text)

BOOST_AUTO_TEST_CASE(an_object_is_a_block_and_texts_like_numbers_or_truth_values_are_quoted) {
  const kube::Json value = {{"a", {1, true}}, {"b", kube::Json::object()}, {"c", {{"d", "true"}}}};
  BOOST_TEST(cli::YamlText(value) == "a:\n- 1\n- true\nb: {}\nc:\n  d: \"true\"\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
