// SPDX-License-Identifier: Apache-2.0
#include "operator/installation_check.h"

#include "fmt/format.h"

namespace traffictap::op {
namespace {

constexpr const char* kHttpPort = "http-metrics";
constexpr const char* kConnected = "\ntraffictap_operator_connected 1\n";

Finding Good(std::string text) { return {true, std::move(text)}; }
Finding Bad(std::string text) { return {false, std::move(text)}; }

Finding CheckKinds(kube::KubeClient& kube) {
  const auto found =
      kube.Get(kube::kCustomResourceDefinitions, {"", "traffictaps.traffictap.io"}, {});
  if (found.ok()) return Good("the API server has the kind TrafficTap");
  return Bad(fmt::format("the kind TrafficTap: {}: install the kinds (crds.install)",
                         Message(found.status())));
}

Finding CheckLeader(kube::KubeClient& kube, const std::string& ns) {
  const auto lease = kube.Get(kube::kLeases, {ns, mesh::kLease}, {});
  if (!lease.ok()) {
    return Bad(
        fmt::format("no operator has ever led: {}: look at its pods", Message(lease.status())));
  }
  const std::string holder = lease->Text("/spec/holderIdentity");
  if (holder.empty()) return Bad("no operator leads now: look at its pods");
  return Good(fmt::format("the operator {} leads", holder));
}

// 0: the Service has no such port.
int PortCalled(const kube::Object& service, const std::string& name) {
  const kube::Json* ports = service.Find("/spec/ports");
  if (ports == nullptr || !ports->is_array()) return 0;
  for (const auto& port : *ports) {
    if (port.value("name", "") == name) return port.value("port", 0);
  }
  return 0;
}

Finding CheckService(const StatusOr<kube::Object>& service, const mesh::Installation& own) {
  if (!service.ok()) {
    return Bad(fmt::format("the Service that proxies send to: {}", Message(service.status())));
  }
  const int port = PortCalled(*service, own.collector_port);
  if (port != 0) return Good(fmt::format("proxies send to {}:{}", own.collector_service, port));
  return Bad(
      fmt::format("the Service {} has no port {}", own.collector_service, own.collector_port));
}

Finding CheckReady(const CheckPorts& ports, const std::string& server) {
  const auto answer = ports.ask(server, "/readyz");
  if (answer.ok()) return Good("the collector is ready");
  return Bad(fmt::format("the collector is not ready: {}", Message(answer.status())));
}

Finding CheckTaps(const CheckPorts& ports, const std::string& server) {
  const auto answer = ports.ask(server, "/metrics");
  if (!answer.ok()) {
    return Bad(fmt::format("ask the collector for its taps: {}", Message(answer.status())));
  }
  if (("\n" + *answer).find(kConnected) != std::string::npos) {
    return Good("the collector gets its taps from the operator");
  }
  return Bad("the collector has no stream to the operator: see its log");
}

}  // namespace

std::vector<Finding> CheckInstallation(const mesh::Installation& own, const CheckPorts& ports) {
  const auto service = ports.kube->Get(kube::kServices, {own.ns, own.collector_service}, {});
  const int http = service.ok() ? PortCalled(*service, kHttpPort) : 0;
  const std::string server = fmt::format("http://{}.{}.svc.{}:{}", own.collector_service, own.ns,
                                         own.cluster_domain, http);
  return {CheckKinds(*ports.kube), CheckLeader(*ports.kube, own.ns), CheckService(service, own),
          CheckReady(ports, server), CheckTaps(ports, server)};
}

}  // namespace traffictap::op
