// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"
#include "operator/reconcilers/mesh_objects.h"
#include "operator/reconcilers/plan_board.h"
#include "operator/reconcilers/shared_reports.h"

namespace traffictap {

// A small mesh in a fake API server: the collector's Service and two meshed workloads of namespace
// shop.
struct MeshFixture {
  MeshFixture() {
    Seed(kube::kServices,
         R"({"metadata":{"namespace":"traffictap-system","name":"traffictap-collector"},
        "spec":{"ports":[{"name":"grpc-als","port":9811}]}})");
    Seed(kube::kNamespaces, R"({"metadata":{"name":"shop"}})");
    SeedPod("cart");
    SeedPod("payments");
  }

  void Seed(const kube::Resource& resource, const std::string& text) {
    kube::Json object = kube::Json::parse(text);
    object["apiVersion"] = resource.ApiVersion();
    object["kind"] = resource.kind;
    kube.Seed(resource, kube::Object(object));
  }
  void SeedPod(const std::string& app, const std::string& ip = "") {
    Seed(kube::kPods,
         R"({"metadata":{"namespace":"shop","name":")" + app + R"(-0","labels":{"app":")" + app +
             R"("},"ownerReferences":[{"kind":"StatefulSet","name":")" + app +
             R"(","uid":"1","controller":true}]},"spec":{"containers":[{"name":"istio-proxy",
        "args":["proxy","sidecar"]}]},"status":{"phase":"Running","podIP":")" +
             ip + R"("}})");
  }
  void SeedDestination(const std::string& name, const std::string& broker) {
    Seed(kube::kTapDestinations,
         R"({"metadata":{"name":")" + name +
             R"(","generation":1},"spec":{"type":"Kafka","kafka":{"brokers":[")" + broker +
             R"("],"topic":"t"},"allowedNamespaces":{}}})");
  }
  void SeedTap(const std::string& name, const std::string& workload) {
    Seed(kube::kTrafficTaps,
         R"({"metadata":{"namespace":"shop","name":")" + name +
             R"(","generation":1},"spec":{"targets":[{"kind":"Workload","name":")" + workload +
             R"("}],"outputs":[{"name":"out","type":"Stdout"}]}})");
  }

  reconcilers::Objects All(const kube::Resource& resource) const {
    reconcilers::Objects out;
    for (auto& object : kube.All(resource)) {
      out.push_back(std::make_shared<const kube::Object>(std::move(object)));
    }
    return out;
  }
  reconcilers::MeshObjects Objects() const {
    reconcilers::MeshObjects out;
    out.taps = All(kube::kTrafficTaps);
    out.envoy_filters = All(kube::kEnvoyFilters);
    out.telemetries = All(kube::kTelemetries);
    for (const auto& resource :
         {kube::kPods, kube::kServices, kube::kNamespaces, kube::kTapDestinations}) {
      for (auto& object : All(resource)) out.others.push_back(std::move(object));
    }
    return out;
  }

  fakes::ManualClock clock;
  fakes::FakeKubeClient kube;
  reconcilers::PlanBoard board;
  std::vector<v1::CollectorReport> reports;
};

}  // namespace traffictap
