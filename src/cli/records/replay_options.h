// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/records/filter_options.h"
#include "cli/shell/command.h"
#include "replay/replay.h"

namespace traffictap::cli {

// What the commands take that read files.
struct FileOptions {
  std::vector<std::string> paths;
  bool pair_again = false;
  base::Nanos window = 30 * base::kSecond;
};

// --pair-again and --window. The paths are the command's own.
void AddFileOptions(FileOptions* out, CommandSpec* spec);

// --file, for commands that read live records without it.
Option FileOption(FileOptions* out);

// Takes one path more.
TakeValue TakePath(FileOptions* out);

StatusOr<replay::ReplayOptions> MakeReplayOptions(const FileOptions& files,
                                                  const FilterOptions& filter,
                                                  const Session& session);

// What was read, lost and joined, in lines for a person; nothing where there is nothing to tell.
void SayCounters(const replay::ReplayOptions& options, const replay::ReplayCounters& counters,
                 Console* console);

}  // namespace traffictap::cli
