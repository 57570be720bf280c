// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/shell/yaml_text.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_names.h"
#include "cli/taps/tap_sections.h"

namespace traffictap::cli {
namespace {

using kube::Json;
using kube::Object;

class StatusCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  std::string Text(const Object& tap) const;

  ClusterOptions cluster_;
  std::vector<std::string> names_;
  std::string form_ = "table";
};

CommandSpec StatusCommand::Describe() {
  CommandSpec spec;
  spec.name = "status";
  spec.summary = "show what became of taps and of each of their targets";
  spec.description =
      "Shows, for each TrafficTap that is named, whether it is recording, how much of each target "
      "is attached, how many records have which verdict, which traffic is not visible, why, and "
      "what to do about it.";
  spec.arguments = {TapArgument(/*required=*/true, &names_)};
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kNotOffered, &cluster_, &spec);
  spec.options.push_back(
      ChoiceOption("output", 'o', {"table", "json", "yaml"}, "output format", &form_));
  spec.examples = {{"why a tap sees less than expected", "status errors -n shop"}};
  return spec;
}

std::string StatusCommand::Text(const Object& tap) const {
  const Json* status = tap.Find("/status");
  const Json shown = status == nullptr ? Json::object() : *status;
  if (form_ == "json") return shown.dump(2) + "\n";
  if (form_ == "yaml") return YamlText(shown);
  const TapCondition ready = ConditionOf(tap, "Ready");
  std::string out = tap.key().ToString() + ": ";
  if (ready.status.empty()) return out + "the operator has not looked at it yet\n";
  out += ready.reason + ": " + ready.message + "\n";
  const std::string drains = tap.Text("/status/drains");
  if (!drains.empty()) out += "when it starts, and when it ends, " + drains + "\n";
  return out + TargetSection(tap) + PeerSection(tap) + VerdictSection(tap) + ConditionSection(tap) +
         ListSection(tap, "notVisible", "Traffic that is not visible") +
         ListSection(tap, "patches", "Objects that attach its proxies");
}

Status StatusCommand::Run(Session& session) {
  const auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  const auto keys = FindTaps(*cluster, names_);
  if (!keys.ok()) return keys.status();
  for (const auto& key : *keys) {
    const kube::ObjectKey at = KeyOf(key);
    const auto tap = cluster->client->Get(ResourceOf(at), at, {});
    if (!tap.ok()) return ExplainTaps(tap.status());
    TT_RETURN_IF_ERROR(session.console->Write(Text(*tap)));
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Command> MakeStatusCommand() { return std::make_unique<StatusCommand>(); }

}  // namespace traffictap::cli
