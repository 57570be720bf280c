// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_options.h"

#include <charconv>

#include "base/rfc3339.h"
#include "cli/taps/read_selector.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::cli {
namespace {

// As the API has it for limits.duration and capture.openStreams.
constexpr base::Nanos kDurationMin = base::kSecond;

Argument TargetArgument(TapOptions* out) {
  Argument target;
  target.name = "TARGET";
  target.help =
      "svc/NAME, deployment/NAME (statefulset, daemonset, replicaset, job, cronjob, rollout, "
      "deploymentconfig), workload/NAME of any kind, pod/NAME, gateway/NAME, namespace/NAME (ns), "
      "or a workload's name alone";
  target.repeats = true;
  target.completes = Completes::kTargets;
  target.take = [out](const std::string& word) {
    auto read = ParseTarget(word);
    if (read.ok()) out->targets.push_back(*std::move(read));
    return read.status();
  };
  return target;
}

Option SelectorOption(TapOptions* out) {
  Option option;
  option.name = "selector";
  option.letter = 'l';
  option.value = "SELECTOR";
  option.help = "tap the pods with these labels, such as app=cart,version in (v1,v2)";
  option.take = [out](const std::string& text) {
    auto read = ReadSelector(text);
    if (!read.ok()) return read.status();
    out->selectors.insert(out->selectors.end(), read->begin(), read->end());
    return absl::OkStatus();
  };
  return option;
}

bool IsWholeWorkload(tap::TargetKind kind) {
  switch (kind) {
    case tap::TargetKind::kWorkload:
    case tap::TargetKind::kDeployment:
    case tap::TargetKind::kStatefulSet:
    case tap::TargetKind::kDaemonSet:
    case tap::TargetKind::kCronJob:
    case tap::TargetKind::kRollout:
    case tap::TargetKind::kDeploymentConfig: return true;
    default: return false;
  }
}

Option LimitOption(TapOptions* out) {
  return BoundedDurationOption(
      "duration", "stop the tap after this time, even if the command dies (default: 10m)",
      kDurationMin, INT64_MAX, &out->duration);
}

Option OpenStreamsOption(TapOptions* out) {
  return BoundedDurationOption(
      "open-streams",
      "also record connections and streams that have not ended, this often, such as 10s",
      kDurationMin, tap::kOpenStreamsMax, &out->open_streams);
}

// 0.1 or 10%. None at all would be no tap.
Status TakeSample(const std::string& text, double* out) {
  const bool percent = text.ends_with('%');
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  double number = 0;
  const auto read = std::from_chars(text.data(), end, number);
  if (percent) number /= 100;
  if (read.ec != std::errc() || read.ptr != end || !(number > 0 && number <= 1)) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" must be a share above 0 and at most 1, such as 0.1 or 10%", text));
  }
  *out = number;
  return absl::OkStatus();
}

Option SampleOption(TapOptions* out) {
  return {"sample", 0, "SHARE",
          "record only this share of the requests, such as 0.1 or 10%; figures count each record "
          "as the requests that it stands for",
          [out](const std::string& text) { return TakeSample(text, &out->sample); }};
}

std::optional<tap::PeerAttach> AttachOf(const std::string& word) {
  if (word == "same-namespace") return tap::PeerAttach::kSameNamespace;
  if (word == "mesh") return tap::PeerAttach::kMesh;
  if (word == "none") return tap::PeerAttach::kNone;
  return std::nullopt;
}

Status CheckWithPeers(const TargetChoice& choice) {
  for (const auto& target : choice.targets) {
    if (IsWholeWorkload(target.kind)) continue;
    return absl::InvalidArgumentError(
        "--with-peers needs whole workloads as targets: it cannot tell a pod, a ReplicaSet or a "
        "gateway from the rest of its workload");
  }
  if (!choice.targets.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("--with-peers needs a workload as its target");
}

}  // namespace

void AddTapOptions(TapOptions* out, CommandSpec* spec) {
  spec->arguments = {TargetArgument(out)};
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kNotOffered, &out->cluster, spec);
  AddFilterOptions(&out->filter, spec);
  spec->options.push_back(SelectorOption(out));
  spec->options.push_back(LimitOption(out));
  spec->options.push_back(DurationOption(
      "wait", "how long to wait for the operator and the proxies (default: 1m)", &out->wait));
  spec->options.push_back(OpenStreamsOption(out));
  spec->options.push_back(SampleOption(out));
  spec->options.push_back(FlagOption("keep-query", 0,
                                     "keep query values instead of replacing them with REDACTED",
                                     &out->keep_query));
  spec->options.push_back(FlagOption("with-peers", 0,
                                     "tap the whole namespace to see both sides; show only the "
                                     "targets' requests",
                                     &out->with_peers));
  spec->options.push_back(ChoiceOption(
      "attach-peers", 0, {"same-namespace", "mesh", "none"},
      "which workloads that the targets talk to are attached too, so that records have both sides; "
      "unless they are attached permanently, their connections drain (default: same-namespace; "
      "with "
      "--all-namespaces: mesh)",
      &out->attach_peers));
}

StatusOr<TapRequest> MakeTapRequest(const TapOptions& options, const Cluster& cluster) {
  if (!options.targets.empty() && !options.selectors.empty()) {
    return absl::InvalidArgumentError(
        "--selector says which pods: leave out either it or the TARGETs");
  }
  std::vector<TargetName> targets = options.targets;
  for (const auto& labels : options.selectors) {
    targets.push_back({tap::TargetKind::kPod, "", labels});
  }
  auto choice = ChooseTargets(targets, cluster.ns, !options.cluster.ns.empty());
  if (!choice.ok()) return choice.status();
  if (options.with_peers) TT_RETURN_IF_ERROR(CheckWithPeers(*choice));
  return TapRequest{*std::move(choice),
                    options.filter,
                    options.duration,
                    options.open_streams,
                    options.keep_query,
                    options.with_peers,
                    AttachOf(options.attach_peers),
                    options.sample};
}

Option SinceOption(std::string help, std::string* out) {
  Option option = TextOption("since", 0, "TIME", std::move(help), out);
  option.take = [out](const std::string& text) {
    *out = text;
    if (tap::ParseDuration(text).ok() || base::ParseRfc3339(text)) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" must be a duration such as 30s or a time such as 2026-01-31T12:00:00Z", text));
  };
  return option;
}

}  // namespace traffictap::cli
