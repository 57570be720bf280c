// SPDX-License-Identifier: Apache-2.0
#include "cli/records/newest_records.h"

#include <utility>

namespace traffictap::cli {

void NewestRecords::Add(base::Nanos start, std::string_view line) {
  by_start_.emplace(start, line);
  if (by_start_.size() > count_) by_start_.erase(by_start_.begin());
}

std::vector<std::string> NewestRecords::Take() {
  std::vector<std::string> out;
  for (auto& [start, line] : by_start_) out.push_back(std::move(line));
  by_start_.clear();
  return out;
}

}  // namespace traffictap::cli
