// SPDX-License-Identifier: Apache-2.0
#include "base/command_line.h"

#include <CLI/CLI.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <stdexcept>

namespace traffictap {
namespace {

struct Fixture {
  Fixture() { base::AddLogOptions(app, &options); }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "program");
    std::ostringstream text;
    auto* out = std::cout.rdbuf(text.rdbuf());
    auto* err = std::cerr.rdbuf(text.rdbuf());
    const auto code =
        base::ParseCommandLine(app, static_cast<int>(arguments.size()), arguments.data());
    std::cout.rdbuf(out);
    std::cerr.rdbuf(err);
    said = text.str();
    return code;
  }

  CLI::App app;
  base::LogOptions options;
  std::string said;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(command_line, Fixture)

BOOST_AUTO_TEST_CASE(goes_on_after_a_good_line) {
  BOOST_TEST(!Parse({"--log-level", "debug", "--log-format", "json"}).has_value());
  BOOST_TEST(options.level == "debug");
  BOOST_TEST(options.format == "json");
}

BOOST_AUTO_TEST_CASE(ends_with_0_after_help_and_2_after_a_fault) {
  BOOST_TEST(Parse({"--help"}).value_or(-1) == 0);
  BOOST_TEST(said.find("--log-level") != std::string::npos);
  BOOST_TEST(Parse({"--log-format", "xml"}).value_or(-1) == 2);
  BOOST_TEST(said.find("--log-format") != std::string::npos);
  BOOST_TEST(Parse({"--nonsense"}).value_or(-1) == 2);
}

BOOST_AUTO_TEST_CASE(a_level_that_does_not_exist_is_a_fault) {
  BOOST_TEST(absl::IsInvalidArgument(base::ConfigureLog({.level = "loud"})));
  BOOST_TEST(base::ConfigureLog({.level = "error"}).ok());
}

BOOST_AUTO_TEST_CASE(a_body_that_throws_ends_with_1) {
  BOOST_TEST(base::RunMain([] { return 7; }) == 7);
  BOOST_TEST(base::RunMain([]() -> int { throw std::runtime_error("expected by a test"); }) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
