// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/object.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/schema/kinds.h"
#include "tap/yaml_document.h"

namespace traffictap {
namespace {

using namespace tap;          // NOLINT: the names of the unit under test
using namespace tap::schema;  // NOLINT

struct Wheel {
  std::string name;
  uint64_t spokes = 32;
  std::optional<base::Nanos> age;
  OutputType type = OutputType::kStdout;
  std::string path;
  std::string broker;
};

Kind<Wheel> WheelFields() {
  const auto path = Object<Wheel>().Required("path", &Wheel::path, Text({.max = 9}), "").kind();
  return Object<Wheel>({"A wheel.", "Any wheel."})
      .Required("name", &Wheel::name, Text({.max = 9}), "Its name.")
      .Optional("spokes", &Wheel::spokes, Number(1, 64), "How many.")
      .Optional("age", &Wheel::age, Duration(1, base::kSecond), "How old.")
      .Optional("type", &Wheel::type, Choice<OutputType>(), "What it is.")
      .OfType("file", &Wheel::type, OutputType::kFile, path, "Where.")
      .Optional("broker", &Wheel::broker, Text({.max = 9}), "Who sells it.")
      .Only(BrokerForm::kInline)
      .RuleOf(Scope::kCluster, "true", "cluster alone")
      .Checked([](FieldReader& fields, const Wheel& wheel) {
        if (wheel.spokes == 13) fields.Fault("Conflict", "brings bad luck");
      })
      .kind();
}

// The faults, "field: reason" each.
std::string Read(const std::string& text, Wheel* wheel, BrokerForm form = BrokerForm::kInline) {
  YamlFault fault;
  const auto documents = ReadYaml(text, &fault);
  BOOST_REQUIRE(documents.size() == 1);
  Faults faults{.file = "f", .form = form};
  WheelFields().read({&documents[0], "", &faults}, wheel);
  std::string out;
  for (const auto& error : faults.errors) out += error.field + ": " + error.reason + "\n";
  return out;
}

std::string FaultsOf(const std::string& text, BrokerForm form = BrokerForm::kInline) {
  Wheel wheel;
  return Read(text, &wheel, form);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(object)

BOOST_AUTO_TEST_CASE(a_list_by_name_has_no_name_twice) {
  const auto wheels = ListByName(WheelFields(), &Wheel::name, "wheel", {.max = 4});
  YamlFault fault;
  const auto documents = ReadYaml("[{name: a}, {name: b}, {name: a}, {spokes: 3}]", &fault);
  Faults faults{.file = "f"};
  std::vector<Wheel> read;
  wheels.read({&documents.at(0), "cart", &faults}, &read);
  BOOST_TEST(read.size() == 4u);
  BOOST_REQUIRE(faults.errors.size() == 2u);  // and the missing name
  BOOST_TEST(faults.errors[1].field == "cart[2].name");
  BOOST_TEST(faults.errors[1].reason == "Conflict");
  BOOST_TEST(faults.errors[1].message.find("another wheel") != std::string::npos);
  const Tree tree = wheels.describe(Scope::kNamespaced);
  BOOST_TEST(tree["x-kubernetes-list-type"] == "map");
  BOOST_TEST(tree["x-kubernetes-list-map-keys"].dump() == "[\"name\"]");
}

BOOST_AUTO_TEST_CASE(reads_its_members_and_leaves_absent_ones_at_their_defaults) {
  Wheel wheel;
  BOOST_TEST(Read("{name: front, age: 5ms}", &wheel) == "");
  BOOST_TEST(wheel.name == "front");
  BOOST_TEST(wheel.spokes == 32u);
  BOOST_TEST(*wheel.age == 5 * base::kMillisecond);
}

BOOST_AUTO_TEST_CASE(reports_what_is_missing_unknown_out_of_bounds_and_against_a_check) {
  BOOST_TEST(FaultsOf("{}") == "name: MissingField\n");
  BOOST_TEST(FaultsOf("{name: a, nmae: b}") == "nmae: UnknownField\n");
  BOOST_TEST(FaultsOf("{name: a, spokes: 65}") == "spokes: InvalidValue\n");
  BOOST_TEST(FaultsOf("{name: a, spokes: 13}") == ": Conflict\n");
}

BOOST_AUTO_TEST_CASE(a_block_belongs_to_its_type_and_is_required_there) {
  BOOST_TEST(FaultsOf("{name: a, type: File, file: {path: x}}") == "");
  BOOST_TEST(FaultsOf("{name: a, type: File}") == "file: MissingField\n");
  BOOST_TEST(FaultsOf("{name: a, type: Otlp, file: {path: x}}") == "file: InvalidValue\n");
  BOOST_TEST(FaultsOf("{name: a, type: Fax, file: {path: x}}") == "type: InvalidValue\n");
}

BOOST_AUTO_TEST_CASE(a_field_of_one_form_is_unknown_in_the_other) {
  BOOST_TEST(FaultsOf("{name: a, broker: b}") == "");
  BOOST_TEST(FaultsOf("{name: a, broker: b}", BrokerForm::kByDestination) ==
             "broker: UnknownField\n");
}

BOOST_AUTO_TEST_CASE(writes_what_is_required_and_what_differs_from_the_defaults) {
  const auto kind = WheelFields();
  BOOST_TEST(kind.write({.name = "a"}).dump() == R"({"name":"a"})");
  const Wheel wheel = {.name = "a",
                       .spokes = 4,
                       .age = base::kSecond,
                       .type = OutputType::kFile,
                       .path = "x",
                       .broker = "b"};
  BOOST_TEST(
      kind.write(wheel).dump() ==
      R"({"age":"1s","broker":"b","file":{"path":"x"},"name":"a","spokes":4,"type":"File"})");
}

BOOST_AUTO_TEST_CASE(describes_fields_bounds_defaults_and_rules) {
  const Tree tree = WheelFields().describe(Scope::kNamespaced);
  BOOST_TEST(tree["description"] == "A wheel.");
  BOOST_TEST(tree["required"].dump() == R"(["name"])");
  BOOST_TEST(tree["properties"]["spokes"].dump() ==
             R"({"description":"How many.","type":"integer","format":"int64","minimum":1,)"
             R"("maximum":64,"default":32})");
  BOOST_TEST(!tree["properties"]["age"].contains("default"));
  BOOST_TEST(tree["properties"]["type"]["default"] == "Stdout");
  BOOST_TEST(!tree["properties"].contains("broker"));
  BOOST_TEST(tree["x-kubernetes-validations"].dump() ==
             R"-([{"rule":"(self.type == 'File') == has(self.file)",)-"
             R"("message":"type File needs file, and no other type takes it"}])");
}

BOOST_AUTO_TEST_CASE(describes_what_belongs_to_a_cluster_tap_alone) {
  const Tree tree = WheelFields().describe(Scope::kCluster);
  BOOST_TEST(tree["description"] == "Any wheel.");
  BOOST_TEST(tree["x-kubernetes-validations"].size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
