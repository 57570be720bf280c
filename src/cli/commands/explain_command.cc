// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/commands/request_id.h"
#include "cli/print/distinct_records.h"
#include "cli/print/time_line.h"
#include "cli/records/output_options.h"
#include "cli/records/record_stream.h"
#include "cli/records/replay_options.h"
#include "cli/taps/tap_names.h"
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
  bool waits() const { return follow_ && files_.paths.empty(); }
  bool IsAskedFor(const std::string& record, const std::string& request) const;
  Status Offer(const v1::TrafficPair& pair, Console* console);
  Status Keep(v1::TrafficPair record);
  Status Show(const v1::TrafficPair& pair, Console* console);
  Status ShowKept(Console* console);

  std::string id_;
  FileOptions files_;
  ClusterOptions cluster_;
  OutputOptions output_;
  bool follow_ = false;
  uint64_t shown_ = 0;
  DistinctRecords kept_{kShownMax};
};

CommandSpec ExplainCommand::Describe() {
  CommandSpec spec;
  spec.name = "explain";
  spec.summary = "show one request as a timeline, from both sides";
  spec.description =
      "Shows what each side reported, where the time went, every attempt, who is to blame and why, "
      "and what each flag means. Name the request by its x-request-id or by its record's id "
      "(printed by -o name). Of a connection or stream that has not ended the newest record is "
      "shown; of a request that several taps have recorded, the record with the most sides.\n\n"
      "Reads the records that running taps still hold, and new ones with --follow, or files with "
      "--file. If applications pass the request id on, every hop is shown.";
  Argument id{"ID", "request id or record id"};
  id.required = true;
  id.take = [this](const std::string& text) {
    id_ = PastedId(text);
    if (id_.starts_with(kNamePrefix)) id_ = id_.substr(kNamePrefix.size());
    return id_.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
  };
  spec.arguments = {id};
  spec.options.push_back(FileOption(&files_));
  AddFileOptions(&files_, &spec);
  spec.options.push_back(
      FlagOption("follow", 'f', "wait for the request if it has not been recorded yet", &follow_));
  spec.options.push_back(ColorOption(&output_));
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.examples = {
      {"a request that a running tap has recorded",
       "explain 3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60 -n shop"},
      {"from files", "explain 3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60 --file shop.jsonl"},
  };
  return spec;
}

// Of a record's ids.
bool ExplainCommand::IsAskedFor(const std::string& record, const std::string& request) const {
  return record == id_ || IsSameRequest(request, id_);
}

Status ExplainCommand::Offer(const v1::TrafficPair& pair, Console* console) {
  if (!IsAskedFor(pair.id(), pair.request().id())) return absl::OkStatus();
  // Who waits for a request has it now.
  return waits() ? Show(pair, console) : Keep(pair);
}

// Until all was read: a record under the same id that says more may follow.
Status ExplainCommand::Keep(v1::TrafficPair record) {
  const bool all = record.id() == id_ && record.state().empty() && record.orphan_reason().empty();
  TT_RETURN_IF_ERROR(kept_.Add(std::move(record)));
  // A record's own id names one record.
  return all ? absl::CancelledError("found") : absl::OkStatus();
}

Status ExplainCommand::Show(const v1::TrafficPair& pair, Console* console) {
  const std::string gap = shown_ == 0 ? "" : "\n";
  TT_RETURN_IF_ERROR(console->Write(gap + print::TimeLineText(pair, PageOf(output_, *console))));
  ++shown_;
  return absl::OkStatus();
}

Status ExplainCommand::ShowKept(Console* console) {
  for (const auto& pair : kept_.all()) TT_RETURN_IF_ERROR(Show(pair, console));
  return absl::OkStatus();
}

Status ExplainCommand::ReadFiles(Session& session) {
  auto options = MakeReplayOptions(files_, {}, session);
  if (!options.ok()) return options.status();
  options->may_want = [this](const traffic::RecordSkim& skim) {
    return IsAskedFor(skim.id, skim.request_id);
  };
  replay::ReplayCounters counters;
  const Status done = replay::ReplayFiles(
      *options,
      [&](const replay::Record& record, const auto&) {
        return Offer(record.pair, session.console);
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
  if (id_.find('-') != std::string::npos) stream.query.emplace_back("text", SearchedText(id_));
  for (const auto& tap : *taps) stream.query.emplace_back("tap", tap);
  RecordStreamHandlers handlers;
  handlers.on_record = [&](std::string_view line) {
    const auto pair = traffic::ReadPair(line);
    if (pair.ok()) TT_RETURN_IF_ERROR(Offer(*pair, session.console));
    return shown_ > 0 ? absl::CancelledError("found") : absl::OkStatus();
  };
  handlers.on_gap = [&](const std::string& tap, uint64_t count) {
    SayGap(tap, count, session.console);
  };
  return ReadRecords(*cluster, stream, handlers, session).status();
}

Status ExplainCommand::Run(Session& session) {
  const Status done = files_.paths.empty() ? ReadLive(session) : ReadFiles(session);
  if (session.stop.stop_requested()) return done;
  TT_RETURN_IF_ERROR(ShowKept(session.console));
  if (!done.ok() && !absl::IsCancelled(done)) return done;
  if (shown_ >= kShownMax)
    session.console->Say("there may be more records of this request; only the first 20 are shown");
  if (shown_ > 0) return absl::OkStatus();
  return absl::NotFoundError(fmt::format(
      "no record has the request id or record id \"{}\"; use --follow to wait for it", id_));
}

}  // namespace

std::unique_ptr<Command> MakeExplainCommand() { return std::make_unique<ExplainCommand>(); }

}  // namespace traffictap::cli
