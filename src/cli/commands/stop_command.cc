// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_names.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

using kube::Object;

class StopCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  StatusOr<std::vector<Object>> Mine(const Cluster& cluster) const;
  StatusOr<std::vector<Object>> Named(const Cluster& cluster) const;
  Status Stop(const Cluster& cluster, const Object& tap, Session& session) const;

  ClusterOptions cluster_;
  std::vector<std::string> names_;
  bool all_mine_ = false;
};

CommandSpec StopCommand::Describe() {
  CommandSpec spec;
  spec.name = "stop";
  spec.summary = "delete taps that \"tap\" started";
  spec.description =
      "Deletes taps that this command line tool created. Taps applied from manifests are left "
      "alone.";
  spec.arguments = {TapArgument(/*required=*/false, &names_)};
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kNotOffered, &cluster_, &spec);
  spec.options.push_back(
      FlagOption("all-mine", 0, "all taps that you started in the namespace, or everywhere with -A",
                 &all_mine_));
  spec.examples = {{"one tap", "stop tap-checkout-x7k2q -n shop"},
                   {"all of yours", "stop --all-mine -A"}};
  return spec;
}

StatusOr<std::vector<Object>> StopCommand::Mine(const Cluster& cluster) const {
  const auto user = CurrentUser(*cluster.client);
  if (!user.ok()) return user.status();
  if (user->empty()) {
    return absl::FailedPreconditionError(
        "the API server cannot say who you are (that needs Kubernetes 1.28): name the taps");
  }
  std::vector<Object> out;
  const auto add = [&](Object tap) {
    if (tap.annotation(kUserAnnotation) == *user) out.push_back(std::move(tap));
  };
  kube::ListOptions options;
  options.ns = cluster.ns;
  options.label_selector = fmt::format("{}=true", kTemporaryLabel);
  const auto listed = cluster.client->List(kube::kTrafficTaps, options, add);
  if (!listed.ok()) return ExplainTaps(listed.status());
  // Who may not list these has none of them.
  if (cluster.ns.empty()) (void)cluster.client->List(kube::kClusterTrafficTaps, options, add);
  return out;
}

StatusOr<std::vector<Object>> StopCommand::Named(const Cluster& cluster) const {
  std::vector<Object> out;
  for (const auto& name : names_) {
    const std::string key = TapKey(name, cluster.ns);
    const kube::ObjectKey at = KeyOf(key);
    auto tap = cluster.client->Get(ResourceOf(at), at, {});
    if (absl::IsNotFound(tap.status())) {
      return absl::NotFoundError(
          fmt::format("no tap \"{}\"; see: kubectl traffictap list -A", key));
    }
    if (!tap.ok()) return ExplainTaps(tap.status());
    if (tap->label(kTemporaryLabel) != "true") {
      return absl::InvalidArgumentError(fmt::format(
          "tap \"{}\" was not created by this tool: delete it with kubectl, or remove its "
          "manifest",
          key));
    }
    out.push_back(*std::move(tap));
  }
  return out;
}

Status StopCommand::Stop(const Cluster& cluster, const Object& tap, Session& session) const {
  const Status done = cluster.client->Delete(ResourceOf(tap.key()), tap.key(), {.uid = tap.uid()});
  if (!done.ok() && !absl::IsNotFound(done)) return ExplainTaps(done);
  return session.console->Write(fmt::format("{} stopped\n", tap.key().ToString()));
}

Status StopCommand::Run(Session& session) {
  if (names_.empty() != all_mine_) {
    return absl::InvalidArgumentError("name the taps, or pass --all-mine");
  }
  const auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  const auto taps = all_mine_ ? Mine(*cluster) : Named(*cluster);
  if (!taps.ok()) return taps.status();
  if (taps->empty()) session.console->Say("you have no running taps");
  for (const auto& tap : *taps) TT_RETURN_IF_ERROR(Stop(*cluster, tap, session));
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Command> MakeStopCommand() { return std::make_unique<StopCommand>(); }

}  // namespace traffictap::cli
