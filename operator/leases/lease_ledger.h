// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operator/leases/lease_book.h"

namespace traffictap::leases {

// A tap with a maxRecords.
struct TapLimit {
  std::string uid;
  uint64_t max = 0;
  std::string kept;  // ToText, as its status has it; read once
};

// The lease books of all taps, by uid. What is said of a tap that has none is ignored. Not thread-safe.
class LeaseLedger {
 public:
  // Exactly these have one.
  void SetLimits(const std::vector<TapLimit>& limits, base::Nanos now);
  void SetConnected(std::set<std::string> instances, base::Nanos now);
  // What a connected instance, or with `final` one that ends, says of all its leases.
  void Hear(const std::string& instance, const std::map<std::string, Lease>& leases, bool settled,
            bool final);

  bool Has(const std::string& uid) const { return taps_.contains(uid); }

  // As LeaseBook's.
  std::optional<GrantedRecords> Plan(const std::string& uid, uint64_t records, base::Nanos now);
  void Written(const std::string& uid, const GrantedRecords& granted);
  bool Ends(const std::string& uid, uint64_t records);
  // Whether some tap's records are used up that were not when this was last asked.
  bool NewlyUsedUp();

  // By tap: what the instance is to have and was not sent yet.
  std::map<std::string, uint64_t> Due(const std::string& instance) const;
  // Whether that has this tap.
  bool IsDue(const std::string& uid, const std::string& instance) const;
  void Sent(const std::string& instance, const std::map<std::string, uint64_t>& granted);

 private:
  struct Tap {
    LeaseBook book;
    bool used_up = false;
  };
  std::map<std::string, Tap> taps_;
  std::set<std::string> connected_;
};

}  // namespace traffictap::leases
