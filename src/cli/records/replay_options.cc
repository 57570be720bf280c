// SPDX-License-Identifier: Apache-2.0
#include "cli/records/replay_options.h"

#include <numeric>

#include "fmt/format.h"

namespace traffictap::cli {
namespace {

constexpr char kSection[] = "Files";

void SayPairing(const replay::RejoinCounters& counters, Console* console) {
  const auto& join = counters.join;
  const uint64_t orphans = std::accumulate(join.orphans.begin(), join.orphans.end(), uint64_t{0});
  console->Say(fmt::format(
      "paired again: {} records were whole, {} lacked a side; of their {} halves: 2 x {} pairs + "
      "{} retries + {} alone + {} duplicates; {} records were joined, {} copies left out",
      counters.whole, counters.incomplete, join.kept, join.pairs, join.retries, orphans,
      join.duplicates, counters.rejoined, counters.copies + counters.outdone));
}

}  // namespace

void AddFileOptions(FileOptions* out, CommandSpec* spec) {
  for (Option option :
       {FlagOption(
            "pair-again", 0,
            "join one-sided records, such as those of two collectors or from before and after "
            "a restart, and show records that were written twice once",
            &out->pair_again),
        DurationOption("window",
                       "with --pair-again: how far apart in time both sides may have been "
                       "written (default: 30s)",
                       &out->window)}) {
    option.section = kSection;
    spec->options.push_back(std::move(option));
  }
}

Option FileOption(FileOptions* out) {
  Option file{"file", 0, "FILE", "read this file or directory, or - for stdin; may be repeated",
              TakePath(out)};
  file.completes = Completes::kFiles;
  return file;
}

TakeValue TakePath(FileOptions* out) {
  return [out](const std::string& path) {
    out->paths.push_back(path);
    return path.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
  };
}

StatusOr<replay::ReplayOptions> MakeReplayOptions(const FileOptions& files,
                                                  const FilterOptions& filter,
                                                  const Session& session) {
  auto parsed = observe::RecordFilter::Parse(filter.parameters);
  if (!parsed.ok()) return parsed.status();
  replay::ReplayOptions out;
  out.paths = files.paths;
  out.filter = *std::move(parsed);
  out.pair_again = files.pair_again;
  out.window = files.window;
  out.stop = session.stop;
  return out;
}

void SayCounters(const replay::ReplayOptions& options, const replay::ReplayCounters& counters,
                 Console* console) {
  for (const Status& broken : counters.read.broken) console->Say("warning: " + Message(broken));
  if (counters.read.malformed > 0) {
    console->Say(
        fmt::format("warning: skipped {} lines that are not records", counters.read.malformed));
  }
  if (counters.read.gaps > 0) {
    console->Say(
        fmt::format("warning: {} records were lost before this was saved", counters.read.gaps));
  }
  if (options.pair_again) SayPairing(counters.rejoin, console);
  if (!options.filter->empty() || options.pair_again) {
    console->Say(fmt::format("{} records read, {} kept, {} filtered", counters.read.records,
                             counters.kept, counters.filtered));
  }
}

}  // namespace traffictap::cli
