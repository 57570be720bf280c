// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace traffictap::collector {

// What a process does of a collector's work.
enum class Role { kAll, kReceiver, kPairer, kReader };

// A role's name on the command line and what it does. Options of what it does not do are refused.
struct RoleTraits {
  Role role = Role::kAll;
  const char* name = "";
  const char* about = "";
  bool receives = false;  // takes access logs from proxies
  bool pairs = false;     // joins halves and writes records to the outputs
  bool shows = false;     // serves live records
  bool threads = false;   // joins on several threads
  bool shuffles = false;  // halves go through Kafka
  bool asks = false;      // has no records of its own: asks the pairers for them
};

inline constexpr RoleTraits kRoles[] = {
    {Role::kAll, "all", "receives and joins in one process, without Kafka", true, true, true, true,
     false},
    {Role::kReceiver, "receiver", "writes the entries that it receives to Kafka", true, false,
     false, false, true},
    {Role::kPairer, "pairer", "joins the entries that receivers wrote to Kafka", false, true, true,
     false, true},
    {Role::kReader, "reader", "serves the live records of all pairers as one collector would",
     false, false, true, false, false, true},
};

constexpr const RoleTraits& TraitsOf(Role role) {
  for (const RoleTraits& traits : kRoles) {
    if (traits.role == role) return traits;
  }
  return kRoles[0];
}

}  // namespace traffictap::collector
