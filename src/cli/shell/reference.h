// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/shell/command.h"

// Help and the man page, made of the tables that the command line is parsed by, so that neither can
// go stale.
namespace traffictap::cli {

// What -h prints for one command.
std::string HelpText(const CommandSpec& spec);

// What the program prints without a command.
std::string OverviewText(const std::vector<CommandSpec>& specs);

// kubectl-traffictap(1) in the man macros (man(7)).
std::string ManPage(const std::vector<CommandSpec>& specs);

// The same in Markdown, for the documentation.
std::string MarkdownReference(const std::vector<CommandSpec>& specs);

// Of all commands, in the order in which they are listed.
std::vector<CommandSpec> DescribeAll(const CommandList& commands);

}  // namespace traffictap::cli
