// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace traffictap::leases {

// What may have been taken of a tap's maxRecords. It is written to the tap's status before anybody hears
// of a grant: whoever leads after us cannot grant it again.
struct GrantedRecords {
  uint64_t gone = 0;  // by instances that are gone
  // Not in the tap's records, and may have been taken nevertheless.
  uint64_t unreported = 0;
  std::map<std::string, uint64_t> instances;  // by those that may be there; at most
  friend bool operator==(const GrantedRecords&, const GrantedRecords&) = default;
};

// "GONE UNREPORTED INSTANCE=RECORDS INSTANCE=RECORDS …". Empty if `text` is another one.
std::string ToText(const GrantedRecords& granted);
std::optional<GrantedRecords> FromText(std::string_view text);

}  // namespace traffictap::leases
