// SPDX-License-Identifier: Apache-2.0
#include "tap/yaml_document.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test
using Kind = YamlNode::Kind;

std::vector<YamlNode> Read(const std::string& text) {
  YamlFault fault;
  auto documents = ReadYaml(text, &fault);
  BOOST_TEST_REQUIRE(fault.message.empty(), fault.message);
  return documents;
}

YamlFault FaultOf(const std::string& text) {
  YamlFault fault;
  ReadYaml(text, &fault);
  return fault;
}

bool Says(const YamlFault& fault, int line, const std::string& text) {
  BOOST_TEST_MESSAGE(fault.line << ": " << fault.message);
  return fault.line == line && fault.message.find(text) != std::string::npos;
}

std::string Repeat(const std::string& text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_document)

BOOST_AUTO_TEST_CASE(keeps_scalars_as_they_are_written) {
  const auto documents = Read("{a: 010, b: yes, c: 1e3, d: \"~\", e: '', f: ~, g: null, h: }");
  BOOST_REQUIRE(documents.size() == 1);
  const auto& children = documents[0].children;
  BOOST_REQUIRE(children.size() == 8);
  BOOST_TEST(children[0].text == "010");
  BOOST_TEST(children[1].text == "yes");
  BOOST_TEST(children[2].text == "1e3");
  BOOST_CHECK(children[3].kind == Kind::kScalar);
  BOOST_TEST(children[3].text == "~");
  BOOST_CHECK(children[4].kind == Kind::kScalar);
  for (size_t i = 5; i < 8; ++i) BOOST_CHECK(children[i].kind == Kind::kNull);
}

BOOST_AUTO_TEST_CASE(keeps_the_order_and_the_duplicates_of_keys_with_their_lines) {
  const auto documents = Read("b: 1\na:\n  - x\n  - y\nb: 2\n");
  const auto& children = documents[0].children;
  BOOST_REQUIRE(children.size() == 3);
  BOOST_TEST(children[0].key == "b");
  BOOST_TEST(children[2].key == "b");
  BOOST_TEST(children[2].key_line == 5);
  BOOST_TEST(children[1].children[1].text == "y");
  BOOST_TEST(children[1].children[1].line == 4);
}

BOOST_AUTO_TEST_CASE(reads_several_documents_and_none) {
  BOOST_TEST(Read("a: 1\n---\nb: 2\n...\n---\nc: 3\n").size() == 3);
  BOOST_TEST(Read("").empty());
  BOOST_TEST(Read("# only a comment\n").empty());
}

BOOST_AUTO_TEST_CASE(reads_json) {
  const auto documents = Read(R"({"a": {"b": [1, "two"]}})");
  BOOST_TEST(documents[0].children[0].children[0].children[1].text == "two");
}

BOOST_AUTO_TEST_CASE(refuses_aliases_anchors_and_tags) {
  BOOST_TEST(Says(FaultOf("a: &x 1\nb: 2\n"), 1, "anchors"));
  BOOST_TEST(Says(FaultOf("a: 1\nb: &x\n  c: 1\n"), 2, "anchors"));
  BOOST_TEST(Says(FaultOf("a: &x [1]\nb: *x\n"), 1, "anchors"));
  for (const char* text :
       {"a: !!int '5'", "a: !custom 1", "a: !!binary aGk=", "a: !!map {}", "a: !x [1]"}) {
    BOOST_TEST(Says(FaultOf(text), 1, "tags"), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_bomb_of_aliases_at_its_first_anchor) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  BOOST_TEST(Says(FaultOf(bomb), 1, "anchors"));
}

BOOST_AUTO_TEST_CASE(refuses_deep_nesting_in_every_style) {
  BOOST_TEST(Read(Repeat("[", 60) + Repeat("]", 60)).size() == 1);
  BOOST_TEST(Says(FaultOf(Repeat("[", 65) + Repeat("]", 65)), 1, "64 levels"));
  BOOST_TEST(Says(FaultOf(Repeat("{a: ", 100'000)), 1, "64 levels"));
  BOOST_TEST(Says(FaultOf(Repeat("- ", 100'000) + "x"), 1, "64 levels"));
  std::string block;
  for (size_t i = 0; i < 200; ++i) block += std::string(i, ' ') + "a:\n";
  BOOST_TEST(!FaultOf(block + std::string(200, ' ') + "b").message.empty());
}

BOOST_AUTO_TEST_CASE(refuses_too_many_nodes_and_too_many_bytes) {
  BOOST_TEST(Read("[" + Repeat("x,", 99'990) + "]").size() == 1);
  BOOST_TEST(FaultOf("[" + Repeat("x,", 100'001) + "]").message.find("100000 nodes") !=
             std::string::npos);
  BOOST_TEST(Says(FaultOf(std::string((1 << 20) + 1, '#')), 0, "1 MiB"));
  BOOST_TEST(Read("#" + std::string((1 << 20) - 1, 'x')).empty());
}

BOOST_AUTO_TEST_CASE(refuses_keys_that_are_no_text) {
  BOOST_TEST(Says(FaultOf("? [a, b]\n: 1\n"), 1, "plain text"));
  BOOST_TEST(Says(FaultOf("{{a: b}: c}"), 1, "plain text"));
}

BOOST_AUTO_TEST_CASE(tells_the_line_of_broken_yaml) {
  BOOST_TEST(Says(FaultOf("a: 1\nb: [1, 2\nc: 3\n"), 3, "correct the YAML"));
  BOOST_TEST(Says(FaultOf("a: 1\n\tb: 2\n"), 2, "correct the YAML"));
  BOOST_TEST(Says(FaultOf("a: 'x"), 1, "correct the YAML"));
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_never_closed_is_no_whole_file) {
  for (const char* text :
       {"a: 'x\n", "b: 1\na: \"x\n\n", "a: 'it''s\n", "a: \"x\\\"\n", "b: 'y'\n'a: 1\n"}) {
    BOOST_TEST(!FaultOf(text).message.empty(), text);
  }
  BOOST_TEST(Says(FaultOf("b: 1\na: 'x\n"), 2, "a quote is not closed"));
  for (const char* text :
       {"a: 'x'\n", "a: 'it''s'", "a: \"x\\\"\"  # \"\n", "{a: 'x'}", "'a': 1\n", "a: 'x\n\n  y'\n",
        "a: ''", "\xc3\xa9: '\xc3\xa9'\n", "\xef\xbb\xbf'a': 'b'\n", "a: 'x'\r\nb: 'y'\r\n"}) {
    BOOST_TEST(FaultOf(text).message.empty(), text);
  }
}

BOOST_AUTO_TEST_CASE(gives_the_documents_before_a_broken_one) {
  YamlFault fault;
  const auto documents = ReadYaml("a: 1\n---\nb: ]\n", &fault);
  BOOST_TEST(documents.size() == 1);
  BOOST_TEST(fault.line == 3);
}

BOOST_AUTO_TEST_CASE(takes_hostile_bytes_without_harm) {
  for (int byte = 0; byte < 256; ++byte) {
    YamlFault fault;
    ReadYaml(std::string("a: x") + static_cast<char>(byte) + "y\n", &fault);
    ReadYaml(std::string(1, static_cast<char>(byte)), &fault);
    ReadYaml(std::string(3, static_cast<char>(byte)) + "a", &fault);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
