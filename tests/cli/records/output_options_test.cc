// SPDX-License-Identifier: Apache-2.0
#include "cli/records/output_options.h"

#include <boost/test/unit_test.hpp>

#include "cli/shell/parse_command.h"
#include "fakes/captured_console.h"

namespace traffictap {
namespace {

struct Fixture {
  Fixture() { cli::AddOutputOptions(&options, &spec); }
  Status Parse(const std::vector<std::string>& args) {
    return cli::ParseCommand(spec, args).status();
  }

  cli::OutputOptions options;
  cli::CommandSpec spec;
  fakes::CapturedConsole console;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(output_options, Fixture)

BOOST_AUTO_TEST_CASE(colour_is_for_terminals_unless_somebody_says_otherwise) {
  BOOST_TEST(!cli::WantsColor(options, console));
  console.terminal = true;
  BOOST_TEST(cli::WantsColor(options, console));
  console.environment["NO_COLOR"] = "1";
  BOOST_TEST(!cli::WantsColor(options, console));
  BOOST_TEST(Parse({"--color", "always"}).ok());
  BOOST_TEST(cli::WantsColor(options, console));
  console.environment.clear();
  BOOST_TEST(Parse({"--color", "never"}).ok());
  BOOST_TEST(!cli::WantsColor(options, console));
}

BOOST_AUTO_TEST_CASE(a_dumb_terminal_has_no_colours) {
  console.terminal = true;
  console.environment["TERM"] = "dumb";
  BOOST_TEST(!cli::WantsColor(options, console));
}

BOOST_AUTO_TEST_CASE(wrong_forms_and_counts_are_refused) {
  BOOST_TEST(absl::IsInvalidArgument(Parse({"-o", "xml"})));
  BOOST_TEST(absl::IsInvalidArgument(Parse({"-o", "jsonpath={"})));
  for (const char* count : {"0", "-1", "many", "1x"}) {
    BOOST_TEST(absl::IsInvalidArgument(Parse({std::string("--max=") + count})), count);
  }
}

BOOST_AUTO_TEST_CASE(output_ends_with_the_last_record_that_was_asked_for) {
  BOOST_TEST(Parse({"-o", "json", "--max", "2"}).ok());
  const auto output = cli::RecordOutput::Make(options, &console);
  BOOST_REQUIRE(output.ok());
  BOOST_TEST((*output)->Write("{\"id\":\"1\"}").ok());
  BOOST_TEST((*output)->Write("no record").ok());
  BOOST_TEST(console.said.find("skipped a record") != std::string::npos);
  BOOST_TEST(absl::IsCancelled((*output)->Write("{\"id\":\"2\"}")));
  BOOST_TEST((*output)->full());
  BOOST_TEST((*output)->Finish().ok());
  BOOST_TEST(std::count(console.output.begin(), console.output.end(), '\n') == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
