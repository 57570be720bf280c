#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/command.h"

namespace traffictap::cli {

struct ParsedCommand {
  bool help = false;  // help was asked for: nothing else counts
};

// Reads what follows the command's name and hands each value to its option. kInvalidArgument names
// the option and what is wrong; unknown options come with the nearest name.
StatusOr<ParsedCommand> ParseCommand(const CommandSpec& spec, const std::vector<std::string>& args);

// "--namespace", as messages call it.
std::string Shown(const Option& option);

}  // namespace traffictap::cli
