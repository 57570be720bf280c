// SPDX-License-Identifier: Apache-2.0
#include "cli/print/printer.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using cli::print::IsControlLine;
using cli::print::MakePrinter;

BOOST_AUTO_TEST_SUITE(printer)

BOOST_AUTO_TEST_CASE(a_form_that_does_not_exist_is_refused_with_those_that_do) {
  for (const char* form : {"tabel", "xml", "jsonpath", "JSON"}) {
    const auto printer = MakePrinter(form, {});
    BOOST_TEST((printer.status().code() == absl::StatusCode::kInvalidArgument));
    BOOST_TEST(Message(printer.status()).find("json") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(control_lines_are_told_from_records) {
  BOOST_TEST(IsControlLine(""));
  BOOST_TEST(IsControlLine(":"));
  BOOST_TEST(IsControlLine(R"({"type":"Gap","tap":"a/b","droppedCount":1})"));
  BOOST_TEST(!IsControlLine(R"({"schemaVersion":"v1"})"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
