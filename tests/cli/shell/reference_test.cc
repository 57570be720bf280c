// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/reference.h"

#include <boost/test/unit_test.hpp>

#include "cli/commands/commands.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(reference)

BOOST_AUTO_TEST_CASE(every_option_of_every_command_is_in_help_the_man_page_and_the_reference) {
  const auto specs = cli::DescribeAll(cli::AllCommands());
  const std::string markdown = cli::MarkdownReference(specs);
  std::string man;
  for (const char c : cli::ManPage(specs)) {
    if (c != '\\') man += c;
  }
  for (const auto& spec : specs) {
    if (spec.hidden) continue;
    BOOST_TEST_CONTEXT(spec.name) {
      BOOST_TEST(!spec.summary.empty());
      for (const auto& option : spec.options) {
        if (option.hidden) continue;
        BOOST_TEST_CONTEXT(option.name) {
          BOOST_TEST(cli::HelpText(spec).find("--" + option.name) != std::string::npos);
          BOOST_TEST(man.find("--" + option.name) != std::string::npos);
          BOOST_TEST(markdown.find("--" + option.name) != std::string::npos);
          BOOST_TEST(!option.help.empty());
          BOOST_TEST(!option.help.ends_with("."));
          BOOST_TEST(bool(option.take));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(no_name_stands_for_two_options_of_a_command) {
  for (const auto& spec : cli::DescribeAll(cli::AllCommands())) {
    std::vector<std::string> names;
    for (const auto& option : spec.options) {
      names.push_back("--" + option.name);
      if (option.letter != 0) names.push_back(std::string(1, option.letter));
      for (const auto& alias : option.aliases) names.push_back("--" + alias);
    }
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    BOOST_TEST((twice == names.end()), spec.name << " has " << *twice << " twice");
  }
}

BOOST_AUTO_TEST_CASE(help_fits_a_terminal) {
  for (const auto& spec : cli::DescribeAll(cli::AllCommands())) {
    std::istringstream lines(cli::HelpText(spec));
    for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 100u, line);
  }
}

BOOST_AUTO_TEST_CASE(text_in_the_man_page_is_no_macro) {
  cli::CommandSpec spec;
  spec.name = "x";
  spec.description = ".so /etc/passwd\n\n'br\n\nback\\slash";
  const std::string page = cli::ManPage({spec});
  BOOST_TEST(page.find("\n.so") == std::string::npos);
  BOOST_TEST(page.find("\n'br") == std::string::npos);
  BOOST_TEST(page.find("back\\eslash") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
