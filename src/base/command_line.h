// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/status.h"

namespace CLI {
class App;
}

// What the command lines and mains of our long-running programs have in common.
namespace traffictap::base {

// What --log-level and --log-format set.
struct LogOptions {
  std::string level = "info";
  std::string format = "text";
};
void AddLogOptions(CLI::App& app, LogOptions* out);

// Applies them to every logger. kInvalidArgument: no such level.
Status ConfigureLog(const LogOptions& options);

// Prints help, version and faults itself. Empty: go on. Otherwise the program's exit code: 0 after
// help or version, 2 after a fault.
std::optional<int> ParseCommandLine(CLI::App& app, int argc, const char* const* argv);

// Runs a program's body and returns its exit code; 1 where it throws, which is told on standard
// error.
int RunMain(const std::function<int()>& body);

}  // namespace traffictap::base
