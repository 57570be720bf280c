// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/records/filter_options.h"
#include "cli/records/show_records.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_names.h"
#include "cli/taps/tap_options.h"

namespace traffictap::cli {
namespace {

class AttachCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  ClusterOptions cluster_;
  std::vector<std::string> names_;
  FilterOptions filter_;
  OutputOptions output_;
  std::string since_;
  uint64_t last_ = 0;    // 0: not asked for
  bool follow_ = false;  // what it does anyway
  bool no_follow_ = false;
};

CommandSpec AttachCommand::Describe() {
  CommandSpec spec;
  spec.name = "attach";
  spec.summary = "show the records of running taps";
  spec.description =
      "Shows new records of one or more TrafficTaps, or of all in the namespace, until Ctrl-C. "
      "With "
      "--since or --last, also earlier records that the collector still holds. The taps keep "
      "running.";
  spec.arguments = {TapArgument(/*required=*/false, &names_)};
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  AddFilterOptions(&filter_, &spec);
  AddOutputOptions(&output_, &spec);
  spec.options.push_back(
      SinceOption("start with records from this time: 5m ago, or 2026-01-31T12:00:00Z", &since_));
  spec.options.push_back(
      CountOption("last", "start with the newest COUNT records that the collector holds", &last_));
  spec.options.push_back(FlagOption("follow", 'f', "keep streaming (default)", &follow_));
  spec.options.push_back(FlagOption(
      "no-follow", 0, "exit after the records that the collector holds, or those from --since",
      &no_follow_));
  spec.examples = {
      {"the records of a detached tap", "attach tap-checkout-x7k2q -n shop"},
      {"failures of the last five minutes, as CSV",
       "attach --since 5m --no-follow --response-code 5xx -o csv"},
      {"the newest twenty, and then what comes", "attach errors --last 20"},
      {"a collector without Kubernetes",
       "attach --collector http://127.0.0.1:9090 --token-file ~/.tap-token"},
  };
  return spec;
}

// Where none is named: of all in the namespace.
bool IsAnyInForce(const Cluster& cluster, const std::vector<std::string>& taps) {
  if (!taps.empty()) {
    return std::any_of(taps.begin(), taps.end(), [&](const std::string& tap) {
      return IsInForce(*cluster.client, KeyOf(tap));
    });
  }
  bool any = false;
  kube::ListOptions options;
  options.ns = cluster.ns;
  const auto look = [&](const kube::Object& tap) { any = any || IsInForce(tap); };
  const auto listed = cluster.client->List(kube::kTrafficTaps, options, look);
  if (cluster.ns.empty()) (void)cluster.client->List(kube::kClusterTrafficTaps, {}, look);
  return any || !listed.ok();
}

Status AttachCommand::Run(Session& session) {
  auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  RecordStreamOptions stream;
  stream.follow = !no_follow_;
  for (const auto& parameter : filter_.parameters) {
    stream.query.emplace_back(parameter.name, parameter.value);
  }
  for (auto& name : names_) name = TapKey(name, cluster->ns);
  if (!cluster->standalone) cluster->ns = SharedNamespace(names_, cluster->ns);
  const auto taps = FindTaps(*cluster, names_);
  if (!taps.ok()) return taps.status();
  for (const auto& tap : *taps) stream.query.emplace_back("tap", tap);
  if (!since_.empty() || (stream.follow && last_ == 0)) {
    stream.query.emplace_back("since", since_.empty() ? "0s" : since_);
  }
  if (!cluster->standalone && stream.follow) {
    stream.still_in_force = [&] { return IsAnyInForce(*cluster, *taps); };
  }
  return ShowRecords(*cluster, stream, output_, session, last_);
}

}  // namespace

std::unique_ptr<Command> MakeAttachCommand() { return std::make_unique<AttachCommand>(); }

}  // namespace traffictap::cli
