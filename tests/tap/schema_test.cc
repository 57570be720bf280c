#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tap/parse_destination.h"
#include "tap/parse_parts.h"
#include "tap/parse_tap.h"
#include "tap/write_tap.h"
#include "tap/yaml_document.h"

namespace traffictap::tap {
namespace {

const std::filesystem::path kRoot = TRAFFICTAP_SOURCE_DIR;

std::string ReadText(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::vector<std::string> Documents(const std::filesystem::path& path) {
  std::vector<std::string> out;
  const std::string text = "\n" + ReadText(path);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find("\n---\n", begin), text.size());
    const std::string document = text.substr(begin, end - begin);
    if (document.find("\nkind:") != std::string::npos) out.push_back(document);
    begin = end + 4;
  }
  return out;
}

bool IsDestination(const std::string& document) {
  return document.find("\nkind: TapDestination") != std::string::npos;
}

// As the operator reads what the API server holds.
std::vector<ParseError> FaultsOf(const std::string& document, std::set<std::string>* known) {
  if (IsDestination(document)) return ParseDestinationsListing("", document, known).errors;
  return ParseTapsListing("", document, BrokerForm::kByDestination, known).errors;
}

const YamlNode* Find(const YamlNode& node, const std::string& key) {
  for (const YamlNode& child : node.children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

// The schema of `spec` in a CRD.
YamlNode SpecSchema(const std::string& plural) {
  YamlFault fault;
  const auto documents =
      ReadYaml(ReadText(kRoot / "crds" / ("traffictap.io_" + plural + ".yaml")), &fault);
  BOOST_REQUIRE(fault.message.empty());
  const YamlNode* node = &documents.at(0);
  for (const char* key : {"spec", "versions"}) node = Find(*node, key);
  node = &node->children.at(0);
  for (const char* key : {"schema", "openAPIV3Schema", "properties", "spec"}) {
    node = Find(*node, key);
    BOOST_REQUIRE(node != nullptr);
  }
  return *node;
}

void ListFields(const YamlNode& schema, const std::string& path, std::set<std::string>* out) {
  if (const YamlNode* items = Find(schema, "items")) return ListFields(*items, path + "[]", out);
  const YamlNode* properties = Find(schema, "properties");
  if (properties == nullptr) return;
  for (const YamlNode& property : properties->children) {
    out->insert(path + "." + property.key);
    ListFields(property, path + "." + property.key, out);
  }
}

void ListUndescribed(const YamlNode& schema, const std::string& path, std::string* out) {
  const YamlNode* properties = Find(schema, "properties");
  if (properties != nullptr) {
    for (const YamlNode& property : properties->children) {
      if (Find(property, "description") == nullptr) *out += path + "." + property.key + " ";
      ListUndescribed(property, path + "." + property.key, out);
    }
  }
  if (const YamlNode* items = Find(schema, "items")) ListUndescribed(*items, path + "[]", out);
}

std::set<std::string> SpecFieldsOf(const std::set<std::string>& known) {
  std::set<std::string> out;
  std::copy_if(known.begin(), known.end(), std::inserter(out, out.end()),
               [](const std::string& path) { return path.starts_with("spec."); });
  return out;
}

std::string Difference(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::string out;
  for (const std::string& path : a) {
    if (!b.contains(path)) out += path + " ";
  }
  return out;
}

void CheckFields(const std::string& plural, bool destination) {
  std::set<std::string> schema;
  ListFields(SpecSchema(plural), "spec", &schema);
  std::set<std::string> known;
  for (const std::string& document : Documents(kRoot / "tests/crds/accepted.yaml")) {
    if (IsDestination(document) == destination) FaultsOf(document, &known);
  }
  const std::set<std::string> parser = SpecFieldsOf(known);
  BOOST_TEST(Difference(schema, parser) == "",
             "only in the schema: " << Difference(schema, parser));
  BOOST_TEST(Difference(parser, schema) == "",
             "only in the parser: " << Difference(parser, schema));
}

BOOST_AUTO_TEST_SUITE(schema)

BOOST_AUTO_TEST_CASE(and_parser_have_the_same_fields) {
  CheckFields("traffictaps", false);
  CheckFields("clustertraffictaps", false);
  CheckFields("tapdestinations", true);
}

BOOST_AUTO_TEST_CASE(describes_every_field) {
  for (const char* plural : {"traffictaps", "clustertraffictaps", "tapdestinations"}) {
    std::string undescribed;
    ListUndescribed(SpecSchema(plural), plural, &undescribed);
    BOOST_TEST(undescribed == "");
  }
}

BOOST_AUTO_TEST_CASE(and_parser_know_the_same_response_flags) {
  const YamlNode spec = SpecSchema("traffictaps");
  const YamlNode* node = &spec;
  for (const char* key : {"properties", "match", "properties", "responseFlags", "items", "enum"}) {
    node = Find(*node, key);
    BOOST_REQUIRE(node != nullptr);
  }
  std::set<std::string> names;
  for (const YamlNode& name : node->children) names.insert(name.text);
  BOOST_TEST(names == std::set<std::string>(ResponseFlagNames().begin(), ResponseFlagNames().end()),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(and_parser_take_what_is_right) {
  std::vector<std::string> documents = Documents(kRoot / "tests/crds/accepted.yaml");
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "crds/samples")) {
    for (const std::string& document : Documents(entry.path())) documents.push_back(document);
  }
  BOOST_TEST(documents.size() >= 14U);
  for (const std::string& document : documents) {
    std::set<std::string> known;
    for (const ParseError& fault : FaultsOf(document, &known)) {
      BOOST_ERROR(fault.ToString() + "\n" + document);
    }
  }
}

BOOST_AUTO_TEST_CASE(and_parser_refuse_what_is_wrong) {
  const auto documents = Documents(kRoot / "tests/crds/refused.yaml");
  BOOST_TEST(documents.size() >= 90U);
  for (const std::string& document : documents) {
    std::set<std::string> known;
    BOOST_TEST(!FaultsOf(document, &known).empty(), "is taken: " << document);
  }
}

// What the operator hands to a collector is what the author wrote.
BOOST_AUTO_TEST_CASE(and_writer_agree_on_every_field) {
  for (const std::string& document : Documents(kRoot / "tests/crds/accepted.yaml")) {
    if (IsDestination(document)) continue;
    const auto first = ParseTaps("", document, BrokerForm::kByDestination);
    BOOST_REQUIRE_EQUAL(first.taps.size(), 1U);
    const std::string written = WriteTap(*first.taps[0]);
    const auto second = ParseTaps("", written, BrokerForm::kByDestination);
    for (const ParseError& fault : second.errors) BOOST_ERROR(fault.ToString() + "\n" + written);
    BOOST_REQUIRE_EQUAL(second.taps.size(), 1U);
    BOOST_TEST(WriteTap(*second.taps[0]) == written);
    BOOST_TEST((second.taps[0]->match == first.taps[0]->match));
    BOOST_TEST((second.taps[0]->outputs == first.taps[0]->outputs));
    BOOST_TEST((second.taps[0]->limits.end_time == first.taps[0]->limits.end_time));
    BOOST_TEST((second.taps[0]->limits.duration == first.taps[0]->limits.duration));
  }
}

BOOST_AUTO_TEST_CASE(writes_the_shortest_duration) {
  BOOST_TEST(FormatDuration(0) == "0s");
  BOOST_TEST(FormatDuration(5400 * base::kSecond) == "1h30m");
  BOOST_TEST(FormatDuration(1'000'000'001) == "1s1ns");
  BOOST_TEST(FormatDuration(100 * base::kMillisecond) == "100ms");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::tap
