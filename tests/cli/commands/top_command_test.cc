// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "cli/print/lines.h"
#include "fakes/captured_console.h"

namespace traffictap {
namespace {

struct Fixture {
  int Run(std::vector<std::string> args) {
    console = {};
    args.insert(args.begin(), "top");
    for (const char* name : {"pair.ndjson", "orphan.ndjson", "connection.ndjson"}) {
      args.insert(args.end(), {"--file", fakes::GoldenPath(name)});
    }
    cli::Session session{&console, &clock, {}};
    return cli::RunProgram(args, session);
  }

  fakes::CapturedConsole console;
  base::SystemClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(top_command, Fixture)

BOOST_AUTO_TEST_CASE(edges_of_files) {
  BOOST_TEST(Run({"--sort", "client"}) == 0, console.said);
  const auto lines = fakes::SplitLines(console.output);
  BOOST_REQUIRE_EQUAL(lines.size(), 5);
  BOOST_TEST(lines[0] == "3 records of 2 s, 3 edges");
  BOOST_TEST(lines[2].starts_with("shop/web → shop/redis"));
}

BOOST_AUTO_TEST_CASE(routes_of_files_with_a_filter) {
  BOOST_TEST(Run({"--by", "route", "--method", "POST", "--no-headers"}) == 0, console.said);
  BOOST_TEST(console.output.find("POST /cart/{id}/items") != std::string::npos);
  BOOST_TEST(fakes::SplitLines(console.output).size() == 1);
}

BOOST_AUTO_TEST_CASE(pods_of_files) {
  BOOST_TEST(Run({"--by", "pod", "--sort", "client"}) == 0, console.said);
  const auto lines = fakes::SplitLines(console.output);
  BOOST_TEST(lines.at(0) == "3 records of 2 s, 3 pairs of pods");
  BOOST_TEST(console.output.find("shop/web-7d9f-x2x4z → shop/cart-5b6c-9k8l7") != std::string::npos,
             console.output);
}

BOOST_AUTO_TEST_CASE(rows_and_wrong_values) {
  BOOST_TEST(Run({"--rows", "1"}) == 0);
  BOOST_TEST(fakes::SplitLines(console.output).size() == 3);
  BOOST_TEST(Run({"--rows", "0"}) == 2);
  BOOST_TEST(Run({"--sort", "luck"}) == 2);
  BOOST_TEST(Run({"--by", "node"}) == 2);
  BOOST_TEST(Run({"--state", "Open"}) == 2);
  BOOST_TEST(console.said.find("when it has ended") != std::string::npos, console.said);
  BOOST_TEST(Run({"--state", "Ended"}) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
