// SPDX-License-Identifier: Apache-2.0
#include "observe/filter_words.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "fmt/format.h"
#include "observe/kind_words.h"
#include "source_dir.h"
#include "tap/yaml_document.h"

namespace traffictap::observe {
namespace {

const std::string kRoot = SourceDir();
constexpr char kTableBegin[] = "<!-- of filter_words.cc -->\n";
constexpr char kTableEnd[] = "<!-- end -->\n";

std::string ReadText(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// The file as it should be, which is written where that is asked for.
void CheckFile(const std::string& path, const std::string& wanted) {
  const char* golden = std::getenv("TRAFFICTAP_GOLDEN");
  if (golden != nullptr && golden == std::string("write")) std::ofstream(path) << wanted;
  BOOST_TEST((ReadText(path) == wanted),
             path << " differs from src/observe/filter_words.cc: TRAFFICTAP_GOLDEN=write rewrites");
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ::tolower);
  return text;
}

std::vector<std::string> NamesOf(const FilterWord& word) {
  std::vector<std::string> out = {word.parameter};
  if (!word.option.empty() && word.option != word.parameter) out.push_back(word.option);
  out.insert(out.end(), word.aliases.begin(), word.aliases.end());
  return out;
}

std::string Cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string FilterTable() {
  std::string out = "| Parameter | Option | Meaning | Example |\n|---|---|---|---|\n";
  for (const auto& word : FilterWords()) {
    std::string options = word.option.empty() ? "" : fmt::format("`--{}`", word.option);
    for (const auto& alias : word.aliases) options += fmt::format(" `--{}`", alias);
    out += fmt::format("| `{}` | {} | {} | `{}` |\n", word.parameter, options, Cell(word.help),
                       Cell(word.example));
  }
  return out;
}

// "min:100ms": the key that is shortest to type.
std::string ExampleTerm(const FilterWord& word) {
  const bool plain = Lower(word.parameter) == word.parameter;
  const auto& key = !word.keys.empty() ? word.keys.front() : plain ? word.parameter : word.option;
  return key + ":" + word.example;
}

std::string FilterModule() {
  std::string out =
      "// SPDX-License-Identifier: Apache-2.0\n\n"
      "// Written from src/observe/filter_words.cc by its test: edit that.\n"
      "// Each key of the filter line and the stream's parameter that it means.\n"
      "export const KEYS: Record<string, string> = {\n";
  for (const auto& word : FilterWords()) {
    std::set<std::string> keys(word.keys.begin(), word.keys.end());
    for (const auto& name : NamesOf(word)) keys.insert(Lower(name));
    for (const auto& key : keys) out += fmt::format("  \"{}\": \"{}\",\n", key, word.parameter);
  }
  out +=
      "};\n\n// An example of each and what it means, for the help.\n"
      "export const MEANINGS: [string, string][] = [\n";
  for (const auto& word : FilterWords()) {
    out += fmt::format("  [\"{}\", \"{}\"],\n", ExampleTerm(word), word.help);
  }
  return out + "];\n";
}

const tap::YamlNode* Find(const tap::YamlNode& node, const std::string& key) {
  for (const auto& child : node.children) {
    if (child.key == key) return &child;
    if (child.kind == tap::YamlNode::Kind::kScalar) continue;
    if (const auto* found = Find(child, key)) return found;
  }
  return nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(filter_words)

BOOST_AUTO_TEST_CASE(no_name_means_two_things) {
  std::map<std::string, std::string> seen;
  for (const auto& word : FilterWords()) {
    std::set<std::string> names(word.keys.begin(), word.keys.end());
    for (const auto& name : NamesOf(word)) names.insert(Lower(name));
    for (const auto& name : names) {
      const bool is_new = seen.emplace(name, word.parameter).second;
      BOOST_TEST(is_new, name << " is of " << word.parameter << " and of another word");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_word_is_found_by_each_of_its_names) {
  for (const auto& word : FilterWords()) {
    for (const auto& name : NamesOf(word)) BOOST_TEST(FindFilterWord(name) == &word, name);
  }
  BOOST_TEST(FindFilterWord("") == nullptr);
  BOOST_TEST(FindFilterWord("colour") == nullptr);
}

BOOST_AUTO_TEST_CASE(examples_and_choices_are_values) {
  for (const auto& word : FilterWords()) {
    RecordConditions conditions;
    BOOST_TEST(ReadCondition({word.parameter, word.example}, &conditions).ok(), word.parameter);
    for (const auto& choice : word.choices) {
      BOOST_TEST(ReadCondition({word.parameter, choice}, &conditions).ok(), choice);
    }
    BOOST_TEST((word.names == FilterNames::kChoices) == !word.choices.empty(), word.parameter);
    BOOST_TEST(!word.help.empty());
    BOOST_TEST(!word.value.empty());
  }
}

BOOST_AUTO_TEST_CASE(every_match_field_of_a_tap_has_a_word) {
  tap::YamlFault fault;
  const auto documents =
      tap::ReadYaml(ReadText(kRoot + "/crds/traffictap.io_traffictaps.yaml"), &fault);
  BOOST_TEST_REQUIRE(fault.message == "");
  const auto* spec = Find(documents.at(0), "spec");
  BOOST_TEST_REQUIRE(spec != nullptr);
  const auto* schema = Find(*Find(*spec, "openAPIV3Schema"), "spec");
  const auto* match = Find(*Find(*schema, "properties"), "match");
  std::set<std::string> fields = {"direction"};
  for (const auto& field : Find(*match, "properties")->children) {
    fields.insert("match." + field.key);
  }
  std::set<std::string> words;
  for (const auto& word : FilterWords()) {
    if (!word.tap_field.empty()) words.insert(word.tap_field);
  }
  BOOST_TEST(fields == words, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(words_of_a_tap_end_up_in_its_spec) {
  for (const auto& word : FilterWords()) {
    if (word.tap_field.empty()) continue;
    RecordConditions conditions;
    BOOST_TEST_REQUIRE(ReadCondition({word.parameter, word.example}, &conditions).ok());
    const bool says_something =
        !(conditions.match == tap::MatchSpec()) || conditions.direction() != tap::Direction::kBoth;
    BOOST_TEST(says_something, word.parameter);
  }
}

BOOST_AUTO_TEST_CASE(the_documents_have_the_same_table) {
  const std::string path = kRoot + "/src/observe/README.md";
  std::string text = ReadText(path);
  const size_t begin = text.find(kTableBegin);
  BOOST_TEST_REQUIRE(begin != std::string::npos);
  const size_t from = begin + std::string_view(kTableBegin).size();
  const size_t end = text.find(kTableEnd, from);
  BOOST_TEST_REQUIRE(end != std::string::npos);
  CheckFile(path, text.replace(from, end - from, FilterTable()));
}

BOOST_AUTO_TEST_CASE(the_page_has_the_same_keys) {
  CheckFile(kRoot + "/src/web/ui/src/filter_words.ts", FilterModule());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::observe
