// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace traffictap::als {

// Who stands at the other end, as Istio's metadata exchange learnt it.
struct PeerNames {
  std::string_view workload;
  std::string_view ns;

  bool empty() const { return workload.empty() && ns.empty(); }
};

// A filter state object of Istio's, a serialized google.protobuf.Any of one of two forms:
// - upstream_peer and downstream_peer, since Istio 1.24: a google.protobuf.Struct with the texts
//   "workload" and "namespace" (istio/proxy: WorkloadMetadataObject::serializeAsProto);
// - wasm.upstream_peer and wasm.downstream_peer, before it: a google.protobuf.BytesValue with a
//   FlatBuffers table FlatNode (istio/proxy: extensions/common/node_info.fbs).
// What cannot be read stays empty: another filter's object is not ours to judge. Views into `any`.
PeerNames DecodePeerObject(std::string_view any);

// The SPIFFE ID in a filter state object that is a plain string, a serialized google.protobuf.Any of a
// google.protobuf.StringValue: io.istio.peer_principal, who opened the tunnel that a waypoint's
// connection comes through. Empty for anything else. A view into `any`.
std::string_view DecodePrincipalObject(std::string_view any);

}  // namespace traffictap::als
