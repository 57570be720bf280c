// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "traffic/access_entry.h"
#include "traffic/node.h"

namespace traffictap::als {

// What the common properties tell of the two ends, for SettleEnds. Views into the entry's bytes.
struct EndHints {
  std::string_view side;  // tag traffictap_side: "inbound" or "outbound"
  // Tag tlsMode: of the upstream endpoint's metadata, "istio" for a proxy.
  std::string_view tls_mode;
  // What metadata exchange learnt of the two peers: serialized Any.
  std::string_view upstream;
  std::string_view downstream;
  // Who opened the tunnel that the connection comes through, as a waypoint knows it: serialized Any.
  std::string_view opener;
};

// envoy.data.accesslog.v3.AccessLogCommon into `entry` and `hints`. False: not valid protobuf.
bool DecodeCommonProperties(std::string_view bytes, traffic::AccessEntry* entry, EndHints* hints);

// Decides which end wrote `entry` and who the other one is, once all of it is read: fields may come
// in any order. `node`, the proxy that wrote it, may be null.
void SettleEnds(const EndHints& hints, const traffic::Node* node, traffic::AccessEntry* entry);

}  // namespace traffictap::als
