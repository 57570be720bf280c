// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/shell/command.h"

namespace traffictap::cli {

struct ParsedCommand {
  bool help = false;  // help was asked for: nothing else counts
};

// Reads what follows the command's name and hands each value to its option. kInvalidArgument names
// the option and what is wrong; unknown options come with the nearest name.
StatusOr<ParsedCommand> ParseCommand(const CommandSpec& spec, const std::vector<std::string>& args);

// "--not --method GET" becomes "--not-method GET", an option of the command that no help shows.
// kInvalidArgument: nothing that could be negated follows.
StatusOr<std::vector<std::string>> FoldNegations(const CommandSpec& spec,
                                                 const std::vector<std::string>& args);

// The value that `option` has at words[at], for a line that is not whole: "--ns shop", "--ns=shop",
// "-n shop", "-nshop".
std::optional<std::string> ValueAt(const Option& option, const std::vector<std::string>& words,
                                   size_t at);

// Whether `word` is the option by one of its names.
bool IsNamed(const Option& option, const std::string& word);

// "--namespace", as messages call it.
std::string Shown(const Option& option);

}  // namespace traffictap::cli
