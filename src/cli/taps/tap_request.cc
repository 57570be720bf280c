// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_request.h"

#include "tap/write_tap.h"

namespace traffictap::cli {
namespace {

// Names are at most 63 bytes; the server adds five.
constexpr size_t kPrefixBytesMax = 50;

// How often open streams are reported where --state asks for them and --open-streams does not say.
constexpr base::Nanos kOpenStreams = 10 * base::kSecond;

std::string NamePrefix(const TapRequest& request) {
  std::string out = "tap";
  if (request.choice.targets.size() == 1 && !request.choice.targets[0].name.empty()) {
    out += "-" + request.choice.targets[0].name;
  }
  for (char& c : out) {
    if (c == '.') c = '-';
  }
  return out.substr(0, kPrefixBytesMax) + "-";
}

std::vector<tap::Target> TargetsOf(const TapRequest& request) {
  std::vector<tap::Target> out;
  if (request.with_peers) return out;
  for (const auto& target : request.choice.targets) {
    out.push_back({target.kind, target.name, target.selector});
  }
  for (const auto& ns : request.choice.namespaces) {
    out.push_back({tap::TargetKind::kNamespace, ns, {}});
  }
  return out;
}

// Which end of a record a target has to be: with every proxy tapped, the tap's own direction would
// hide one side of each request.
const char* EndParameter(tap::Direction direction) {
  switch (direction) {
    case tap::Direction::kInbound: return "destination";
    case tap::Direction::kOutbound: return "source";
    case tap::Direction::kBoth: break;
  }
  return "workload";
}

}  // namespace

bool IsClusterWide(const TapRequest& request) { return request.choice.ns.empty(); }

const kube::Resource& ResourceOf(const TapRequest& request) {
  return IsClusterWide(request) ? kube::kClusterTrafficTaps : kube::kTrafficTaps;
}

kube::Object TemporaryTap(const TapRequest& request, const std::string& user) {
  SplitFilter filter = SplitForTap(request.filter);
  tap::TapSpec spec;
  spec.cluster_scoped = IsClusterWide(request);
  spec.ns = request.choice.ns;
  spec.targets = TargetsOf(request);
  if (!request.with_peers) spec.direction = filter.direction;
  spec.peers.attach = request.attach_peers;
  spec.match = std::move(filter.match);
  spec.capture.request_headers = std::move(filter.capture_request_headers);
  if (request.open_streams > 0) {
    spec.capture.open_streams = request.open_streams;
  } else if (AsksForOpen(request.filter)) {
    spec.capture.open_streams = kOpenStreams;
  }
  spec.sampling.ratio = request.sample;
  spec.limits.duration = request.duration;
  if (request.keep_query) spec.redaction.query_values = tap::QueryValues::kKeep;
  // What WriteTap writes is JSON.
  kube::Object object = *kube::Object::Parse(tap::WriteTap(spec));
  auto& metadata = object.value()["metadata"];
  metadata.erase("name");
  metadata["generateName"] = NamePrefix(request);
  metadata["labels"] = {{kTemporaryLabel, "true"},
                        {"app.kubernetes.io/managed-by", "kubectl-traffictap"}};
  if (!user.empty()) metadata["annotations"] = {{kUserAnnotation, user}};
  return object;
}

kube::Object PlanOnlyTap(const TapRequest& request, const std::string& user) {
  kube::Object object = TemporaryTap(request, user);
  object.value()["metadata"]["annotations"]["traffictap.io/plan-only"] = "true";
  return object;
}

std::vector<std::pair<std::string, std::string>> StreamQuery(const TapRequest& request) {
  std::vector<std::pair<std::string, std::string>> out;
  const SplitFilter filter = SplitForTap(request.filter);
  for (const auto& parameter : filter.rest) out.emplace_back(parameter.name, parameter.value);
  if (!request.with_peers) return out;
  for (const auto& target : request.choice.targets) {
    out.emplace_back(EndParameter(filter.direction), request.choice.ns + "/" + target.name);
  }
  return out;
}

}  // namespace traffictap::cli
