// SPDX-License-Identifier: Apache-2.0
#include "cli/print/write_yaml.h"

#include <yaml-cpp/yaml.h>

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

using Json = nlohmann::ordered_json;

std::string Yaml(const Json& json) {
  std::string out;
  cli::print::AppendYaml(json, &out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(write_yaml)

BOOST_AUTO_TEST_CASE(objects_and_lists_in_block_style) {
  const Json json =
      Json::parse(R"({"a":{"b":1.5,"c":[]},"l":[{"x":1,"y":{"z":true}},[1,[2]],"s",{}],"n":null})");
  BOOST_TEST(Yaml(json) ==
             "a:\n  b: 1.5\n  c: []\nl:\n- x: 1\n  \"y\":\n    z: true\n-\n  - 1\n  -\n    - 2\n"
             "- s\n- {}\n\"n\": null\n");
}

BOOST_AUTO_TEST_CASE(a_text_reads_back_as_the_same_text) {
  for (const std::string text : {"",
                                 "plain",
                                 "/a/b",
                                 "1.0",
                                 "0x1f",
                                 "true",
                                 "No",
                                 "null",
                                 "~",
                                 "-",
                                 "- a",
                                 "a: b",
                                 "a #b",
                                 "@x",
                                 "*a",
                                 "&a",
                                 "!t",
                                 "'q'",
                                 "\"q\"",
                                 "a\\b",
                                 "\\ud800\\udc00",
                                 "{}",
                                 "[",
                                 "|",
                                 ">",
                                 "%",
                                 "line\nend\r\n",
                                 "\x1b[31m",
                                 "\xe2\x80\xae",
                                 "\xf3\xa0\x81\x81",
                                 "grüße",
                                 "2026-01-31",
                                 "1e3",
                                 ".5",
                                 "=",
                                 "<<",
                                 "---",
                                 " blank ",
                                 "\t",
                                 "\x7f"}) {
    const std::string yaml = Yaml(Json{{"key", text}});
    const auto node = YAML::Load(yaml);
    BOOST_TEST(node["key"].as<std::string>() == text, yaml);
    for (const unsigned char c : yaml) BOOST_TEST((c == '\n' || (c >= 0x20 && c != 0x7f)));
  }
}

BOOST_AUTO_TEST_CASE(a_number_stays_one_and_a_text_that_looks_like_one_stays_a_text) {
  BOOST_TEST(Yaml(Json{{"a", 1}, {"b", "1"}}) == "a: 1\nb: \"1\"\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
