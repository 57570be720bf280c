// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "cli/print/lines.h"
#include "fakes/captured_console.h"
#include "fakes/temp_dir.h"
#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

using fakes::GoldenPath;
using fakes::SplitLines;

struct Fixture {
  Fixture() {
    all.Write("a.jsonl", fakes::Golden("pair.ndjson") + fakes::Golden("orphan.ndjson"));
    all.Write("b.jsonl", fakes::Golden("connection.ndjson") + fakes::Golden("hostile.ndjson"));
  }
  int Run(const std::vector<std::string>& args) {
    console = {};
    cli::Session session{&console, &clock, stop.get_token()};
    return cli::RunProgram(args, session);
  }

  fakes::TempDir all;
  fakes::CapturedConsole console;
  base::SystemClock clock;
  std::stop_source stop;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(open_command, Fixture)

BOOST_AUTO_TEST_CASE(records_of_a_directory_come_in_the_order_of_time) {
  BOOST_TEST(Run({"open", all.path(), "-o", "json"}) == 0);
  BOOST_TEST(console.output == fakes::Golden("pair.ndjson") + fakes::Golden("orphan.ndjson") +
                                   fakes::Golden("connection.ndjson") +
                                   fakes::Golden("hostile.ndjson"));
  BOOST_TEST(console.said.empty());
}

BOOST_AUTO_TEST_CASE(filters_are_those_of_the_live_stream_and_are_counted) {
  BOOST_TEST(Run({"open", all.path(), "--response-code", "500,599", "-o", "name"}) == 0);
  BOOST_TEST(console.output == "pair.tap.traffictap.io/00c0ffee00c0ffee\n");
  BOOST_TEST(console.said.find("4 records read, 1 kept, 3 filtered") != std::string::npos);
  BOOST_TEST(Run({"open", all.path(), "--not", "--protocol", "TCP", "-o", "json"}) == 0);
  BOOST_TEST(SplitLines(console.output).size() == 3);
  BOOST_TEST(Run({"open", all.path(), "--response-code", "abc"}) == 2);
}

BOOST_AUTO_TEST_CASE(max_ends_it_and_the_document_is_whole) {
  BOOST_TEST(Run({"open", all.path(), "--max", "1", "-o", "har"}) == 0);
  BOOST_TEST(nlohmann::json::parse(console.output)["log"]["entries"].size() == 1);
}

BOOST_AUTO_TEST_CASE(the_last_ones_are_shown_alone) {
  BOOST_TEST(Run({"open", all.path(), "--last", "2", "-o", "json"}) == 0);
  BOOST_TEST(console.output ==
             fakes::Golden("connection.ndjson") + fakes::Golden("hostile.ndjson"));
  BOOST_TEST(Run({"open", all.path(), "--last", "0"}) == 2);
}

BOOST_AUTO_TEST_CASE(an_interrupt_leaves_a_whole_document_too) {
  stop.request_stop();
  Run({"open", all.path(), "-o", "har"});
  BOOST_TEST(nlohmann::json::parse(console.output)["log"]["entries"].empty());
}

BOOST_AUTO_TEST_CASE(pairing_again_tells_its_books) {
  BOOST_TEST(Run({"open", all.path(), "--pair-again", "-o", "name"}) == 0);
  BOOST_TEST(SplitLines(console.output).size() == 4);
  BOOST_TEST(console.said.find("paired again: 2 records were whole, 2 lacked a side; of their 2 "
                               "halves: 2 x 0 pairs + 0 retries + 2 alone + 0 duplicates") !=
                 std::string::npos,
             console.said);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_not_there_and_a_damaged_file_are_told) {
  BOOST_TEST(Run({"open", "/nonexistent/records"}) == 3);
  BOOST_TEST(console.said.find("/nonexistent/records") != std::string::npos);
  all.Write("c.jsonl.gz", "\x1f\x8bnothing");
  BOOST_TEST(Run({"open", all.path(), "-o", "json"}) == 1);
  BOOST_TEST(SplitLines(console.output).size() == 4);
  BOOST_TEST(console.said.find("c.jsonl.gz") != std::string::npos);
  BOOST_TEST(Run({"open"}) == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
