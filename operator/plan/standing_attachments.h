// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/plan/mesh_index.h"
#include "operator/plan/selection.h"
#include "operator/plan/wanted_headers.h"

namespace traffictap::plan {

// On a Namespace, by its administrator: "Standing" or "OnDemand". It goes before the installation's
// selector.
inline constexpr const char* kAttachmentLabel = "traffictap.io/attachment";
// Its annotations: names of headers, separated by commas. They take the place of the installation's lists.
inline constexpr const char* kStandingRequestHeaders = "traffictap.io/standing-request-headers";
inline constexpr const char* kStandingResponseHeaders = "traffictap.io/standing-response-headers";
// How often its proxies tell of open streams: "10s", or "0s" for never. Goes before the installation's.
inline constexpr const char* kStandingOpenStreams = "traffictap.io/standing-open-streams";

// A namespace whose proxies are attached whether a tap wants them or not.
struct StandingAttachment {
  Selection selection;  // all its workloads but ours
  HeaderSets headers;
};

// By namespace. What a namespace says wrongly is left out and told in `faults`, sorted, with the namespace
// as their subject.
std::map<std::string, StandingAttachment> StandingAttachments(const MeshIndex& index,
                                                              std::vector<Note>* faults);

}  // namespace traffictap::plan
