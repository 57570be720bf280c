// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/rfc3339.h"
#include "cli/commands/commands.h"
#include "cli/records/missing_notice.h"
#include "cli/shell/text_table.h"
#include "cli/shell/yaml_text.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_rows.h"

namespace traffictap::cli {
namespace {

using kube::Json;

class ListCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  StatusOr<Json> Read(const Cluster& cluster, Console* console) const;
  std::string Text(const Json& taps, bool standalone, base::Nanos now) const;

  ClusterOptions cluster_;
  std::string form_ = "table";
  bool no_headers_ = false;
};

CommandSpec ListCommand::Describe() {
  CommandSpec spec;
  spec.name = "list";
  spec.summary = "list taps and what they recorded and lost";
  spec.description =
      "Lists TrafficTaps, and ClusterTrafficTaps with -A: whether they are recording, how many "
      "proxies report, how many records were written, and how many were lost before pairing (LOST) "
      "or in outputs (DROPPED).";
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.options.push_back(ChoiceOption("output", 'o', {"table", "wide", "json", "yaml", "name"},
                                      "output format; wide adds the reason", &form_));
  spec.options.push_back(FlagOption("no-headers", 0, "omit the header line", &no_headers_));
  return spec;
}

StatusOr<Json> ListCommand::Read(const Cluster& cluster, Console* console) const {
  if (cluster.standalone) {
    const auto body = cluster.client->GetRaw(LivePath(cluster, "taps", false, {}), {});
    if (!body.ok()) return ExplainLive(body.status(), cluster);
    MissingNotice(console).Tell(*body);
    const kube::Object answer(Json::parse(*body, nullptr, false));
    const Json* taps = answer.Find("/taps");
    return taps == nullptr ? Json::array() : *taps;
  }
  Json out = Json::array();
  const auto add = [&](const kube::Object& tap) { out.push_back(tap.value()); };
  kube::ListOptions options;
  options.ns = cluster.ns;
  const auto listed = cluster.client->List(kube::kTrafficTaps, options, add);
  if (!listed.ok()) return ExplainTaps(listed.status());
  if (cluster.ns.empty()) (void)cluster.client->List(kube::kClusterTrafficTaps, {}, add);
  return out;
}

std::string ListCommand::Text(const Json& taps, bool standalone, base::Nanos now) const {
  if (form_ == "json") return taps.dump(2) + "\n";
  if (form_ == "yaml") return YamlText(taps);
  if (form_ == "name") {
    std::string out;
    for (const Json& tap : taps) out += TapName(tap, standalone) + "\n";
    return out;
  }
  std::vector<std::vector<std::string>> rows;
  if (!no_headers_) rows.push_back(TapHeadings(standalone, form_ == "wide"));
  for (const Json& tap : taps) rows.push_back(TapRow(tap, standalone, form_ == "wide", now));
  return TextTable(rows);
}

Status ListCommand::Run(Session& session) {
  const auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  const auto taps = Read(*cluster, session.console);
  if (!taps.ok()) return taps.status();
  if (taps->empty()) {
    session.console->Say(cluster->ns.empty() ? "no taps" : "no taps in namespace " + cluster->ns);
    if (form_ == "table" || form_ == "wide") return absl::OkStatus();
  }
  return session.console->Write(Text(*taps, cluster->standalone, session.clock->Wall()));
}

}  // namespace

std::unique_ptr<Command> MakeListCommand() { return std::make_unique<ListCommand>(); }

}  // namespace traffictap::cli
