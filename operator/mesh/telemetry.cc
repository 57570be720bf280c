// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/telemetry.h"

namespace traffictap::mesh {
namespace {

using kube::Json;

Json LoggingOf(const plan::AccessLogging& logging) {
  Json out = {{"providers", Json::array()}};
  for (const std::string& provider : logging.providers) {
    out["providers"].push_back({{"name", provider}});
  }
  if (logging.mode == plan::AccessLogging::Mode::kClient) out["match"] = {{"mode", "CLIENT"}};
  if (logging.mode == plan::AccessLogging::Mode::kServer) out["match"] = {{"mode", "SERVER"}};
  return out;
}

}  // namespace

Json TelemetrySpec(const plan::Patch& patch) {
  Json spec = Json::object();
  if (!patch.at.selector.empty()) spec["selector"] = {{"matchLabels", patch.at.selector}};
  for (const plan::TargetRef& target : patch.at.targets) {
    spec["targetRefs"].push_back(
        {{"group", target.group}, {"kind", target.kind}, {"name", target.name}});
  }
  spec["accessLogging"] = Json::array();
  for (const plan::AccessLogging& kept : patch.kept) {
    spec["accessLogging"].push_back(LoggingOf(kept));
  }
  spec["accessLogging"].push_back(LoggingOf({.providers = patch.providers}));
  return spec;
}

}  // namespace traffictap::mesh
