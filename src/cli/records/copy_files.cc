// SPDX-License-Identifier: Apache-2.0
#include "cli/records/copy_files.h"

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/wait.h"
#include "cli/records/missing_notice.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::cli {
namespace {

// Files that are rotated faster than they are copied would keep it for ever.
constexpr int kPassesMax = 4;

// What a look at all files found.
struct Look {
  std::set<std::tuple<std::string, std::string, std::string>> names;  // output, collector, file
  std::string answer;  // the list's, for who is missing; empty: there is no list
  bool came = false;   // something, of what then failed
};

Status CheckOneOutput(const std::vector<RemoteOutput>& outputs) {
  std::set<std::string> names;
  for (const auto& output : outputs) names.insert(output.name);
  if (names.size() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "this tap has several File outputs: choose one with --output ({})", fmt::join(names, ", ")));
}

// A collector that has just come, or a tap that has: it will be known soon, or never.
int TriesMax(const Status& failure, const CopyFilesOptions& options) {
  if (absl::IsAborted(failure) || absl::IsNotFound(failure)) return kPassesMax;
  return IsRetryable(failure) ? options.tries_max : 1;
}

// Copies all that is listed. What may pass keeps no other output or collector: it is told at the end.
Status Pass(const FileSource& source, const CopyFilesOptions& options, CopyTarget* target,
            Look* look) {
  auto listed = source.List();
  if (!listed.ok()) return listed.status();
  if (options.one_output) TT_RETURN_IF_ERROR(CheckOneOutput(listed->outputs));
  look->answer = std::move(listed->answer);
  Status failure;
  for (const auto& output : listed->outputs) {
    for (const auto& file : output.files) {
      look->names.emplace(output.name, output.collector, file.name);
    }
    const uint64_t before = target->bytes();
    const Status done = target->Copy(source, output);
    look->came = look->came || (!done.ok() && target->bytes() > before);
    if (!done.ok() && !IsRetryable(done)) return done;
    failure.Update(done);
  }
  return failure;
}

}  // namespace

Status CopyFiles(const FileSource& source, const CopyFilesOptions& options, CopyTarget* target,
                 Session& session) {
  MissingNotice notice(session.console);
  Look known;
  int failed = 0;
  int away = 0;  // looks in a row in which all came but of who is missing
  int passes = 0;
  while (true) {
    Look look;
    const Status done = Pass(source, options, target, &look);
    if (session.stop.stop_requested()) return absl::CancelledError("stopped");
    if (!look.answer.empty() && options.follow) notice.Tell(look.answer);
    const std::string missing = options.follow ? "" : MissingOf(look.answer);
    if (!done.ok()) {
      failed = look.came ? 1 : failed + 1;
      if (failed >= TriesMax(done, options)) return done;
      session.console->SayWaiting(fmt::format("trying again: {}", Message(done)));
    } else if (!missing.empty()) {
      // What the others go on writing does not bring it back.
      failed = 0;
      if (++away >= options.tries_max) return absl::UnavailableError(missing);
      session.console->SayWaiting(fmt::format("trying again: {}", missing));
    } else {
      failed = away = 0;
      session.console->SayWaiting("");
      if (!options.follow && (++passes >= kPassesMax || look.names == known.names)) return done;
      known = std::move(look);
      if (!options.follow) continue;
    }
    if (!base::WaitOnClock(options.pause, session.stop)) return absl::CancelledError("stopped");
  }
}

}  // namespace traffictap::cli
