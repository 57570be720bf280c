// SPDX-License-Identifier: Apache-2.0
#include "tap/field_reader.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tap/yaml_document.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

// Reads the fields alpha (a number from 1 to 9) and beta (required) of a map.
Faults Read(const std::string& text, uint64_t* alpha) {
  YamlFault fault;
  const auto documents = ReadYaml(text, &fault);
  BOOST_REQUIRE(documents.size() == 1);
  Faults faults{.file = "f"};
  {
    FieldReader fields({&documents[0], "root", &faults});
    fields.Optional("alpha", [&](const Value& value) { value.Number(1, 9, alpha); });
    fields.Required("beta", [](const Value&) {});
  }
  return faults;
}

std::vector<ParseError> Errors(const std::string& text) {
  uint64_t alpha = 0;
  return Read(text, &alpha).errors;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(field_reader)

BOOST_AUTO_TEST_CASE(visits_the_fields_that_are_there) {
  uint64_t alpha = 0;
  const Faults faults = Read("{alpha: 5, beta: x}", &alpha);
  BOOST_TEST(alpha == 5);
  BOOST_TEST(faults.errors.empty());
}

BOOST_AUTO_TEST_CASE(a_field_without_a_value_is_not_there) {
  BOOST_TEST(Errors("{alpha: , beta: x}").empty());
  const auto errors = Errors("{beta: ~}");
  BOOST_REQUIRE(errors.size() == 1);
  BOOST_TEST(errors[0].reason == "MissingField");
}

BOOST_AUTO_TEST_CASE(tells_of_unknown_fields_when_it_is_done) {
  const auto errors = Errors("beta: x\nalhpa: 1\n");
  BOOST_REQUIRE(errors.size() == 1);
  BOOST_TEST(errors[0].ToString() ==
             "f:2: root.alhpa: UnknownField: is not a field: did you mean alpha?");
}

BOOST_AUTO_TEST_CASE(what_is_no_map_has_no_unknown_fields) {
  const auto errors = Errors("[alpha, gamma]");
  BOOST_REQUIRE(errors.size() == 2);
  BOOST_TEST(errors[0].message == "must be a map of fields");
  BOOST_TEST(errors[1].reason == "MissingField");
}

BOOST_AUTO_TEST_CASE(tells_which_fields_were_read_without_fault) {
  YamlFault fault;
  const auto documents = ReadYaml("{alpha: 5, beta: x}", &fault);
  Faults faults{.file = "f"};
  FieldReader fields({&documents[0], "root", &faults});
  fields.Optional("alpha", [](const Value&) {});
  BOOST_TEST(fields.clean());
  fields.Optional("beta", [](const Value& value) { value.Invalid("is wrong"); });
  BOOST_TEST(fields.Good("alpha"));
  BOOST_TEST(!fields.Good("beta"));
  BOOST_TEST(!fields.Good("gamma"));
  BOOST_TEST(!fields.clean());
}

BOOST_AUTO_TEST_CASE(a_number_is_whole_and_within_its_bounds) {
  for (const char* text : {"0", "10", "05", "5.0", "+5", "five", "[5]", "''"}) {
    uint64_t alpha = 7;
    BOOST_TEST(Read(std::string("{alpha: ") + text + ", beta: x}", &alpha).errors.size() == 1,
               text);
    BOOST_TEST(alpha == 7);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
