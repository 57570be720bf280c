// SPDX-License-Identifier: Apache-2.0
#include "base/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.h"

namespace traffictap::base {

void AddLogOptions(CLI::App& app, LogOptions* out) {
  app.add_option("--log-level", out->level, "trace, debug, info, warn, error or off")
      ->capture_default_str();
  app.add_option("--log-format", out->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

Status ConfigureLog(const LogOptions& options) {
  return log::Configure(options.level,
                        options.format == "json" ? log::Format::kJson : log::Format::kText);
}

std::optional<int> ParseCommandLine(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
}

int RunMain(const std::function<int()>& body) {
  try {
    return body();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "unexpected failure: %s\n", e.what());
    return 1;
  }
}

}  // namespace traffictap::base
