// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "traffic/traffic_pair.h"

namespace traffictap::observe {

// One end of a record: by its own entry where there is one, else as the other end tells (then `ns`
// may be empty and `name` an address). The words are those of the record's JSON.
struct RecordEnd {
  std::string_view ns;
  std::string_view name;
  std::string ip;              // set only where it is the name
  std::string_view pod;        // of an end with an entry of its own
  std::string_view service;    // of a destination: the host that the client's proxy routed to
  std::string_view authority;  // of a destination whose `service` is not known: what was asked for
  const traffic::Node* node = nullptr;  // of an end with an entry of its own
  std::string_view label() const { return name.empty() ? std::string_view(ip) : name; }
};

// Views into the record's entries.
RecordEnd SourceOf(const traffic::TrafficPair& pair);
RecordEnd DestinationOf(const traffic::TrafficPair& pair);

}  // namespace traffictap::observe
