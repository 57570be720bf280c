// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/program.h"

#include <boost/test/unit_test.hpp>

#include "fakes/captured_console.h"

namespace traffictap {
namespace {

struct Fixture {
  int Run(const std::vector<std::string>& args) {
    console = {};
    cli::Session session{&console, &clock, {}};
    return cli::RunProgram(args, session);
  }

  fakes::CapturedConsole console;
  base::SystemClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(program, Fixture)

BOOST_AUTO_TEST_CASE(without_a_command_it_lists_the_commands_and_ends_as_misused) {
  BOOST_TEST(Run({}) == 2);
  BOOST_TEST(console.output.find("completion") != std::string::npos);
  BOOST_TEST(console.output.find("__complete") == std::string::npos);
  BOOST_TEST(Run({"--help"}) == 0);
}

BOOST_AUTO_TEST_CASE(help_of_a_command_goes_to_the_output) {
  BOOST_TEST(Run({"man", "--help"}) == 0);
  BOOST_TEST(console.output.find("--markdown") != std::string::npos);
  BOOST_TEST(Run({"help", "man"}) == 0);
  BOOST_TEST(console.output.find("--markdown") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unknown_commands_and_options_come_with_the_nearest_name) {
  BOOST_TEST(Run({"completoin"}) == 2);
  BOOST_TEST(console.said.find("did you mean completion?") != std::string::npos);
  BOOST_TEST(Run({"man", "--markdwn"}) == 2);
  BOOST_TEST(console.said.find("did you mean --markdown?") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_or_wrong_argument_is_misuse) {
  BOOST_TEST(Run({"completion"}) == 2);
  BOOST_TEST(console.said.find("SHELL is missing") != std::string::npos);
  BOOST_TEST(Run({"completion", "tcsh"}) == 2);
  BOOST_TEST(Run({"version", "now"}) == 2);
}

BOOST_AUTO_TEST_CASE(the_version_is_printed) {
  BOOST_TEST(Run({"version"}) == 0);
  BOOST_TEST(console.output == "kubectl-traffictap " TRAFFICTAP_VERSION "\n");
  BOOST_TEST(Run({"--version"}) == 0);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_a_failure) {
  console.write_result = absl::DataLossError("write the output: No space left on device");
  cli::Session session{&console, &clock, {}};
  BOOST_TEST(cli::RunProgram({"version"}, session) == 1);
  BOOST_TEST(console.said.find("No space left") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
