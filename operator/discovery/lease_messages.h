// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "operator/leases/lease_book.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::discovery {

// What a report says of leases, and what is sent of them, as values: by the tap's uid. Pure.
std::map<std::string, leases::Lease> ReadLeases(const v1::CollectorReport& report);
v1::DiscoverySnapshot MakeGrants(uint64_t round, const std::map<std::string, uint64_t>& granted);

}  // namespace traffictap::discovery
