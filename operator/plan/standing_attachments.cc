// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/standing_attachments.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::plan {
namespace {

constexpr const char* kFault = "AttachmentInvalid";

bool IsStanding(const Namespace& ns, const MeshSettings& mesh, std::vector<Note>* faults) {
  const auto label = ns.labels.find(kAttachmentLabel);
  if (label == ns.labels.end()) return mesh.standing && mesh.standing->Matches(ns.labels);
  if (label->second == "Standing") return true;
  if (label->second != "OnDemand") {
    faults->push_back(
        {ns.name, kFault,
         fmt::format("label {}: '{}' is neither Standing nor OnDemand, so the namespace "
                     "is attached on demand: correct it",
                     kAttachmentLabel, label->second)});
  }
  return false;
}

void AddHeaders(const Namespace& ns, const char* annotation,
                const std::vector<std::string>& otherwise, std::set<std::string>* out,
                std::vector<Note>* faults) {
  const auto found = ns.annotations.find(annotation);
  if (found == ns.annotations.end()) {
    out->insert(otherwise.begin(), otherwise.end());
    return;
  }
  // "x-tenant, x-user"
  for (absl::string_view part : absl::StrSplit(found->second, ',', absl::SkipWhitespace())) {
    const std::string text(absl::StripAsciiWhitespace(part));
    auto name = tap::ParseHeaderName(text);
    if (name.ok()) {
      out->insert(*std::move(name));
    } else {
      faults->push_back({ns.name, kFault,
                         fmt::format("annotation {}: '{}' is ignored: {}", annotation, text,
                                     Message(name.status()))});
    }
  }
}

base::Nanos OpenStreamsOf(const Namespace& ns, base::Nanos otherwise, std::vector<Note>* faults) {
  const auto found = ns.annotations.find(kStandingOpenStreams);
  if (found == ns.annotations.end()) return otherwise;
  const auto interval = tap::ParseDuration(found->second);
  if (interval.ok() && (*interval == 0 ||
                        (*interval >= tap::kOpenStreamsMin && *interval <= tap::kOpenStreamsMax))) {
    return *interval;
  }
  faults->push_back(
      {ns.name, kFault,
       fmt::format("annotation {}: '{}' is ignored: it must be a duration from 1s to 1h, "
                   "such as 10s, or 0s for never",
                   kStandingOpenStreams, found->second)});
  return otherwise;
}

}  // namespace

std::map<std::string, StandingAttachment> StandingAttachments(const MeshIndex& index,
                                                              std::vector<Note>* faults) {
  std::map<std::string, StandingAttachment> out;
  const MeshSettings& mesh = index.mesh();
  for (const Namespace& ns : index.snapshot().namespaces) {
    if (!IsStanding(ns, mesh, faults)) continue;
    StandingAttachment& standing = out[ns.name];
    standing.selection.whole_namespaces.insert(ns.name);
    for (const Workload& workload : index.WorkloadsOf(ns.name)) {
      if (!workload.ours) standing.selection.workloads.push_back({&workload, workload.pods});
    }
    AddHeaders(ns, kStandingRequestHeaders, mesh.standing_request_headers,
               &standing.headers.request, faults);
    AddHeaders(ns, kStandingResponseHeaders, mesh.standing_response_headers,
               &standing.headers.response, faults);
    DropAlwaysLogged(&standing.headers);
    standing.headers.open_streams = OpenStreamsOf(ns, mesh.standing_open_streams, faults);
  }
  std::sort(faults->begin(), faults->end());
  return out;
}

}  // namespace traffictap::plan
