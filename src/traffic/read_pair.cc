// SPDX-License-Identifier: Apache-2.0
#include "traffic/read_pair.h"

#include <algorithm>

#include "traffic/record_mark.h"
#include "traffic/record_reader.h"

namespace traffictap::traffic {
namespace {

RecordMark MarkOf(const v1::TrafficPair& record) {
  RecordMark out;
  out.sides = static_cast<uint32_t>(record.server_size()) + (record.has_client() ? 1 : 0);
  out.open = !record.state().empty();
  out.duration = std::max(record.timings().client_ms(), record.timings().server_ms());
  return out;
}

}  // namespace

StatusOr<v1::TrafficPair> ReadPair(std::string_view line) {
  thread_local RecordReader reader;
  const Status begun = reader.Begin(line);
  if (!begun.ok()) return begun;
  return reader.Read();
}

double WeightOf(const v1::TrafficPair& record) {
  // A file may hold any number.
  constexpr double kMost = 1e12;
  return record.weight() > 1 && record.weight() < kMost ? record.weight() : 1;
}

bool Replaces(const v1::TrafficPair& record, const v1::TrafficPair& former) {
  const RecordMark mark = MarkOf(record);
  const RecordMark before = MarkOf(former);
  // Not every Envoy says how long a stream has been open.
  const bool goes_on = mark.open && before.open && mark.sides == before.sides;
  return goes_on ? mark.duration >= before.duration : !SaysNoMore(mark, before);
}

}  // namespace traffictap::traffic
