// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/shell/command.h"

namespace traffictap::cli {

// Runs one command line, without the program's name. Prints help, versions and faults itself;
// returns the exit code.
int RunProgram(const std::vector<std::string>& args, Session& session);

}  // namespace traffictap::cli
