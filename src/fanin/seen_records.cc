// SPDX-License-Identifier: Apache-2.0
#include "fanin/seen_records.h"

#include <functional>
#include <string>

namespace traffictap::fanin {
namespace {

uint64_t KeyOf(const traffic::RecordMark& record) {
  return std::hash<std::string>()(record.id + '\n' + record.tap);
}

}  // namespace

bool SeenRecords::Take(int connection, const traffic::RecordMark& record) {
  const uint64_t key = KeyOf(record);
  const auto [at, is_new] = seen_.try_emplace(key);
  Seen& seen = at->second;
  if (!is_new && seen.connection != connection) {
    traffic::RecordMark other;
    other.sides = seen.sides;
    other.open = seen.open;
    other.duration = seen.duration;
    if (traffic::SaysNoMore(record, other)) return false;
  }
  seen = {connection, record.sides, record.open, record.duration};
  if (!is_new) return true;
  order_.push_back(key);
  if (order_.size() > most_) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

}  // namespace traffictap::fanin
