// SPDX-License-Identifier: Apache-2.0
#include "cli/print/missing_text.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::cli::print {

BOOST_AUTO_TEST_SUITE(missing_text)

BOOST_AUTO_TEST_CASE(an_answer_and_a_line_of_a_stream_say_who_is_missing) {
  constexpr char kMissing[] =
      R"("missing":[{"pairer":"a:1","reason":"it cannot be reached"},{"pairer":"b:1","reason":"x\u001b[31m"}])";
  const std::string told =
      "records are missing of the pairers a:1 (it cannot be reached), b:1 (x[31m)\n";
  BOOST_TEST(MissingText(std::string(R"({"type":"Partial",)") + kMissing + "}") == told);
  BOOST_TEST(MissingText(std::string(R"({"taps":[],"partial":{)") + kMissing + "}}") == told);
  BOOST_TEST(
      MissingText(std::string("{") + kMissing + "}", "versions").starts_with("versions are "));
}

BOOST_AUTO_TEST_CASE(nothing_is_said_where_nobody_is) {
  for (const char* answer : {"", "[]", "no JSON", R"({"taps":[]})", R"({"missing":[]})",
                             R"({"partial":7})", R"({"partial":{"missing":[]}})"}) {
    BOOST_TEST(MissingText(answer) == "", answer);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::cli::print
