// SPDX-License-Identifier: Apache-2.0
#include "cli/records/copy_files.h"

#include <set>
#include <string>
#include <utility>

#include "base/wait.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::cli {
namespace {

// Files that are rotated faster than they are copied would keep it for ever.
constexpr int kPassesMax = 4;

using FileNames = std::set<std::pair<std::string, std::string>>;

Status CheckOneOutput(const std::vector<RemoteOutput>& outputs) {
  if (outputs.size() == 1) return absl::OkStatus();
  std::vector<std::string> names;
  for (const auto& output : outputs) names.push_back(output.name);
  return absl::InvalidArgumentError(fmt::format(
      "this tap has several File outputs: choose one with --output ({})", fmt::join(names, ", ")));
}

// A collector that has just come, or a tap that has: it will be known soon, or never.
int TriesMax(const Status& failure, const CopyFilesOptions& options) {
  if (absl::IsAborted(failure) || absl::IsNotFound(failure)) return kPassesMax;
  return IsRetryable(failure) ? options.tries_max : 1;
}

// Copies all that is listed, and leaves what that was.
Status Pass(const FileSource& source, const CopyFilesOptions& options, CopyTarget* target,
            FileNames* names) {
  const auto outputs = source.List();
  if (!outputs.ok()) return outputs.status();
  if (options.one_output) TT_RETURN_IF_ERROR(CheckOneOutput(*outputs));
  names->clear();
  for (const auto& output : *outputs) {
    for (const auto& file : output.files) names->emplace(output.name, file.name);
    TT_RETURN_IF_ERROR(target->Copy(source, output));
  }
  return absl::OkStatus();
}

}  // namespace

Status CopyFiles(const FileSource& source, const CopyFilesOptions& options, CopyTarget* target,
                 Session& session) {
  FileNames known;
  int failed = 0;
  int passes = 0;
  while (true) {
    const uint64_t before = target->bytes();
    FileNames names;
    const Status done = Pass(source, options, target, &names);
    if (session.stop.stop_requested()) return absl::CancelledError("stopped");
    if (!done.ok()) {
      failed = target->bytes() > before ? 1 : failed + 1;
      if (failed >= TriesMax(done, options)) return done;
      session.console->SayWaiting(fmt::format("trying again: {}", Message(done)));
    } else {
      failed = 0;
      session.console->SayWaiting("");
      if (!options.follow && (++passes >= kPassesMax || names == known)) return done;
      known = std::move(names);
      if (!options.follow) continue;
    }
    if (!base::WaitOnClock(options.pause, session.stop)) return absl::CancelledError("stopped");
  }
}

}  // namespace traffictap::cli
