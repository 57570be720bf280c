// SPDX-License-Identifier: Apache-2.0
#include "cli/print/trace_text.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/lines.h"
#include "cli/print/visible_text.h"
#include "traffic/read_pair.h"

namespace traffictap {
namespace {

std::vector<std::string> Tree(const std::string& record, const cli::print::Page& page) {
  return fakes::SplitLines(
      cli::print::TraceText({traffic::ReadPair(fakes::Line(record)).value()}, page));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_text)

BOOST_AUTO_TEST_CASE(a_caller_has_a_line_and_each_call_its_figures) {
  const auto lines = Tree("pair", {});
  BOOST_REQUIRE(lines.size() == 3u);
  BOOST_TEST(lines[0].starts_with("CALL "));
  BOOST_TEST(lines[1] == "shop/web");
  BOOST_TEST(lines[2].starts_with("└─ shop/cart POST /cart/42/items"), lines[2]);
  BOOST_TEST(lines[2].find("Mismatch") != std::string::npos, lines[2]);
  BOOST_TEST(Tree("pair", {.header = false}).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_missing_side_tells_why) {
  const auto lines = Tree("orphan", {});
  const auto record = traffic::ReadPair(fakes::Line("orphan")).value();
  BOOST_TEST(lines.back().ends_with(record.orphan_reason()), lines.back());
}

BOOST_AUTO_TEST_CASE(a_call_is_cut_to_the_terminal_and_steers_nothing) {
  for (const std::string& line : Tree("hostile", {.terminal = true, .columns = 100})) {
    BOOST_TEST(cli::print::TextColumns(line) <= 100u, line);
    BOOST_TEST(line.find('\x1b') == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
