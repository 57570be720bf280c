// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/request_id.h"

#include "traffic/packed_entry.h"

namespace traffictap::cli {

bool IsSameRequest(const std::string& a, const std::string& b) {
  return !a.empty() && traffic::HashRequestId(a) == traffic::HashRequestId(b);
}

std::string SearchedText(const std::string& id) {
  constexpr size_t kUuidBytes = 36;
  constexpr size_t kDigit = 14;
  return id.size() == kUuidBytes ? id.substr(kDigit + 1) : id;
}

}  // namespace traffictap::cli
