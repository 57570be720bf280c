// SPDX-License-Identifier: Apache-2.0
#include "cli/records/newest_records.h"

#include <utility>

#include "kube/object.h"

namespace traffictap::cli {

void NewestRecords::Add(std::string_view line) {
  const kube::Object record(kube::Json::parse(line.begin(), line.end(), nullptr, false));
  by_start_.emplace(record.Text("/timings/startTime"), line);
  if (by_start_.size() > count_) by_start_.erase(by_start_.begin());
}

std::vector<std::string> NewestRecords::Take() {
  std::vector<std::string> out;
  for (auto& [start, line] : by_start_) out.push_back(std::move(line));
  by_start_.clear();
  return out;
}

}  // namespace traffictap::cli
