// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/records/filter_options.h"
#include "cli/records/newest_records.h"
#include "cli/records/output_options.h"
#include "cli/records/replay_options.h"

namespace traffictap::cli {
namespace {

class OpenCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  FileOptions files_;
  FilterOptions filter_;
  OutputOptions output_;
  uint64_t last_ = 0;  // 0: all
};

CommandSpec OpenCommand::Describe() {
  CommandSpec spec;
  spec.name = "open";
  spec.summary = "show recorded files, filtered and paired again";
  spec.description =
      "Reads files that a File output wrote, a saved live stream, or what jq made of either (one "
      "record per line, pretty-printed or an array); plain, gzip or zstd. Also reads a directory "
      "with all its files, or - for stdin. Records are shown in order of time: rotated files "
      "follow each other, and files of several collectors are merged. The filters are those of the "
      "live stream.\n\n"
      "With --pair-again, one-sided records are joined by the collector's own rules, and the "
      "counters are shown at the end. Records that cannot be joined are left unchanged.";
  Argument files{"FILE", "files or directories, or - for stdin"};
  files.required = files.repeats = true;
  files.completes = Completes::kFiles;
  files.take = TakePath(&files_);
  spec.arguments = {files};
  AddFilterOptions(&filter_, &spec);
  AddFileOptions(&files_, &spec);
  AddOutputOptions(&output_, &spec);
  spec.options.push_back(CountOption("last", "show only the newest COUNT records", &last_));
  spec.examples = {
      {"failures in rotated files", "open shop.jsonl* --response-code 5xx"},
      {"pair the records of two collectors", "open a.jsonl.zst b.jsonl.zst --pair-again"},
      {"a HAR file for the browser's network panel", "open shop.jsonl --from web -o har > web.har"},
  };
  return spec;
}

Status OpenCommand::Run(Session& session) {
  auto options = MakeReplayOptions(files_, filter_, session);
  if (!options.ok()) return options.status();
  options->lines_alone = true;
  auto output = RecordOutput::Make(output_, session.console);
  if (!output.ok()) return output.status();
  replay::ReplayCounters counters;
  NewestRecords newest(last_);
  const auto show = [&](const replay::Record& record, const auto&) -> Status {
    if (last_ == 0) return (*output)->Write(record.line);
    newest.Add(record.start, record.line);
    return absl::OkStatus();
  };
  Status done = replay::ReplayFiles(*options, show, &counters);
  if (absl::IsNotFound(done) || absl::IsInvalidArgument(done)) return done;
  for (const auto& line : newest.Take()) {
    if (const Status written = (*output)->Write(line); !written.ok()) {
      done = written;
      break;
    }
  }
  const Status finished = (*output)->Finish();
  SayCounters(*options, counters, session.console);
  if (!done.ok() && !(*output)->full()) return done;
  if (!counters.read.broken.empty())
    return absl::DataLossError("some files could not be read completely");
  return finished;
}

}  // namespace

std::unique_ptr<Command> MakeOpenCommand() { return std::make_unique<OpenCommand>(); }

}  // namespace traffictap::cli
