// SPDX-License-Identifier: Apache-2.0
#include "tap/parse_fault.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using tap::ParseError;

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_fault)

BOOST_AUTO_TEST_CASE(reads_as_a_compiler_s_message_with_what_is_known_of_its_place) {
  BOOST_TEST(ParseError({"a.yaml", 3, "spec.x", "InvalidValue", "must be 1"}).ToString() ==
             "a.yaml:3: spec.x: InvalidValue: must be 1");
  BOOST_TEST(ParseError({"a.yaml", 0, "", "Syntax", "too large"}).ToString() ==
             "a.yaml: Syntax: too large");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
