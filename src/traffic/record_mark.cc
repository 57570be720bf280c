// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_mark.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "simdjson.h"

namespace traffictap::traffic {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::string_view TextOf(const object& from, std::string_view name) {
  std::string_view out;
  return from.at_key(name).get(out) == simdjson::SUCCESS ? out : std::string_view();
}

double NumberOf(const object& from, std::string_view name) {
  double out = 0;
  return from.at_key(name).get(out) == simdjson::SUCCESS ? out : 0;
}

void TakeTimes(const object& record, RecordMark* out) {
  object timings;
  if (record.at_key("timings").get(timings) != simdjson::SUCCESS) return;
  out->start = base::ParseRfc3339(std::string(TextOf(timings, "startTime"))).value_or(0);
  out->duration = std::max(NumberOf(timings, "clientMs"), NumberOf(timings, "serverMs"));
}

uint32_t SidesOf(const object& record) {
  element client;
  simdjson::dom::array servers;
  uint32_t out = record.at_key("client").get(client) == simdjson::SUCCESS ? 1 : 0;
  if (record.at_key("server").get(servers) == simdjson::SUCCESS) {
    out += static_cast<uint32_t>(servers.size());
  }
  return out;
}

}  // namespace

bool MarkRecord(std::string_view line, RecordMark* out) {
  // Its buffers are as large as the longest line so far.
  thread_local simdjson::dom::parser parser;
  object record;
  if (parser.parse(line.data(), line.size()).get(record) != simdjson::SUCCESS) return false;
  *out = {};
  out->id = std::string(TextOf(record, "id"));
  if (out->id.empty()) return false;
  out->tap = std::string(TextOf(record, "tap"));
  out->open = TextOf(record, "state") == "Open";
  out->sides = SidesOf(record);
  TakeTimes(record, out);
  return true;
}

bool SaysNoMore(const RecordMark& record, const RecordMark& other) {
  if (record.open != other.open) return record.open;
  if (record.sides != other.sides) return record.sides < other.sides;
  return !record.open || record.duration <= other.duration;
}

}  // namespace traffictap::traffic
