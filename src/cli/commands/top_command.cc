// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/wait.h"
#include "cli/commands/commands.h"
#include "cli/print/missing_text.h"
#include "cli/print/top_table.h"
#include "cli/records/output_options.h"
#include "cli/records/replay_options.h"
#include "cli/taps/tap_names.h"
#include "fmt/format.h"
#include "observe/traffic_summary.h"

namespace traffictap::cli {
namespace {

// ECMA-48: to the first column of the first line, and clear what is below.
constexpr char kHome[] = "\x1b[H";
constexpr char kClear[] = "\x1b[H\x1b[2J";
constexpr char kClearLine[] = "\x1b[K";
constexpr char kClearBelow[] = "\x1b[J";

class TopCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  Status OfFiles(Session& session);
  Status Live(Session& session);
  Status Refresh(const Cluster& cluster, const std::string& path,
                 const std::vector<std::string>& taps, Session& session);
  StatusOr<std::string> Table(std::string_view summary, Session& session, size_t rows) const;

  std::vector<std::string> taps_;
  FileOptions files_;
  FilterOptions filter_;
  ClusterOptions cluster_;
  OutputOptions output_;
  std::string by_ = "edge";
  std::string sort_ = "rate";
  base::Nanos window_ = 60 * base::kSecond;
  base::Nanos interval_ = 2 * base::kSecond;
  uint64_t rows_ = 0;  // 0: not asked for
  bool once_ = false;
};

observe::TrafficSummary::By Groups(const std::string& by) {
  using By = observe::TrafficSummary::By;
  if (by == "zone") return By::kZone;
  if (by == "version") return By::kVersion;
  return by == "pod" ? By::kPod : By::kNothing;
}

CommandSpec TopCommand::Describe() {
  CommandSpec spec;
  spec.name = "top";
  spec.summary = "show rates, errors and latencies per edge or route";
  spec.description =
      "Shows, for each edge (caller and callee) or route (with method and path, without "
      "identifiers), the rate, the share of errors, and the p50 and p99 of the client's side, the "
      "server's side and the time between them (network and proxies). On a terminal it refreshes "
      "until Ctrl-C, otherwise it prints once. The figures cover the records that the collector's "
      "taps keep, or files with --file. Where a tap samples, a record counts as the requests that "
      "it stands for, and a figure that is estimated so has a ≈. What limits.maxRecordsPerSecond "
      "left out is not in the figures: it is listed below them, per edge.";
  spec.arguments = {TapArgument(/*required=*/false, &taps_)};
  const std::vector<std::string> sorts(std::begin(print::kTopSorts), std::end(print::kTopSorts));
  const std::vector<std::string> groups(std::begin(print::kTopGroups), std::end(print::kTopGroups));
  for (const Option& option :
       {ChoiceOption("by", 0, groups,
                     "group by edge or route, or by the zones, versions or pods of both ends",
                     &by_),
        ChoiceOption("sort", 0, sorts, "sort order; durations by their p99", &sort_),
        CountOption("rows", "show at most COUNT lines (default: what fits the terminal, or all)",
                    &rows_),
        DurationOption("window", "time window (default: 60s)", &window_),
        DurationOption("interval", "refresh interval (default: 2s)", &interval_),
        FlagOption("once", 0, "print once and exit, even on a terminal", &once_),
        FlagOption("no-headers", 0, "omit the header line", &output_.no_headers),
        ColorOption(&output_), FileOption(&files_)}) {
    spec.options.push_back(option);
  }
  AddFilterOptions(&filter_, &spec);
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.examples = {
      {"the slowest routes of a service", "top --by route --sort server --to cart -n shop"},
      {"one snapshot for a script", "top --once --no-headers"},
      {"traffic between zones", "top --by zone -n shop"},
      {"from recorded files", "top --file /var/lib/traffictap/shop --by route"},
  };
  return spec;
}

StatusOr<std::string> TopCommand::Table(std::string_view summary, Session& session,
                                        size_t rows) const {
  print::TopOptions options;
  options.by = by_;
  options.sort = sort_;
  options.rows_max = rows;
  return print::TopText(summary, options, PageOf(output_, *session.console));
}

Status TopCommand::OfFiles(Session& session) {
  const auto options = MakeReplayOptions(files_, filter_, session);
  if (!options.ok()) return options.status();
  observe::TrafficSummary summary(Groups(by_));
  base::Nanos first = INT64_MAX;
  base::Nanos last = 0;
  replay::ReplayCounters counters;
  const Status done = replay::ReplayFiles(
      *options,
      [&](const replay::Record& record, const traffic::TrafficPair& pair) {
        if (pair.client == nullptr && pair.servers.empty()) return absl::OkStatus();
        summary.Add(pair, false);
        first = std::min(first, record.start);
        last = std::max(last, record.start);
        return absl::OkStatus();
      },
      &counters);
  SayCounters(*options, counters, session.console);
  if (!done.ok()) return done;
  const auto text = Table(summary.Render(last > first ? last - first : 0), session, rows_);
  return text.ok() ? session.console->Write(*text) : text.status();
}

Status TopCommand::Refresh(const Cluster& cluster, const std::string& path,
                           const std::vector<std::string>& taps, Session& session) {
  const bool screen = session.console->output_is_terminal() && !once_;
  const auto summary = cluster.client->GetRaw(path, {});
  if (!summary.ok()) return ExplainLive(summary.status(), cluster);
  // An older collector, or one that does not answer now, has no say in the figures themselves.
  const auto state = cluster.client->GetRaw(LivePath(cluster, "taps", false, {}), {});
  const std::string left_out = print::MissingText(*summary) +
                               (state.ok() ? print::LeftOutText(*state, taps) : std::string());
  const size_t taken = 3 + static_cast<size_t>(std::count(left_out.begin(), left_out.end(), '\n'));
  const size_t fits = session.console->rows() > taken ? session.console->rows() - taken : 0;
  auto text = Table(*summary, session, rows_ > 0 || !screen ? rows_ : fits);
  if (!text.ok()) return text.status();
  if (!screen) {
    TT_RETURN_IF_ERROR(session.console->Write(*text));
    if (!left_out.empty()) session.console->Say(left_out.substr(0, left_out.size() - 1));
    return absl::OkStatus();
  }
  *text += left_out;
  // In place and without a blank screen in between, which would flicker.
  std::string lines = kHome;
  for (const char c : *text)
    lines += c == '\n' ? kClearLine + std::string("\n") : std::string(1, c);
  return session.console->Write(lines + kClearBelow);
}

Status TopCommand::Live(Session& session) {
  auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  for (auto& name : taps_) name = TapKey(name, cluster->ns);
  if (!cluster->standalone) cluster->ns = SharedNamespace(taps_, cluster->ns);
  const auto taps = FindTaps(*cluster, taps_);
  if (!taps.ok()) return taps.status();
  std::vector<std::pair<std::string, std::string>> query;
  query.emplace_back("window", fmt::format("{}ms", window_ / base::kMillisecond));
  for (const auto& parameter : filter_.parameters) {
    query.emplace_back(parameter.name, parameter.value);
  }
  for (const auto& tap : *taps) query.emplace_back("tap", tap);
  if (Groups(by_) != observe::TrafficSummary::By::kNothing) query.emplace_back("by", by_);
  const std::string path = LivePath(*cluster, "summaries", false, query);
  if (once_ || !session.console->output_is_terminal()) {
    return Refresh(*cluster, path, *taps, session);
  }
  TT_RETURN_IF_ERROR(session.console->Write(kClear));
  while (!session.stop.stop_requested()) {
    TT_RETURN_IF_ERROR(Refresh(*cluster, path, *taps, session));
    base::WaitOnClock(interval_, session.stop);
  }
  return absl::CancelledError("interrupted");
}

Status TopCommand::Run(Session& session) {
  TT_RETURN_IF_ERROR(CheckCounted(filter_));
  return files_.paths.empty() ? Live(session) : OfFiles(session);
}

}  // namespace

std::unique_ptr<Command> MakeTopCommand() { return std::make_unique<TopCommand>(); }

}  // namespace traffictap::cli
