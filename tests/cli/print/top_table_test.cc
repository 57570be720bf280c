// SPDX-License-Identifier: Apache-2.0
#include "cli/print/top_table.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/printing.h"
#include "cli/print/visible_text.h"

namespace traffictap {
namespace {

const char* const kSummary = R"({"windowMs":60000,"records":720,"edgesLeftOut":0,"routesLeftOut":3,
"edges":[
 {"source":{"namespace":"shop","name":"web"},"destination":{"namespace":"shop","name":"cart"},
  "records":600,"rate":10.0,"errors":60,"clientMs":{"p50":12.3,"p99":250.0},
  "serverMs":{"p50":10.0,"p99":200.0},"betweenMs":{"p50":2.3,"p99":50.0}},
 {"source":{"namespace":"","name":"10.0.0.3"},"destination":{"namespace":"shop","name":"web"},
  "records":120,"rate":2.0,"errors":0,"serverMs":{"p50":30.0,"p99":900.0}}],
"routes":[
 {"source":{"namespace":"shop","name":"web"},"destination":{"namespace":"shop","name":"cart"},
  "method":"GET","route":"/cart/{id}\u001b[2J","records":600,"rate":10.0,"errors":1}]})";

std::string Top(const cli::print::TopOptions& options, const cli::print::Page& page = {}) {
  const auto text = cli::print::TopText(kSummary, options, page);
  BOOST_REQUIRE_MESSAGE(text.ok(), Message(text.status()));
  return *text;
}

// The source of the first group.
std::string First(const std::string& sort) {
  const auto lines = fakes::SplitLines(Top({.sort = sort}));
  return lines.at(2).substr(0, lines.at(2).find(' '));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(top_table)

BOOST_AUTO_TEST_CASE(edges_and_routes) {
  fakes::CheckGolden("top-edges.txt", Top({}));
  fakes::CheckGolden("top-routes.txt", Top({.by = "route"}, {.columns = 160}));
}

BOOST_AUTO_TEST_CASE(an_estimate_says_so) {
  const auto text = cli::print::TopText(
      R"({"windowMs":60000,"records":60,"requests":600,"edges":[
 {"source":{"namespace":"shop","name":"web"},"destination":{"namespace":"shop","name":"cart"},
  "records":50,"requests":500,"rate":8.3,"errors":100},
 {"source":{"namespace":"shop","name":"web"},"destination":{"namespace":"shop","name":"stock"},
  "records":10,"rate":0.2,"errors":1}]})",
      {}, {});
  BOOST_REQUIRE(text.ok());
  const auto lines = fakes::SplitLines(*text);
  BOOST_TEST(lines.at(0) == "60 records of 60 s, for ≈600 requests by sampling, 2 edges");
  BOOST_TEST(lines.at(2).find(" ≈8.3/s    ≈500 ≈20.0%") != std::string::npos, lines[2]);
  BOOST_TEST(lines.at(3).find(" 0.20/s      10  10.0%") != std::string::npos, lines[3]);
}

BOOST_AUTO_TEST_CASE(what_a_limit_left_out_is_told_by_edge) {
  const std::string state = R"({"taps":[{"tap":"shop/all","limitedEdges":{"others":5,"edges":[
 {"source":{"namespace":"shop","name":"web"},"destination":{"namespace":"shop","name":"cart"},
  "records":40},
 {"source":{"namespace":"","name":"10.0.0.3"},"destination":{"namespace":"bank","reduced":true},
  "records":30},
 {"source":{"namespace":"shop","name":"a"},"destination":{"namespace":"shop","name":"b"},
  "records":20},
 {"source":{"namespace":"shop","name":"c"},"destination":{"namespace":"shop","name":"d"},
  "records":10}]}},
 {"tap":"shop/calm"}]})";
  const std::string line =
      "left out by maxRecordsPerSecond of tap shop/all since it began: 40 of shop/web → shop/cart, "
      "30 of 10.0.0.3 → bank/?, 20 of shop/a → shop/b, 15 of other edges\n";
  BOOST_TEST(cli::print::LeftOutText(state, {}) == line);
  BOOST_TEST(cli::print::LeftOutText(state, {"shop/all"}) == line);
  BOOST_TEST(cli::print::LeftOutText(state, {"shop/calm"}).empty());
  BOOST_TEST(cli::print::LeftOutText("nonsense", {}).empty());
}

BOOST_AUTO_TEST_CASE(the_largest_comes_first) {
  BOOST_TEST(First("rate") == "shop/web");
  BOOST_TEST(First("errors") == "shop/web");
  BOOST_TEST(First("client") == "shop/web");
  BOOST_TEST(First("server") == "10.0.0.3");
  BOOST_TEST(First("between") == "shop/web");
  BOOST_TEST(First("name") == "10.0.0.3");
}

BOOST_AUTO_TEST_CASE(rows_that_are_left_out_are_told) {
  const std::string text = Top({.rows_max = 1});
  BOOST_TEST(text.find("2 edges, the first 1 of them") != std::string::npos);
  BOOST_TEST(fakes::SplitLines(text).size() == 3);
}

BOOST_AUTO_TEST_CASE(it_fits_the_terminal) {
  for (const size_t columns : {110, 140, 200}) {
    for (const auto& line : fakes::SplitLines(Top({}, {.columns = columns}))) {
      BOOST_TEST(cli::print::TextColumns(line) <= columns);
    }
  }
}

BOOST_AUTO_TEST_CASE(colour_and_headings_on_demand_and_nothing_steers) {
  BOOST_TEST(Top({}, {.color = true}).find("\x1b[31m") != std::string::npos);
  BOOST_TEST(Top({.by = "route"}).find('\x1b') == std::string::npos);
  BOOST_TEST(fakes::SplitLines(Top({}, {.header = false})).size() == 2);
}

BOOST_AUTO_TEST_CASE(what_is_no_summary_is_refused) {
  for (const char* text : {"", "{}", "[]", "7", "{\"edges\":{}}", "{\"edges\":"}) {
    BOOST_TEST(
        (cli::print::TopText(text, {}, {}).status().code() == absl::StatusCode::kInvalidArgument));
  }
  BOOST_TEST(cli::print::TopText(R"({"edges":[7,{},{"source":1,"rate":"x"}]})", {}, {}).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
