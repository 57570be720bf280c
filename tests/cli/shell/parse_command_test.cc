// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/parse_command.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

struct Fixture {
  Fixture() {
    spec.name = "tap";
    cli::Argument target{"TARGET", "what to tap", false, true};
    target.take = [this](const std::string& value) {
      words.push_back(value);
      return absl::OkStatus();
    };
    spec.arguments = {target};
    cli::Option ns = cli::TextOption("namespace", 'n', "NAME", "the namespace", &name);
    ns.aliases = {"ns"};
    cli::Option methods{"method", 0, "NAME", "methods", [this](const std::string& value) {
                          values.push_back(value);
                          return absl::OkStatus();
                        }};
    spec.options = {ns, methods, cli::FlagOption("follow", 'f', "go on", &follow),
                    cli::DurationOption("since", "from then", &since),
                    cli::ChoiceOption("color", 0, {"auto", "never"}, "colours", &color)};
  }

  std::string Fault(const std::vector<std::string>& args) {
    return Message(cli::ParseCommand(spec, args).status());
  }

  cli::CommandSpec spec;
  std::vector<std::string> words;
  std::vector<std::string> values;
  std::string name;
  std::string color;
  bool follow = false;
  base::Nanos since = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(parse_command, Fixture)

BOOST_AUTO_TEST_CASE(options_are_taken_in_all_their_forms_around_arguments) {
  for (const auto& form : std::vector<std::vector<std::string>>{
           {"-n", "shop"}, {"-nshop"}, {"--namespace", "shop"}, {"--ns=shop"}}) {
    name.clear();
    BOOST_TEST(cli::ParseCommand(spec, form).ok());
    BOOST_TEST(name == "shop");
  }
}

BOOST_AUTO_TEST_CASE(an_option_that_may_be_repeated_takes_one_value_each_time) {
  BOOST_TEST(
      cli::ParseCommand(spec, {"--method", "GET", "workload/a", "--method=POST", "pod/b", "-f"})
          .ok());
  BOOST_TEST((values == std::vector<std::string>{"GET", "POST"}));
  BOOST_TEST((words == std::vector<std::string>{"workload/a", "pod/b"}));
  BOOST_TEST(follow);
}

BOOST_AUTO_TEST_CASE(values_are_read_by_their_kind) {
  BOOST_TEST(cli::ParseCommand(spec, {"--since", "1m30s", "--color", "never"}).ok());
  BOOST_TEST(since == 90 * base::kSecond);
  BOOST_TEST(color == "never");
  BOOST_TEST(Fault({"--color", "pink"}) == "--color: \"pink\" is none of auto, never");
  BOOST_TEST(Fault({"--since", "soon"}).starts_with("--since: "));
}

BOOST_AUTO_TEST_CASE(what_is_unknown_or_incomplete_is_named) {
  BOOST_TEST(Fault({"--namspace", "shop"}) ==
             "unknown option --namspace: did you mean --namespace?");
  BOOST_TEST(Fault({"-z"}) == "unknown option -z");
  BOOST_TEST(Fault({"--method"}).find("--method") != std::string::npos);
  spec.arguments[0].repeats = false;
  BOOST_TEST(Fault({"a", "b"}) == "\"b\" is one argument too many");
  spec.arguments[0].required = true;
  BOOST_TEST(Fault({}) == "TARGET is missing");
}

BOOST_AUTO_TEST_CASE(help_wins_over_what_else_is_there) {
  const auto parsed = cli::ParseCommand(spec, {"--unknown", "-h"});
  BOOST_REQUIRE(parsed.ok());
  BOOST_TEST(parsed->help);
}

BOOST_AUTO_TEST_CASE(a_verbatim_command_takes_everything_as_arguments) {
  spec.verbatim = true;
  BOOST_TEST(cli::ParseCommand(spec, {"tap", "--me", "-h", ""}).ok());
  BOOST_TEST((words == std::vector<std::string>{"tap", "--me", "-h", ""}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
