// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/shell/yaml_text.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_options.h"
#include "cli/taps/tap_sections.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

using kube::Json;
using kube::Object;

class PlanCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  Status Plan(const Cluster& cluster, const TapRequest& request, const std::string& user,
              Session& session);
  std::string Text(const Object& planned) const;

  TapOptions tap_;
  std::string form_ = "table";
  std::string dry_run_;
};

CommandSpec PlanCommand::Describe() {
  CommandSpec spec;
  spec.name = "plan";
  spec.summary = "show what a tap would attach to, without attaching";
  spec.description =
      "Validates the TrafficTap that \"tap\" would create from the same arguments, then has the "
      "operator plan it: which proxies it would patch, with which objects, and which traffic would "
      "not be visible and why. This briefly creates a TrafficTap marked plan-only. With "
      "--dry-run=server nothing is created, and the operator does not plan.";
  AddTapOptions(&tap_, &spec);
  spec.options.push_back(ChoiceOption(
      "dry-run", 0, {"server"}, "only validate the TrafficTap and your permissions", &dry_run_));
  spec.options.push_back(
      ChoiceOption("output", 'o', {"table", "json", "yaml"}, "output format", &form_));
  spec.examples = {{"what tapping a workload would patch", "plan workload/checkout -n shop"}};
  return spec;
}

std::string PlanCommand::Text(const Object& planned) const {
  const Json* status = planned.Find("/status");
  const Json shown = status == nullptr ? Json::object() : *status;
  if (form_ == "json") return shown.dump(2) + "\n";
  if (form_ == "yaml") return YamlText(shown);
  const auto count = [&](const char* name) {
    const Json* value = planned.Find(std::string("/status/workloads/") + name);
    return value == nullptr ? std::string("?") : value->dump();
  };
  const TapCondition programmed = ConditionOf(planned, "Programmed");
  std::string out =
      fmt::format("workloads that match: {}; their pods: {}; proxies that can be tapped: {}\n",
                  count("matched"), count("pods"), count("proxies"));
  out += fmt::format("{}: {}\n", programmed.reason, programmed.message);
  const bool standing = planned.Text("/status/attachment") == "Standing";
  if (standing) out += "attachment: Standing; the tap changes nothing in the mesh\n";
  out += TargetSection(planned);
  out += ListSection(planned, "patches",
                     standing ? "Objects that attach the proxies permanently"
                              : "Objects that would be added or changed");
  return out + ListSection(planned, "notVisible", "Traffic that would not be visible");
}

Status PlanCommand::Plan(const Cluster& cluster, const TapRequest& request, const std::string& user,
                         Session& session) {
  kube::KubeClient& client = *cluster.client;
  const auto tap = CreateTap(client, request, PlanOnlyTap(request, user), /*dry_run=*/false);
  if (!tap.ok()) return tap.status();
  const TapGuard guard(&client, cli::ResourceOf(request), *tap, session.console);
  const auto planned = WaitForPlan(client, request, *tap, tap_.wait, session);
  if (!planned.ok()) return planned.status();
  TT_RETURN_IF_ERROR(session.console->Write(Text(*planned)));
  return WhyNeverReady(*planned);
}

Status PlanCommand::Run(Session& session) {
  const auto cluster = session.connect(tap_.cluster);
  if (!cluster.ok()) return cluster.status();
  const auto request = MakeTapRequest(tap_, *cluster);
  if (!request.ok()) return request.status();
  kube::KubeClient& client = *cluster->client;
  const auto user = CheckTap(client, *request);
  if (!user.ok()) return user.status();
  const auto valid = CreateTap(client, *request, TemporaryTap(*request, *user), /*dry_run=*/true);
  if (!valid.ok()) return valid.status();
  if (dry_run_.empty()) return Plan(*cluster, *request, *user, session);
  return session.console->Write("the TrafficTap is valid; nothing was created\n");
}

}  // namespace

std::unique_ptr<Command> MakePlanCommand() { return std::make_unique<PlanCommand>(); }

}  // namespace traffictap::cli
