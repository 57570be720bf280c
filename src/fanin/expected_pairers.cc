// SPDX-License-Identifier: Apache-2.0
#include "fanin/expected_pairers.h"

#include <cstdint>

#include "fmt/format.h"
#include "kube/host_port.h"
#include "nlohmann/json.hpp"
#include "tap/values.h"

namespace traffictap::fanin {
namespace {

constexpr base::Nanos kTimeout = 5 * base::kSecond;
constexpr int64_t kReplicasMax = 4096;  // as many as there can be partitions

int64_t NumberAt(const kube::Object& object, const std::string& pointer, int64_t otherwise) {
  const kube::Json* number = object.Find(pointer);
  return number != nullptr && number->is_number_integer() ? number->get<int64_t>() : otherwise;
}

// A pod that is in slices of two families has the address of the first that names it.
void TakeAddresses(const kube::Object& slice, const std::string& port, ExpectedPairers* out) {
  const kube::Json* endpoints = slice.Find("/endpoints");
  if (endpoints == nullptr || !endpoints->is_array()) return;
  for (const kube::Json& json : *endpoints) {
    const kube::Object endpoint(json);
    const std::string name = endpoint.Text("/targetRef/name");
    const std::string address = endpoint.Text("/addresses/0");
    if (endpoint.Text("/targetRef/kind") != "Pod" || name.empty() || address.empty()) continue;
    std::string& known = (*out)[name];
    if (known.empty()) known = kube::HostPort(address, port);
  }
}

}  // namespace

StatusOr<PairersStatefulSet> ParsePairersStatefulSet(const std::string& text) {
  const size_t slash = text.find('/');
  const size_t colon = text.rfind(':');
  if (slash != std::string::npos && colon != std::string::npos && slash < colon) {
    PairersStatefulSet out{{text.substr(0, slash), text.substr(slash + 1, colon - slash - 1)},
                           text.substr(colon + 1)};
    const bool named = !out.key.ns.empty() && !out.key.name.empty() &&
                       out.key.name.find_first_of("/:") == std::string::npos;
    if (named && tap::IsPort(out.port)) return out;
  }
  return absl::InvalidArgumentError(fmt::format("\"{}\" is not NAMESPACE/NAME:PORT", text));
}

StatusOr<ExpectedPairers> ReadExpectedPairers(kube::KubeClient* kube,
                                              const PairersStatefulSet& stateful_set) {
  const auto found = kube->Get(kube::kStatefulSets, stateful_set.key, {.timeout = kTimeout});
  if (!found.ok()) return found.status();
  const int64_t replicas = NumberAt(*found, "/spec/replicas", 1);
  if (replicas > kReplicasMax) {
    return absl::OutOfRangeError(fmt::format("StatefulSet {} has {} replicas, more than {}",
                                             stateful_set.key.ToString(), replicas, kReplicasMax));
  }
  const int64_t start = NumberAt(*found, "/spec/ordinals/start", 0);
  ExpectedPairers out;
  for (int64_t i = 0; i < replicas; ++i) {
    out[fmt::format("{}-{}", stateful_set.key.name, start + i)] = "";
  }
  kube::ListOptions slices;
  slices.ns = stateful_set.key.ns;
  slices.label_selector =
      fmt::format("kubernetes.io/service-name={}", found->Text("/spec/serviceName"));
  slices.timeout = kTimeout;
  const auto listed = kube->List(kube::kEndpointSlices, slices, [&](const kube::Object& slice) {
    TakeAddresses(slice, stateful_set.port, &out);
  });
  if (!listed.ok()) return listed.status();
  return out;
}

}  // namespace traffictap::fanin
