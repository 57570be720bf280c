#include "cli/commands.h"
#include "cli/filter_options.h"
#include "cli/output_options.h"
#include "cli/replay_options.h"

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
};

CommandSpec OpenCommand::Describe() {
  CommandSpec spec;
  spec.name = "open";
  spec.summary = "show the records of files, filtered and paired again";
  spec.description =
      "Reads what a File output wrote, or a saved live stream: plain, gzip or zstd by what is in "
      "it, a directory with all its files, or - for standard input. Records come in the order of "
      "time: rotated files follow each other, and those of several collectors are woven together. "
      "The filters are those of the live stream.\n\n"
      "With --pair-again, halves that were written alone are joined by the collector's own rules, "
      "and the counters of it are told at the end. What stays alone stays as it was.";
  Argument files{"FILE", "files or directories, - for standard input"};
  files.required = files.repeats = true;
  files.completes = Completes::kFiles;
  files.take = TakePath(&files_);
  spec.arguments = {files};
  AddFilterOptions(&filter_, &spec);
  AddFileOptions(&files_, &spec);
  AddOutputOptions(&output_, &spec);
  spec.examples = {
      {"failures of a rotated output", "open shop.jsonl* --response-code 5xx"},
      {"the halves of two collectors as one", "open a.jsonl.zst b.jsonl.zst --pair-again"},
      {"an archive for the browser's network panel", "open shop.jsonl --from web -o har > web.har"},
  };
  return spec;
}

Status OpenCommand::Run(Session& session) {
  const auto options = MakeReplayOptions(files_, filter_, session);
  if (!options.ok()) return options.status();
  auto output = RecordOutput::Make(output_, session.console);
  if (!output.ok()) return output.status();
  replay::ReplayCounters counters;
  const Status done = replay::ReplayFiles(
      *options,
      [&](const replay::Record& record, const auto&) { return (*output)->Write(record.line); },
      &counters);
  if (absl::IsNotFound(done) || absl::IsInvalidArgument(done)) return done;
  const Status finished = (*output)->Finish();
  SayCounters(*options, counters, session.console);
  if (!done.ok() && !(*output)->full()) return done;
  if (!counters.read.broken.empty()) return absl::DataLossError("not all could be read");
  return finished;
}

}  // namespace

std::unique_ptr<Command> MakeOpenCommand() { return std::make_unique<OpenCommand>(); }

}  // namespace traffictap::cli
