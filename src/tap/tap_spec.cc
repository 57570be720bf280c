// SPDX-License-Identifier: Apache-2.0
#include "tap/tap_spec.h"

#include <algorithm>

namespace traffictap::tap {

namespace {

constexpr const char* kTcp = "TCP";

bool NamesTcp(const MatchSpec& match) {
  const auto& protocols = match.protocols;
  return std::find(protocols.begin(), protocols.end(), kTcp) != protocols.end();
}

}  // namespace

bool WantsHttp(const TapSpec& spec) {
  const auto& protocols = spec.match.protocols;
  return protocols.empty() || std::any_of(protocols.begin(), protocols.end(),
                                          [](const auto& name) { return name != kTcp; });
}

bool WantsTcp(const TapSpec& spec) {
  if (!spec.match.protocols.empty()) return NamesTcp(spec.match);
  if (spec.of_file) return true;
  return std::any_of(spec.outputs.begin(), spec.outputs.end(),
                     [](const OutputSpec& output) { return NamesTcp(output.match); });
}

PeerAttach AttachOf(const TapSpec& spec) {
  if (spec.peers.attach) return *spec.peers.attach;
  return spec.cluster_scoped ? PeerAttach::kMesh : PeerAttach::kSameNamespace;
}

}  // namespace traffictap::tap
