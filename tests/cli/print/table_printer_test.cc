// SPDX-License-Identifier: Apache-2.0
#include "cli/print/table_printer.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/lines.h"
#include "cli/print/printing.h"
#include "cli/print/visible_text.h"

namespace traffictap {

using fakes::CheckGolden;
using fakes::Line;
using fakes::Printed;
using fakes::SplitLines;

BOOST_AUTO_TEST_SUITE(table_printer)

BOOST_AUTO_TEST_CASE(a_line_per_record_after_one_line_of_headings) {
  CheckGolden("table-140.txt", Printed("table", {.columns = 140, .utc = true}));
}

BOOST_AUTO_TEST_CASE(a_narrow_terminal_loses_the_columns_that_tell_least) {
  CheckGolden("table-80.txt", Printed("table", {.columns = 80, .utc = true}));
}

BOOST_AUTO_TEST_CASE(no_line_is_wider_than_the_terminal) {
  for (const size_t columns : {66, 79, 80, 81, 100, 111, 112, 120, 250}) {
    for (const auto& line : SplitLines(Printed("table", {.columns = columns}))) {
      BOOST_TEST(cli::print::TextColumns(line) <= columns);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_has_not_ended_is_open) {
  for (const char* form : {"table", "wide"}) {
    const std::string text = Printed(form, {.columns = 140}, {SplitLines(Line("streams-open"))[0]});
    BOOST_TEST(text.find(" Open ") != std::string::npos, text);
    BOOST_TEST(text.find(" Ok ") == std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_cut_where_nobody_said_how_wide_it_may_be) {
  const std::string text = Printed("table", {.utc = true});
  BOOST_TEST(text.find("…") == std::string::npos);
  BOOST_TEST(text.find("/cart/42/items?sku=REDACTED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(colour_only_where_it_is_asked_for) {
  BOOST_TEST(Printed("table", {.terminal = true, .columns = 140}).find('\x1b') ==
             std::string::npos);
  const std::string text = Printed("table", {.terminal = true, .columns = 140, .color = true});
  BOOST_TEST(text.find("\x1b[31m503/200") != std::string::npos);
  BOOST_TEST(text.find("\x1b]0;") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_headings_may_be_left_out) {
  BOOST_TEST(SplitLines(Printed("table", {.header = false})).size() == 4);
}

BOOST_AUTO_TEST_CASE(wide_says_everything_in_full) {
  CheckGolden("wide.txt", Printed("wide", {.columns = 80}));
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_record_is_refused_and_the_next_one_printed) {
  auto printer = cli::print::MakeTablePrinter({});
  std::string out;
  for (const char* line :
       {"", "nonsense", "{}", "[1]", "{\"request\":7}", "\"text\"", "{\"a\":1"}) {
    BOOST_TEST((printer->Print(line, &out).code() == absl::StatusCode::kInvalidArgument));
  }
  BOOST_TEST(out.empty());
  BOOST_TEST(printer->Print(fakes::Line("pair"), &out).ok());
  BOOST_TEST(SplitLines(out).size() == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
