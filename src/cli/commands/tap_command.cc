// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/records/show_records.h"
#include "cli/shell/yaml_text.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_options.h"
#include "cli/taps/tap_rows.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::cli {
namespace {

class TapCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  Status RunTap(const Cluster& cluster, const TapRequest& request, Session& session);
  Status Detach(const kube::Object& tap, Session& session) const;

  TapOptions tap_;
  OutputOptions output_;
  bool detach_ = false;
  bool print_cr_ = false;
  bool follow_ = false;  // what it does anyway
};

// Whoever names a workload may not expect that others are attached, or that they are not.
void TellOfPeers(const TapRequest& request, Session& session) {
  const auto& targets = request.choice.targets;
  if (targets.empty() || request.with_peers) return;
  if (request.attach_peers == tap::PeerAttach::kNone) {
    session.console->Say(
        "only the targets' side of each request is recorded unless another tap has the other end; "
        "--with-peers taps the whole namespace to see both sides");
    return;
  }
  session.console->Say(
      "records have both sides as soon as the workloads that the targets talk to are attached; "
      "--attach-peers none leaves these alone");
}

// A target that leads nowhere is no error as long as another one is recorded.
void TellOfLostTargets(const kube::Object& tap, Session& session) {
  const kube::Json* targets = tap.Find("/status/targets");
  if (targets == nullptr || !targets->is_array()) return;
  for (const kube::Json& value : *targets) {
    const kube::Object target(value);
    if (target.Text("/state") == "Attached") continue;
    session.console->Say(fmt::format("{}: {}: {}", TargetText(value), target.Text("/reason"),
                                     target.Text("/message")));
  }
}

CommandSpec TapCommand::Describe() {
  CommandSpec spec;
  spec.name = "tap";
  spec.summary = "show the traffic of workloads as it happens";
  spec.description =
      "Creates a temporary TrafficTap, waits until the proxies report, and shows each request as "
      "one record of both sides until Ctrl-C, --max or --duration. The TrafficTap is deleted on "
      "exit. If that fails, it expires after --duration and your next tap cleans it up.\n\n"
      "Without a TARGET the whole namespace is tapped, with -A the whole mesh. Progress goes to "
      "stderr, records to stdout.";
  AddTapOptions(&tap_, &spec);
  AddOutputOptions(&output_, &spec);
  spec.options.push_back(FlagOption("follow", 'f', "keep streaming (default)", &follow_));
  spec.options.push_back(FlagOption(
      "detach", 0, "print the tap's name and exit; the tap runs for its duration", &detach_));
  spec.options.push_back(
      FlagOption("print-cr", 0, "print the TrafficTap as YAML without creating it", &print_cr_));
  spec.examples = {
      {"requests to and from the pods behind a Service", "tap svc/catalog -n shop"},
      {"the pods with some labels", "tap -n shop -l 'app=cart,version in (v1,v2)'"},
      {"failures of one workload", "tap workload/checkout --response-code 500,599"},
      {"both sides of the requests that cart receives", "tap cart -n shop --direction in"},
      {"requests that cart sends, except health checks",
       "tap cart -n shop --direction out --not --path /healthz"},
      {"the next ten slow requests, for jq", "tap ns/shop --min-duration 1s --max 10 -o json"},
  };
  return spec;
}

Status TapCommand::Detach(const kube::Object& tap, Session& session) const {
  session.console->Say(fmt::format(
      "tap {} runs for {}; see it with: kubectl traffictap attach {}; end it with: kubectl "
      "traffictap stop {}",
      tap.key().ToString(), tap::FormatDuration(tap_.duration), tap.key().ToString(),
      tap.key().ToString()));
  return session.console->Write(tap.name() + "\n");
}

Status PrintObject(const TapRequest& request, Session& session) {
  for (const auto& [name, value] : StreamQuery(request)) {
    session.console->Say(fmt::format(
        "not in the TrafficTap, which has no field for it: {}={}; pass it to attach", name, value));
  }
  return session.console->Write(YamlText(TemporaryTap(request, "").value()));
}

Status TapCommand::RunTap(const Cluster& cluster, const TapRequest& request, Session& session) {
  kube::KubeClient& client = *cluster.client;
  const auto user = CheckTap(client, request);
  if (!user.ok()) return user.status();
  TT_RETURN_IF_ERROR(CheckLive(cluster));
  RemoveEnded(client, request, *user);
  const auto tap = CreateTap(client, request, TemporaryTap(request, *user), /*dry_run=*/false);
  if (!tap.ok()) return tap.status();
  TapGuard guard(&client, ResourceOf(request), *tap, session.console);
  const auto ready = WaitForReady(client, request, *tap, tap_.wait, session);
  if (!ready.ok()) return ready.status();
  TellOfLostTargets(*ready, session);
  if (detach_) {
    guard.Keep();
    return Detach(*tap, session);
  }
  session.console->Say(fmt::format("tap {} records: {}", tap->key().ToString(),
                                   ConditionOf(*ready, "Ready").message));
  TellOfPeers(request, session);
  RecordStreamOptions stream;
  stream.query = StreamQuery(request);
  stream.query.emplace_back("tap", tap->key().ToString());
  stream.still_in_force = [&] { return IsInForce(client, tap->key()); };
  return ShowRecords(cluster, stream, output_, session);
}

Status TapCommand::Run(Session& session) {
  auto cluster = session.connect(tap_.cluster);
  if (!cluster.ok()) return cluster.status();
  const auto request = MakeTapRequest(tap_, *cluster);
  if (!request.ok()) return request.status();
  if (print_cr_) return PrintObject(*request, session);
  // The stream is read where the tap is.
  cluster->ns = request->choice.ns;
  return RunTap(*cluster, *request, session);
}

}  // namespace

std::unique_ptr<Command> MakeTapCommand() { return std::make_unique<TapCommand>(); }

}  // namespace traffictap::cli
