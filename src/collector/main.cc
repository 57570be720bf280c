// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "base/command_line.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/termination.h"
#include "collector/collector.h"
#include "collector/options.h"
#include "collector/reader.h"

namespace {

using namespace traffictap;

int Refuse(const char* what, const Status& status) {
  std::fprintf(stderr, "%s: %s\n", what, Message(status).c_str());
  return 2;
}

// A Collector or a Reader, until the process is told to stop.
template <typename Process>
int RunProcess(const collector::Options& options) {
  auto process = Process::Start(options);
  if (!process.ok()) return Refuse("cannot start", process.status());
  base::WaitForTermination();
  base::EndProcessAfter(base::kStopMax);
  (*process)->Stop();
  process->reset();
  return 0;
}

int Run(int argc, char** argv) {
  const auto [options, exit_code] = collector::ParseOptions(argc, argv);
  if (exit_code) return *exit_code;
  if (const auto set = base::ConfigureLog(options.log); !set.ok()) return Refuse("log", set);
  base::BlockTermination();
  base::RaiseDescriptorLimit();
  return collector::TraitsOf(options.role.role).asks ? RunProcess<collector::Reader>(options)
                                                     : RunProcess<collector::Collector>(options);
}

}  // namespace

int main(int argc, char** argv) {
  base::EndProcess(base::RunMain([&] { return Run(argc, argv); }));
}
