// SPDX-License-Identifier: Apache-2.0
#include "base/command_line.h"
#include "base/log.h"
#include "base/termination.h"
#include "cli/commands/program.h"
#include "cli/records/cluster.h"
#include "cli/shell/exit_code.h"
#include "cli/shell/interruption.h"
#include "cli/shell/system_console.h"

namespace {

int Run(int argc, char** argv) {
  using namespace traffictap;
  // What a person should know the commands say themselves.
  (void)log::Configure("error", log::Format::kText);
  cli::Interruption interruption;
  cli::SystemConsole console(interruption.token());
  const base::SystemClock clock;
  const auto connect = [&clock](const cli::ClusterOptions& options) {
    return cli::ConnectCluster(options, &clock);
  };
  cli::Session session{&console, &clock, interruption.token(), connect};
  const int code = cli::RunProgram({argv + 1, argv + argc}, session);
  if (interruption.signal() != 0) return cli::kExitSignal + interruption.signal();
  // Cancelled without a signal: nobody reads the output any more, and that is no failure.
  return interruption.token().stop_requested() && code == cli::kExitFailure ? cli::kExitOk : code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace traffictap;
  base::EndProcess(base::RunMain([&] { return Run(argc, argv); }));
}
