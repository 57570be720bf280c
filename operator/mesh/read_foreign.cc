// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/read_foreign.h"

#include <functional>

namespace traffictap::mesh {
namespace {

using kube::Json;
using kube::TextOf;

void Each(const Json* list, const std::function<void(const Json&)>& visit) {
  if (list == nullptr || !list->is_array()) return;
  for (const Json& element : *list) visit(element);
}

const Json* At(const Json& object, const char* pointer) {
  const Json::json_pointer at(pointer);
  return object.contains(at) ? &object.at(at) : nullptr;
}

plan::TargetRef TargetOf(const Json& target) {
  return {TextOf(target, "group"), TextOf(target, "kind"), TextOf(target, "name")};
}

plan::Attachment AttachmentOf(const kube::Object& object, const char* labels) {
  plan::Attachment at;
  at.ns = object.ns();
  at.name = object.name();
  if (const Json* selector = object.Find(labels); selector != nullptr && selector->is_object()) {
    for (const auto& [key, value] : selector->items()) {
      if (value.is_string()) at.selector[key] = value.get<std::string>();
    }
  }
  if (const Json* target = object.Find("/spec/targetRef"); target != nullptr) {
    at.targets.push_back(TargetOf(*target));
  }
  Each(object.Find("/spec/targetRefs"),
       [&](const Json& target) { at.targets.push_back(TargetOf(target)); });
  return at;
}

// A patch of a network filter that leaves no access logger of a former one: it takes the filter's
// place, or its list's.
bool ReplacesAccessLog(const Json& patch) {
  if (TextOf(patch, "applyTo") != "NETWORK_FILTER") return false;
  const Json* filter = At(patch, "/match/listener/filterChain/filter");
  const std::string name = filter == nullptr ? "" : TextOf(*filter, "name");
  const bool logging_filter = name.empty() ||
                              name == "envoy.filters.network.http_connection_manager" ||
                              name == "envoy.filters.network.tcp_proxy";
  const Json* change = At(patch, "/patch");
  if (!logging_filter || change == nullptr) return false;
  const std::string operation = TextOf(*change, "operation");
  if (operation == "REPLACE" || operation == "REMOVE") return true;
  return operation == "MERGE_AND_REPLACE_LIST" &&
         At(patch, "/patch/value/typed_config/access_log") != nullptr;
}

plan::AccessLogging LoggingOf(const Json& element) {
  using Mode = plan::AccessLogging::Mode;
  plan::AccessLogging out;
  Each(At(element, "/providers"),
       [&](const Json& provider) { out.providers.push_back(TextOf(provider, "name")); });
  const Json* match = At(element, "/match");
  const std::string mode = match == nullptr ? "" : TextOf(*match, "mode");
  if (mode == "CLIENT") out.mode = Mode::kClient;
  if (mode == "SERVER") out.mode = Mode::kServer;
  const Json* disabled = At(element, "/disabled");
  out.disabled = disabled != nullptr && *disabled == true;
  const Json* filter = At(element, "/filter");
  out.filtered = filter != nullptr && !TextOf(*filter, "expression").empty();
  return out;
}

// By Istio's rule a listener for a port takes no other Services than those with that port, unless it is
// an HTTP proxy for all (istio/istio: pilot/pkg/model/sidecar.go, needsPortMatch). 0: for any port.
uint32_t PortOf(const Json& listener) {
  const Json* number = At(listener, "/port/number");
  const Json* port = At(listener, "/port");
  const bool proxy = port != nullptr && TextOf(*port, "protocol") == "HTTP_PROXY";
  return number == nullptr || !number->is_number_integer() || proxy ? 0 : number->get<uint32_t>();
}

}  // namespace

plan::EnvoyFilterSummary ReadEnvoyFilter(const kube::Object& object) {
  plan::EnvoyFilterSummary out;
  out.at = AttachmentOf(object, "/spec/workloadSelector/labels");
  Each(object.Find("/spec/configPatches"), [&](const Json& patch) {
    out.replaces_access_log = out.replaces_access_log || ReplacesAccessLog(patch);
  });
  return out;
}

plan::TelemetrySummary ReadTelemetry(const kube::Object& object) {
  plan::TelemetrySummary out;
  out.at = AttachmentOf(object, "/spec/selector/matchLabels");
  Each(object.Find("/spec/accessLogging"),
       [&](const Json& element) { out.access_logging.push_back(LoggingOf(element)); });
  return out;
}

plan::SidecarSummary ReadSidecar(const kube::Object& object) {
  plan::SidecarSummary out;
  out.at = AttachmentOf(object, "/spec/workloadSelector/labels");
  Each(object.Find("/spec/egress"), [&](const Json& listener) {
    const uint32_t port = PortOf(listener);
    Each(At(listener, "/hosts"), [&](const Json& host) {
      if (!host.is_string()) return;
      if (port == 0) return out.egress_hosts.push_back(host.get<std::string>());
      out.port_hosts.push_back({port, host.get<std::string>()});
    });
  });
  return out;
}

}  // namespace traffictap::mesh
