// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/crd.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "source_dir.h"
#include "tap/parse_destination.h"
#include "tap/parse_tap.h"
#include "tap/write_tap.h"
#include "tap/yaml_document.h"

namespace traffictap::tap {
namespace {

const std::filesystem::path kRoot = SourceDir();

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
std::vector<ParseError> FaultsOf(const std::string& document) {
  if (IsDestination(document)) return ParseDestinations("", document).errors;
  return ParseTaps("", document, BrokerForm::kByDestination).errors;
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

// The paths of defaults within the items of lists.
void ListDefaults(const YamlNode& schema, const std::string& path, bool in_items,
                  std::string* out) {
  if (in_items && Find(schema, "default") != nullptr) *out += path + " ";
  if (const YamlNode* items = Find(schema, "items")) ListDefaults(*items, path + "[]", true, out);
  const YamlNode* properties = Find(schema, "properties");
  if (properties == nullptr) return;
  for (const YamlNode& property : properties->children) {
    ListDefaults(property, path + "." + property.key, in_items, out);
  }
}

// The paths of what a document names.
void ListNamed(const YamlNode& node, const std::string& path, std::set<std::string>* out) {
  for (const YamlNode& child : node.children) {
    const bool item = node.kind == YamlNode::Kind::kList;
    const std::string below = item ? path + "[]" : path + "." + child.key;
    if (!item) out->insert(below);
    ListNamed(child, below, out);
  }
}

std::string Difference(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::string out;
  for (const std::string& path : a) {
    if (!b.contains(path)) out += path + " ";
  }
  return out;
}

// The path of a field; one that is described in two places counts as named where it is in one.
std::set<std::string> Folded(const std::set<std::string>& paths) {
  std::set<std::string> out;
  for (std::string path : paths) {
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"spec.outputs[].match.", "spec.match."},
          {"spec.peers.exclude[].", "spec.peers.include[]."}}) {
      if (path.starts_with(from)) path.replace(0, from.size(), to);
    }
    out.insert(path);
  }
  return out;
}

void CheckNamed(const std::string& plural, bool destination) {
  std::set<std::string> fields, named;
  ListFields(SpecSchema(plural), "spec", &fields);
  BOOST_TEST(fields.size() > 15U);
  for (const std::string& document : Documents(kRoot / "tests/crds/accepted.yaml")) {
    if (IsDestination(document) != destination) continue;
    YamlFault fault;
    for (const YamlNode& node : ReadYaml(document, &fault)) {
      ListNamed(*Find(node, "spec"), "spec", &named);
    }
  }
  fields.erase("spec.targetRefs[].sectionName");  // is there to be refused in words
  BOOST_TEST(Difference(Folded(fields), Folded(named)) == "");
}

BOOST_AUTO_TEST_SUITE(crd)

// `make crds` writes the files; this holds them to what is described.
BOOST_AUTO_TEST_CASE(files_are_those_of_the_description) {
  const char* mode = std::getenv("TRAFFICTAP_GOLDEN");
  for (const schema::CrdFile& file : schema::CrdFiles()) {
    const auto path = kRoot / "crds" / file.name;
    if (mode != nullptr && std::string_view(mode) == "write") std::ofstream(path) << file.text;
    BOOST_TEST(ReadText(path) == file.text, "crds/" << file.name << ": run make crds");
  }
}

BOOST_AUTO_TEST_CASE(accepted_documents_name_every_field) {
  CheckNamed("traffictaps", false);
  CheckNamed("clustertraffictaps", false);
  CheckNamed("tapdestinations", true);
}

// A tool that compares an object with its manifest takes a list as a whole.
BOOST_AUTO_TEST_CASE(has_no_default_below_the_items_of_a_list) {
  for (const char* plural : {"traffictaps", "clustertraffictaps", "tapdestinations"}) {
    std::string defaults;
    ListDefaults(SpecSchema(plural), plural, false, &defaults);
    BOOST_TEST(defaults == "");
  }
}

// The API server's answer to what breaks a pattern is the pattern.
BOOST_AUTO_TEST_CASE(says_its_rules_in_words) {
  for (const schema::CrdFile& file : schema::CrdFiles()) {
    BOOST_TEST(file.text.find("pattern: ") == std::string::npos, file.name);
  }
}

BOOST_AUTO_TEST_CASE(describes_every_field) {
  for (const char* plural : {"traffictaps", "clustertraffictaps", "tapdestinations"}) {
    std::string undescribed;
    ListUndescribed(SpecSchema(plural), plural, &undescribed);
    BOOST_TEST(undescribed == "");
  }
}

BOOST_AUTO_TEST_CASE(and_parser_take_what_is_right) {
  std::vector<std::string> documents = Documents(kRoot / "tests/crds/accepted.yaml");
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "crds/samples")) {
    for (const std::string& document : Documents(entry.path())) documents.push_back(document);
  }
  BOOST_TEST(documents.size() >= 14U);
  for (const std::string& document : documents) {
    for (const ParseError& fault : FaultsOf(document)) {
      BOOST_ERROR(fault.ToString() + "\n" + document);
    }
  }
}

BOOST_AUTO_TEST_CASE(and_parser_refuse_what_is_wrong) {
  const auto documents = Documents(kRoot / "tests/crds/refused.yaml");
  BOOST_TEST(documents.size() >= 90U);
  for (const std::string& document : documents) {
    BOOST_TEST(!FaultsOf(document).empty(), "is taken: " << document);
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
    BOOST_TEST((second.taps[0]->recorder == first.taps[0]->recorder));
    BOOST_TEST((second.taps[0]->metrics == first.taps[0]->metrics));
    BOOST_TEST((second.taps[0]->limits.end_time == first.taps[0]->limits.end_time));
    BOOST_TEST((second.taps[0]->limits.duration == first.taps[0]->limits.duration));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::tap
