#include "cli/commands.h"
#include "cli/output_options.h"
#include "cli/print/time_line.h"
#include "cli/record_stream.h"
#include "cli/replay_options.h"
#include "cli/tap_names.h"
#include "fmt/format.h"
#include "traffic/read_pair.h"

namespace traffictap::cli {
namespace {

constexpr std::string_view kNamePrefix = "pair.tap.traffictap.io/";
constexpr uint64_t kShownMax = 20;  // requests may share one id over many hops

class ExplainCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  Status ReadFiles(Session& session);
  Status ReadLive(Session& session);
  Status Offer(std::string_view line, Console* console);

  std::string id_;
  FileOptions files_;
  ClusterOptions cluster_;
  OutputOptions output_;
  bool follow_ = false;
  uint64_t shown_ = 0;
};

CommandSpec ExplainCommand::Describe() {
  CommandSpec spec;
  spec.name = "explain";
  spec.summary = "tell one request as a time line of both its sides";
  spec.description =
      "Shows what each side says of a request, where the time went, every attempt, who is to blame "
      "and why, and what each flag means. The request is named by its x-request-id or by the id "
      "of its record (-o name prints it).\n\n"
      "Reads the records that running taps still have, with --follow also those to come, or files "
      "with --file. A request that an application passed on under the same id is told hop by hop.";
  Argument id{"ID", "request id, or the record's id"};
  id.required = true;
  id.take = [this](const std::string& text) {
    id_ = text.starts_with(kNamePrefix) ? text.substr(kNamePrefix.size()) : text;
    return id_.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
  };
  spec.arguments = {id};
  Option file{"file", 0, "FILE", "read this file or directory, - for standard input; repeatable",
              TakePath(&files_)};
  file.completes = Completes::kFiles;
  spec.options.push_back(file);
  AddFileOptions(&files_, &spec);
  spec.options.push_back(
      FlagOption("follow", 'f', "wait for it where it is not there yet", &follow_));
  spec.options.push_back(ChoiceOption("color", 0, {"auto", "always", "never"},
                                      "colour; auto: on a terminal, unless NO_COLOR is set",
                                      &output_.color));
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.examples = {
      {"a request that a running tap has seen",
       "explain 3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60 -n shop"},
      {"out of files", "explain 3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60 --file shop.jsonl"},
  };
  return spec;
}

Status ExplainCommand::Offer(std::string_view line, Console* console) {
  const auto pair = traffic::ReadPair(line);
  if (!pair.ok() || (pair->id() != id_ && pair->request().id() != id_)) return absl::OkStatus();
  const std::string gap = shown_ == 0 ? "" : "\n";
  TT_RETURN_IF_ERROR(console->Write(gap + print::TimeLineText(*pair, PageOf(output_, *console))));
  if (++shown_ >= kShownMax) return absl::CancelledError("enough");
  // A record's own id names one record.
  return pair->id() == id_ ? absl::CancelledError("found") : absl::OkStatus();
}

Status ExplainCommand::ReadFiles(Session& session) {
  const auto options = MakeReplayOptions(files_, {}, session);
  if (!options.ok()) return options.status();
  replay::ReplayCounters counters;
  const Status done = replay::ReplayFiles(
      *options,
      [&](const replay::Record& record, const auto&) {
        return Offer(record.line, session.console);
      },
      &counters);
  SayCounters(*options, counters, session.console);
  return done;
}

Status ExplainCommand::ReadLive(Session& session) {
  auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  const auto taps = FindTaps(*cluster, {});
  if (!taps.ok()) return taps.status();
  RecordStreamOptions stream;
  stream.follow = follow_;
  // The stream looks for a text in the request's id, and for no record's id: those it sends all.
  if (id_.find('-') != std::string::npos) stream.query.emplace_back("text", id_);
  for (const auto& tap : *taps) stream.query.emplace_back("tap", tap);
  RecordStreamHandlers handlers;
  handlers.on_record = [&](std::string_view line) {
    TT_RETURN_IF_ERROR(Offer(line, session.console));
    return follow_ && shown_ > 0 ? absl::CancelledError("found") : absl::OkStatus();
  };
  handlers.on_gap = [&](const std::string& tap, uint64_t count) {
    session.console->Say(fmt::format(
        "warning: {} records of tap {} were overwritten before they were read", count, tap));
  };
  return ReadRecords(*cluster, stream, handlers, session).status();
}

Status ExplainCommand::Run(Session& session) {
  const Status done = files_.paths.empty() ? ReadLive(session) : ReadFiles(session);
  if (session.stop.stop_requested()) return done;
  if (shown_ >= kShownMax) session.console->Say("there may be more records of this request");
  if (shown_ > 0 && (done.ok() || absl::IsCancelled(done))) return absl::OkStatus();
  if (!done.ok()) return done;
  return absl::NotFoundError(fmt::format(
      "no record has the request id or id \"{}\"; with --follow it is waited for", id_));
}

}  // namespace

std::unique_ptr<Command> MakeExplainCommand() { return std::make_unique<ExplainCommand>(); }

}  // namespace traffictap::cli
