// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "cli/commands/commands.h"
#include "cli/commands/request_id.h"
#include "cli/print/distinct_records.h"
#include "cli/print/trace_text.h"
#include "cli/records/output_options.h"
#include "cli/records/record_stream.h"
#include "cli/records/replay_options.h"
#include "cli/taps/tap_options.h"
#include "fmt/format.h"
#include "traffic/read_pair.h"
#include "traffic/trace_context.h"

namespace traffictap::cli {
namespace {

constexpr size_t kHopsMax = 5000;

// An id, or a header that has one: traceparent or b3.
std::optional<traffic::TraceContext> TraceOf(const std::string& text) {
  if (const auto id = traffic::ParseTraceId(text)) return id;
  if (const auto w3c = traffic::ParseTraceParent(text)) return w3c;
  return traffic::ParseB3(text);
}

class TraceCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  Status ReadFiles(Session& session);
  Status ReadLive(Session& session);
  bool IsWanted(const v1::TrafficPair& record) const;
  Status Offer(v1::TrafficPair record);
  void SayTraces(Console* console) const;

  std::string id_;
  std::string trace_id_;  // 32 digits; empty where `id_` can only be a request's
  std::string since_;
  FileOptions files_;
  ClusterOptions cluster_;
  OutputOptions output_;
  DistinctRecords records_{kHopsMax};
};

CommandSpec TraceCommand::Describe() {
  CommandSpec spec;
  spec.name = "trace";
  spec.summary = "show the calls of one trace or request id as a tree";
  spec.description =
      "Shows every recorded call that passed on a trace id or a request id, below the call that it "
      "was made for: the time in all, the callee's own (without the calls that it made), and the "
      "time between the two proxies.\n\n"
      "A call belongs to the one that its pod had received with the same span (PLACED BY: span), "
      "or "
      "else to the last one that the pod was answering when it made the call, by the clock of its "
      "own proxy (proxy). If a side is missing, it belongs to the one call that the caller's "
      "workload received (workload). Clocks of two proxies are never compared. A call that nothing "
      "places stands at the top, with the reason.\n\n"
      "Reads the records that running taps still hold, or files with --file.";
  Argument id{"ID", "trace id (32 or 16 hexadecimal digits) or request id"};
  id.required = true;
  id.take = [this](const std::string& text) {
    id_ = PastedId(text);
    const auto trace = TraceOf(absl::AsciiStrToLower(id_));
    if (trace) trace_id_ = traffic::TraceIdText(*trace);
    return id_.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
  };
  spec.arguments = {id};
  spec.options.push_back(FileOption(&files_));
  AddFileOptions(&files_, &spec);
  spec.options.push_back(
      SinceOption("only records from this time: 5m ago, or 2026-01-31T12:00:00Z", &since_));
  spec.options.push_back(FlagOption("no-headers", 0, "omit the header line", &output_.no_headers));
  spec.options.push_back(ColorOption(&output_));
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.examples = {
      {"a trace that running taps have recorded", "trace 0af7651916cd43dd8448eb211c80319c -A"},
      {"a request id that applications pass on",
       "trace 3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60 -n shop"},
      {"from files", "trace 0af7651916cd43dd8448eb211c80319c --file shop.jsonl"},
  };
  return spec;
}

bool TraceCommand::IsWanted(const v1::TrafficPair& record) const {
  if (IsSameRequest(record.request().id(), id_)) return true;
  if (trace_id_.empty()) return false;
  if (record.trace().trace_id() == trace_id_) return true;
  return std::any_of(record.server().begin(), record.server().end(),
                     [&](const v1::Side& side) { return side.trace_id() == trace_id_; });
}

Status TraceCommand::Offer(v1::TrafficPair record) {
  return IsWanted(record) ? records_.Add(std::move(record)) : absl::OkStatus();
}

Status TraceCommand::ReadFiles(Session& session) {
  const auto options = MakeReplayOptions(files_, {}, session);
  if (!options.ok()) return options.status();
  replay::ReplayCounters counters;
  const Status done = replay::ReplayFiles(
      *options, [&](const replay::Record& record, const auto&) { return Offer(record.pair); },
      &counters);
  SayCounters(*options, counters, session.console);
  return done;
}

Status TraceCommand::ReadLive(Session& session) {
  auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  RecordStreamOptions stream;
  stream.follow = false;
  if (trace_id_.empty()) {
    stream.query.emplace_back("text", SearchedText(id_));
  } else {
    stream.query.emplace_back("trace", trace_id_);
  }
  if (!since_.empty()) stream.query.emplace_back("since", since_);
  RecordStreamHandlers handlers;
  handlers.on_record = [&](std::string_view line) {
    auto pair = traffic::ReadPair(line);
    return pair.ok() ? Offer(*std::move(pair)) : absl::OkStatus();
  };
  handlers.on_gap = [&](const std::string& tap, uint64_t count) {
    SayGap(tap, count, session.console);
  };
  return ReadRecords(*cluster, stream, handlers, session).status();
}

// Not every application that passes a trace on passes the request id on as well.
void TraceCommand::SayTraces(Console* console) const {
  if (!trace_id_.empty()) return;
  std::set<std::string> traces;
  for (const auto& record : records_.all()) {
    if (!record.trace().trace_id().empty()) traces.insert(record.trace().trace_id());
  }
  if (traces.size() == 1) {
    console->Say(fmt::format(
        "these calls carry the trace {}: kubectl traffictap trace {} shows all of its calls",
        *traces.begin(), *traces.begin()));
  }
}

Status TraceCommand::Run(Session& session) {
  const Status done = files_.paths.empty() ? ReadLive(session) : ReadFiles(session);
  if (session.stop.stop_requested()) return done;
  if (!done.ok() && !absl::IsCancelled(done)) return done;
  if (records_.all().empty()) {
    return absl::NotFoundError(fmt::format("no record has the trace id or request id \"{}\"", id_));
  }
  if (records_.all().size() == kHopsMax && absl::IsCancelled(done)) {
    session.console->Say(
        fmt::format("there are more calls; only the first {} are shown", kHopsMax));
  }
  TT_RETURN_IF_ERROR(
      session.console->Write(print::TraceText(records_.all(), PageOf(output_, *session.console))));
  SayTraces(session.console);
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Command> MakeTraceCommand() { return std::make_unique<TraceCommand>(); }

}  // namespace traffictap::cli
