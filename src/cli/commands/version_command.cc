// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/print/visible_text.h"
#include "cli/records/cluster.h"
#include "cli/records/missing_notice.h"
#include "cli/shell/yaml_text.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

using kube::Json;

// Who asks for a version may do so because the cluster is not well.
constexpr base::Nanos kPatience = 5 * base::kSecond;
constexpr char kOwn[] = TRAFFICTAP_VERSION;
constexpr auto kReplace = Json::error_handler_t::replace;

// Of what runs in the cluster; empty: not known.
struct Served {
  std::string collector;
  std::string operator_version;
  std::string missing;  // of several collectors: whose version is not known
};

class VersionCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  StatusOr<Served> Ask(Session& session) const;
  std::string Text(const Served& served, bool asked) const;

  ClusterOptions cluster_;
  std::string form_ = "table";
  bool client_ = false;
};

CommandSpec VersionCommand::Describe() {
  CommandSpec spec;
  spec.name = "version";
  spec.summary = "print the versions of this program, the collector and the operator";
  spec.description =
      "Prints the version of this program and, if a cluster answers, those of its collector and "
      "its "
      "operator. Warns if they do not fit together, or if some of several collectors do not "
      "answer. Needs no permission beyond those of every "
      "authenticated user.";
  AddClusterOptions(AllNamespaces::kNotOffered, Standalone::kOffered, &cluster_, &spec);
  spec.options.push_back(FlagOption("client", 0, "print only this program's version", &client_));
  spec.options.push_back(
      ChoiceOption("output", 'o', {"table", "json", "yaml"}, "output format", &form_));
  return spec;
}

StatusOr<Served> VersionCommand::Ask(Session& session) const {
  const auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  kube::CallOptions options;
  options.timeout = kPatience;
  const bool alone = cluster->standalone;
  const auto body = cluster->client->GetRaw(
      alone ? LivePath(*cluster, "taps", false, {}) : std::string(kLiveGroup), options);
  if (!body.ok()) return ExplainLive(body.status(), *cluster);
  const kube::Object answer(Json::parse(*body, nullptr, false));
  const Json* told = alone ? &answer.value() : answer.Find("/trafficTap");
  const std::string missing =
      told == nullptr ? "" : MissingOf(told->dump(-1, ' ', false, kReplace), "versions");
  if (alone) return Served{answer.Text("/collector/version"), "", missing};
  return Served{answer.Text("/trafficTap/collectorVersion"),
                answer.Text("/trafficTap/operatorVersion"), missing};
}

// "0.1" of "0.1.2".
std::string MinorOf(const std::string& version) {
  return version.substr(0, version.find('.', version.find('.') + 1));
}

void WarnOfSkew(const Served& served, Console* console) {
  if (!served.missing.empty()) console->Say("warning: " + served.missing);
  if (!served.collector.empty() && MinorOf(served.collector) != MinorOf(kOwn)) {
    console->Say(fmt::format(
        "warning: this program is {} and the collector {}: use a kubectl-traffictap of the "
        "collector's minor version",
        kOwn, print::VisibleText(served.collector)));
  }
  if (served.collector.empty() || served.operator_version.empty()) return;
  if (served.collector != served.operator_version) {
    console->Say(fmt::format(
        "warning: the operator is {} and the collector {}: an upgrade is not finished",
        print::VisibleText(served.operator_version), print::VisibleText(served.collector)));
  }
}

std::string VersionCommand::Text(const Served& served, bool asked) const {
  if (form_ != "table") {
    Json out = {{"client", kOwn}};
    if (!served.collector.empty()) out["collector"] = served.collector;
    if (!served.operator_version.empty()) out["operator"] = served.operator_version;
    return form_ == "json" ? out.dump(2, ' ', false, kReplace) + "\n" : YamlText(out);
  }
  const auto row = [](const char* program, const std::string& version) {
    return fmt::format("{:<18} {}\n", program,
                       version.empty() ? "unknown" : print::VisibleText(version));
  };
  std::string out = row("kubectl-traffictap", kOwn);
  if (asked) out += row("collector", served.collector);
  if (asked && cluster_.collector.empty()) out += row("operator", served.operator_version);
  return out;
}

Status VersionCommand::Run(Session& session) {
  if (client_ || !session.connect) return session.console->Write(Text({}, /*asked=*/false));
  const auto served = Ask(session);
  // Its own version is worth printing wherever it runs.
  TT_RETURN_IF_ERROR(session.console->Write(Text(served.value_or(Served{}), served.ok())));
  if (served.ok()) {
    WarnOfSkew(*served, session.console);
  } else {
    session.console->Say(
        fmt::format("the cluster's versions are not known: {}", Message(served.status())));
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Command> MakeVersionCommand() { return std::make_unique<VersionCommand>(); }

}  // namespace traffictap::cli
