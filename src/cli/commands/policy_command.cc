// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include "cli/commands/commands.h"
#include "cli/records/record_stream.h"
#include "cli/records/replay_options.h"
#include "cli/shell/text_table.h"
#include "cli/taps/tap_names.h"
#include "cli/taps/tap_options.h"
#include "fmt/format.h"
#include "observe/policy_counts.h"
#include "traffic/read_pair.h"

namespace traffictap::cli {
namespace {

using observe::PolicyCounts;

class PolicyCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  Status OfFiles(Session& session, PolicyCounts* counts);
  Status Live(Session& session, PolicyCounts* counts);
  std::string Table(const std::vector<PolicyCounts::Row>& rows) const;

  std::vector<std::string> taps_;
  FileOptions files_;
  FilterOptions filter_;
  ClusterOptions cluster_;
  std::string since_;
  bool dry_run_ = false;
  bool no_headers_ = false;
};

CommandSpec PolicyCommand::Describe() {
  CommandSpec spec;
  spec.name = "policy";
  spec.summary = "show what policies denied per edge, or would deny";
  spec.description =
      "Shows, for each edge (caller and callee), which AuthorizationPolicy, JWT check, external "
      "authorizer or rate limit denied how many of its requests. With --dry-run, what the "
      "AuthorizationPolicies that Istio only tries (annotation istio.io/dry-run: \"true\") would "
      "have denied: nothing is refused because of them, so this is how to see what a policy does "
      "before it is enforced.\n\n"
      "\"none named\" means that no policy allowed the request, or that you may not read the "
      "namespace of the one that denied it. A figure with ≈ is estimated from a sample. Reads the "
      "records that running taps still hold, or "
      "files with --file.";
  spec.arguments = {TapArgument(/*required=*/false, &taps_)};
  spec.options = {
      FlagOption("dry-run", 0, "show policies that are only tried", &dry_run_),
      SinceOption("only records from this time: 5m ago, or 2026-01-31T12:00:00Z", &since_),
      FlagOption("no-headers", 0, "omit the header line", &no_headers_), FileOption(&files_)};
  AddFilterOptions(&filter_, &spec);
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.examples = {
      {"what a new policy would deny", "policy --dry-run -n shop"},
      {"what was denied in the last five minutes", "policy --since 5m -n shop"},
      {"from recorded files", "policy --dry-run --file shop.jsonl"},
  };
  return spec;
}

Status PolicyCommand::OfFiles(Session& session, PolicyCounts* counts) {
  const auto options = MakeReplayOptions(files_, filter_, session);
  if (!options.ok()) return options.status();
  replay::ReplayCounters counters;
  const Status done = replay::ReplayFiles(
      *options,
      [&](const replay::Record& record, const auto&) {
        counts->Add(record.pair);
        return absl::OkStatus();
      },
      &counters);
  SayCounters(*options, counters, session.console);
  return done;
}

Status PolicyCommand::Live(Session& session, PolicyCounts* counts) {
  auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  for (auto& name : taps_) name = TapKey(name, cluster->ns);
  if (!cluster->standalone) cluster->ns = SharedNamespace(taps_, cluster->ns);
  const auto taps = FindTaps(*cluster, taps_);
  if (!taps.ok()) return taps.status();
  RecordStreamOptions stream;
  stream.follow = false;
  for (const auto& parameter : filter_.parameters) {
    stream.query.emplace_back(parameter.name, parameter.value);
  }
  for (const auto& tap : *taps) stream.query.emplace_back("tap", tap);
  if (!since_.empty()) stream.query.emplace_back("since", since_);
  std::unordered_set<std::string> seen;  // several taps may show one request
  RecordStreamHandlers handlers;
  handlers.on_record = [&](std::string_view line) {
    const auto pair = traffic::ReadPair(line);
    // The record of a stream's end has the id of those while it was open.
    const bool ended = pair.ok() && pair->state().empty();
    if (ended && seen.insert(pair->id()).second) counts->Add(*pair);
    return absl::OkStatus();
  };
  handlers.on_gap = [&](const std::string& tap, uint64_t count) {
    SayGap(tap, count, session.console);
  };
  return ReadRecords(*cluster, stream, handlers, session).status();
}

std::string PolicyCommand::Table(const std::vector<PolicyCounts::Row>& rows) const {
  std::vector<std::vector<std::string>> table;
  if (!no_headers_) {
    table.push_back({"SOURCE", "DESTINATION", dry_run_ ? "WOULD BE DENIED BY" : "DENIED BY",
                     "DENIED", "REQUESTS", "SHARE"});
  }
  for (const auto& row : rows) {
    const char* about = row.estimated ? "≈" : "";
    table.push_back({row.source, row.destination, row.rule.empty() ? "-" : row.rule,
                     fmt::format("{}{:.0f}", about, row.denied),
                     fmt::format("{}{:.0f}", about, row.requests),
                     fmt::format("{}{:.1f}%", about, 100 * row.denied / row.requests)});
  }
  return TextTable(table);
}

Status PolicyCommand::Run(Session& session) {
  TT_RETURN_IF_ERROR(CheckCounted(filter_));
  PolicyCounts counts(dry_run_ ? PolicyCounts::Of::kDryRun : PolicyCounts::Of::kDenials);
  const Status done = files_.paths.empty() ? Live(session, &counts) : OfFiles(session, &counts);
  if (!done.ok()) return done;
  const auto rows = counts.Rows();
  if (!rows.empty()) return session.console->Write(Table(rows));
  session.console->Say(dry_run_ ? "no record shows a policy that is only tried"
                                : "nothing was denied");
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Command> MakePolicyCommand() { return std::make_unique<PolicyCommand>(); }

}  // namespace traffictap::cli
