// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/lease_messages.h"

namespace traffictap::discovery {

std::map<std::string, leases::Lease> ReadLeases(const v1::CollectorReport& report) {
  std::map<std::string, leases::Lease> out;
  for (const auto& lease : report.leases()) {
    out[lease.uid()] = {lease.granted(), lease.taken(), lease.asks()};
  }
  return out;
}

v1::DiscoverySnapshot MakeGrants(uint64_t round, const std::map<std::string, uint64_t>& granted) {
  v1::DiscoverySnapshot out;
  out.mutable_grants()->set_round(round);
  for (const auto& [uid, records] : granted) {
    auto* grant = out.mutable_grants()->add_grants();
    grant->set_uid(uid);
    grant->set_granted(records);
  }
  return out;
}

}  // namespace traffictap::discovery
