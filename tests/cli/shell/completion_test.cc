// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/completion.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using cli::Completes;

struct Fixture {
  Fixture() {
    cli::CommandSpec tap;
    tap.name = "tap";
    tap.summary = "watch";
    cli::Argument target{"TARGET", "what to tap", false, true, Completes::kTargets};
    tap.arguments = {target};
    static std::string text;
    cli::Option ns = cli::TextOption("namespace", 'n', "NAME", "the namespace", &text);
    ns.completes = Completes::kNamespaces;
    cli::Option file = cli::TextOption("file", 0, "FILE", "a file", &text);
    file.completes = Completes::kFiles;
    tap.options = {ns, file,
                   cli::ChoiceOption("output", 'o', {"json", "jsonpath=", "yaml"}, "form", &text)};
    cli::CommandSpec secret;
    secret.name = "__complete";
    secret.hidden = true;
    specs = {tap, secret};
  }

  std::string Of(const std::vector<std::string>& words) {
    return cli::CompletionText(cli::Complete(specs, words, [](Completes what) {
      return what == Completes::kNamespaces ? std::vector<std::string>{"shop", "system"}
                                            : std::vector<std::string>{"workload/cart"};
    }));
  }

  std::vector<cli::CommandSpec> specs;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(completion, Fixture)

BOOST_AUTO_TEST_CASE(commands_come_with_what_they_do) {
  BOOST_TEST(Of({""}) == "tap\twatch\n:4\n");
  BOOST_TEST(Of({"x"}) == ":4\n");
}

BOOST_AUTO_TEST_CASE(names_come_from_the_cluster) {
  BOOST_TEST(Of({"tap", ""}) == "workload/cart\n:4\n");
  BOOST_TEST(Of({"tap", "-n", ""}) == "shop\nsystem\n:4\n");
  BOOST_TEST(Of({"tap", "--namespace", "sh"}) == "shop\n:4\n");
  BOOST_TEST(Of({"tap", "--namespace=sy"}) == "--namespace=system\n:4\n");
}

BOOST_AUTO_TEST_CASE(options_and_their_choices_come_from_the_table) {
  BOOST_TEST(Of({"tap", "--o"}) == "--output\tform\n:4\n");
  BOOST_TEST(Of({"tap", "-o", "y"}) == "yaml\n:4\n");
  BOOST_TEST(Of({"tap", "-o", "jsonp"}) == "jsonpath=\n:6\n");
}

BOOST_AUTO_TEST_CASE(files_are_left_to_the_shell) {
  BOOST_TEST(Of({"tap", "--file", ""}) == ":0\n");
}

BOOST_AUTO_TEST_CASE(words_that_bash_split_at_an_equals_sign_are_one) {
  BOOST_TEST(Of({"tap", "--output", "=", "y"}) == "yaml\n:4\n");
}

BOOST_AUTO_TEST_CASE(every_shell_has_a_script) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    BOOST_TEST(cli::CompletionScript(shell).find("kubectl-traffictap __complete") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
