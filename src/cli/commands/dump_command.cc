// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/records/missing_notice.h"
#include "cli/taps/tap_names.h"
#include "fmt/format.h"
#include "tap/recorder_spec.h"
#include "tap/values.h"

namespace traffictap::cli {
namespace {

constexpr base::Nanos kOwn = -1;  // the recorder's

class DumpCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  kube::Object MakeDump(const kube::ObjectKey& tap) const;
  Status Dump(const Cluster& cluster, const std::string& name, Session& session) const;

  ClusterOptions cluster_;
  std::vector<std::string> names_;
  base::Nanos before_ = kOwn;
  base::Nanos after_ = kOwn;
};

CommandSpec DumpCommand::Describe() {
  CommandSpec spec;
  spec.name = "dump";
  spec.summary = "write what a tap's recorder holds";
  spec.description =
      "Asks the recorders of taps (spec.recorder) to give what they hold to the taps' outputs: "
      "what "
      "came before, and what comes until the time after is over. \"status\" shows what became of "
      "it.";
  spec.arguments = {TapArgument(/*required=*/true, &names_)};
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kNotOffered, &cluster_, &spec);
  spec.options.push_back(BoundedDurationOption(
      "before", "how much of what came before, from 1s to 1h (default: spec.recorder.before)",
      tap::kRecorderTimeMin, tap::kRecorderTimeMax, &before_));
  spec.options.push_back(BoundedDurationOption(
      "after", "how long to continue, from 1s to 1h (default: spec.recorder.after)",
      tap::kRecorderTimeMin, tap::kRecorderTimeMax, &after_));
  spec.examples = {{"the last five minutes", "dump checkout -n shop --before 5m"},
                   {"a ClusterTrafficTap", "dump mesh -A"}};
  return spec;
}

kube::Object DumpCommand::MakeDump(const kube::ObjectKey& tap) const {
  kube::Json spec = {{"tap", tap.name}};
  if (before_ != kOwn) spec["before"] = tap::FormatDuration(before_);
  if (after_ != kOwn) spec["after"] = tap::FormatDuration(after_);
  kube::Json metadata = {{"name", tap.name}};
  if (!tap.ns.empty()) metadata["namespace"] = tap.ns;
  return kube::Object({{"apiVersion", kube::kDumps.ApiVersion()},
                       {"kind", kube::kDumps.kind},
                       {"metadata", std::move(metadata)},
                       {"spec", std::move(spec)}});
}

// A failure in the words of what to do about it.
Status Explain(const Status& status, const Cluster& cluster, const kube::ObjectKey& tap) {
  const auto error = kube::ApiErrorOf(status);
  if (!error || error->code != 403) return ExplainLive(status, cluster);
  return absl::PermissionDeniedError(fmt::format(
      "{}; a dump {} needs the verb create on dumps.tap.traffictap.io: ask for the ClusterRole {}",
      error->message, tap.ns.empty() ? "of a ClusterTrafficTap" : "in namespace " + tap.ns,
      tap.ns.empty() ? "traffictap-admin" : "traffictap-tapper"));
}

Status DumpCommand::Dump(const Cluster& cluster, const std::string& name, Session& session) const {
  const kube::ObjectKey tap = KeyOf(TapKey(name, cluster.ns));
  const auto done = cluster.client->Create(kube::kDumps, MakeDump(tap), {});
  if (!done.ok()) return Explain(done.status(), cluster, tap);
  // Of several collectors: each has a part of what the recorder holds.
  MissingNotice(session.console).Tell(done->value().dump());
  return session.console->Write(fmt::format("dump of {} asked for\n", tap.ToString()));
}

Status DumpCommand::Run(Session& session) {
  const auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  for (const auto& name : names_) TT_RETURN_IF_ERROR(Dump(*cluster, name, session));
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Command> MakeDumpCommand() { return std::make_unique<DumpCommand>(); }

}  // namespace traffictap::cli
