// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/yaml_text.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using tap::schema::Tree;
using tap::schema::YamlText;

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_text)

BOOST_AUTO_TEST_CASE(writes_maps_and_lists_as_kubectl_does) {
  Tree tree = {{"a", {{"b", 1}}}, {"list", Tree::array({"x", {{"k", "v"}, {"l", true}}})}};
  tree["none"] = Tree::object();
  BOOST_TEST(YamlText(tree) == "a:\n  b: 1\nlist:\n- x\n- k: v\n  l: true\nnone: {}\n");
}

BOOST_AUTO_TEST_CASE(quotes_what_yaml_would_read_as_something_other) {
  for (const char* text : {"true", "No", "null", "~", "5s", "a: b", "a #b", "!has(x)", "'", "",
                           "- a", "ends:", " a", "*.example", "{}"}) {
    const std::string line = YamlText({{"k", text}});
    BOOST_TEST(line.starts_with("k: '"), line);
  }
  BOOST_TEST(YamlText({{"k", "it's: so"}}) == "k: 'it''s: so'\n");
}

BOOST_AUTO_TEST_CASE(leaves_plain_words_and_whole_numbers_bare) {
  BOOST_TEST(YamlText({{"k", "a [b] it's ^x$"}}) == "k: a [b] it's ^x$\n");
  BOOST_TEST(YamlText({{"k", 1.0}}) == "k: 1\n");
  BOOST_TEST(YamlText({{"k", 0.25}}) == "k: 0.25\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
