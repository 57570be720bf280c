// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "cli/print/lines.h"
#include "fakes/captured_console.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

const std::string kRequestId = "3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60";

struct Fixture {
  int Run(const std::string& id, const std::string& file) {
    return RunOn(id, fakes::GoldenPath(file));
  }
  int RunOn(const std::string& id, const std::string& path) {
    console = {};
    cli::Session session{&console, &clock, {}};
    return cli::RunProgram({"explain", id, "--file", path}, session);
  }

  fakes::CapturedConsole console;
  base::SystemClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(explain_command, Fixture)

BOOST_AUTO_TEST_CASE(a_request_is_found_by_each_of_its_names) {
  for (const std::string& id : {kRequestId, std::string("00c0ffee00c0ffee"),
                                std::string("pair.tap.traffictap.io/00c0ffee00c0ffee")}) {
    BOOST_TEST(Run(id, "pair.ndjson") == 0, console.said);
    BOOST_TEST(console.output == fakes::Golden("explain-pair.txt"));
  }
}

// Written once each 10 s while a connection is open, and at its end.
BOOST_AUTO_TEST_CASE(of_a_stream_the_newest_record_is_shown) {
  for (const auto& [file, says] : {std::pair("streams-open.ndjson", "still open after 20.00 s"),
                                   std::pair("streams.ndjson", "closed normally after 30.00 s")}) {
    BOOST_TEST(Run("00000000000000a1", file) == 0, console.said);
    BOOST_TEST(console.output.find(says) != std::string::npos, console.output);
    BOOST_TEST(console.output.find("10.00 s") == std::string::npos);
  }
}

// One tap shows both sides of the request, the other one the client's.
BOOST_AUTO_TEST_CASE(of_several_records_of_one_id_the_one_with_most_sides_is_shown) {
  const std::string whole = fakes::Golden("pair.ndjson");
  const std::string half =
      R"({"id":"00c0ffee00c0ffee","tap":"shop/other","verdict":"Ok","orphanReason":"PeerNotTapped",)"
      R"("request":{"id":"3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60"},"client":{"pod":"web-1"}})"
      "\n";
  fakes::TempDir dir;
  for (const std::string& records : {half + whole, whole + half}) {
    dir.Write("records.jsonl", records);
    for (const std::string& id : {kRequestId, std::string("00c0ffee00c0ffee")}) {
      BOOST_TEST(RunOn(id, dir / "records.jsonl") == 0, console.said);
      BOOST_TEST(console.output == fakes::Golden("explain-pair.txt"));
    }
  }
  dir.Write("records.jsonl", half);
  BOOST_TEST(RunOn(kRequestId, dir / "records.jsonl") == 0, console.said);
  BOOST_TEST(console.output.find("web-1") != std::string::npos, console.output);
}

BOOST_AUTO_TEST_CASE(envoys_digit_in_a_request_id_does_not_matter) {
  BOOST_TEST(Run("3f1f4b0e-8c1d-9d5e-9a57-1d2c3b4a5f60", "pair.ndjson") == 0, console.said);
  BOOST_TEST(console.output == fakes::Golden("explain-pair.txt"));
  BOOST_TEST(Run("3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f61", "pair.ndjson") == 3);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_not_there_is_told_with_what_to_do) {
  BOOST_TEST(Run(kRequestId, "orphan.ndjson") == 3);
  BOOST_TEST(console.output.empty());
  BOOST_TEST(console.said.find(kRequestId) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
