// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_rows.h"

#include "base/rfc3339.h"
#include "cli/taps/tap_lifecycle.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

using kube::Json;
using kube::Object;

std::string Count(const Object& object, const std::string& pointer) {
  const Json* value = object.Find(pointer);
  return value != nullptr && value->is_number() ? value->dump() : "-";
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

// The sum of an object's numbers: counts by reason.
std::string Sum(const Object& object, const std::string& pointer) {
  const Json* counts = object.Find(pointer);
  uint64_t sum = 0;
  if (counts == nullptr || !counts->is_object()) return "0";
  for (const auto& [name, count] : counts->items()) {
    if (count.is_number_unsigned()) sum += count.get<uint64_t>();
  }
  return fmt::format("{}", sum);
}

std::string Since(const std::string& time, base::Nanos now) {
  const auto then = base::ParseRfc3339(time);
  return then ? AgeText(now - *then) : "-";
}

std::string Ends(const Object& tap, base::Nanos now) {
  if (ConditionOf(tap, "Completed").status == "True") return "ended";
  const auto then = base::ParseRfc3339(tap.Text("/status/endsAt"));
  return then ? AgeText(*then - now) : "-";
}

std::vector<std::string> RowOfObject(const Object& tap, bool wide, base::Nanos now) {
  const TapCondition ready = ConditionOf(tap, "Ready");
  std::vector<std::string> row = {tap.key().ToString(),
                                  OrDash(ready.status),
                                  OrDash(ready.reason),
                                  fmt::format("{}/{}", Count(tap, "/status/workloads/reporting"),
                                              Count(tap, "/status/workloads/proxies")),
                                  Count(tap, "/status/records"),
                                  Count(tap, "/status/pairs"),
                                  Count(tap, "/status/lostEntries"),
                                  Count(tap, "/status/dropped"),
                                  Since(tap.Text("/metadata/creationTimestamp"), now),
                                  Ends(tap, now)};
  if (wide) row.push_back(OrDash(ready.message));
  return row;
}

std::string Dropped(const Object& tap) {
  const Json* outputs = tap.Find("/outputs");
  uint64_t sum = 0;
  if (outputs == nullptr || !outputs->is_array()) return "0";
  for (const Json& output : *outputs) sum += std::stoull(Sum(Object(output), "/dropped"));
  return fmt::format("{}", sum);
}

std::vector<std::string> RowOfCollector(const Object& tap) {
  const Json* completed = tap.Find("/completed");
  const bool done = completed != nullptr && completed->is_boolean() && completed->get<bool>();
  return {TapName(tap.value(), true),
          done ? "Completed" : "Capturing",
          Count(tap, "/proxies"),
          Count(tap, "/records/offered"),
          Sum(tap, "/orphans"),
          Count(tap, "/lostEntries"),
          Dropped(tap)};
}

}  // namespace

std::vector<std::string> TapHeadings(bool standalone, bool wide) {
  if (standalone) return {"TAP", "STATE", "PROXIES", "RECORDS", "ORPHANS", "LOST", "DROPPED"};
  std::vector<std::string> out = {"TAP",   "READY", "REASON",  "PROXIES", "RECORDS",
                                  "PAIRS", "LOST",  "DROPPED", "AGE",     "ENDS"};
  if (wide) out.push_back("MESSAGE");
  return out;
}

std::vector<std::string> TapRow(const Json& tap, bool standalone, bool wide, base::Nanos now) {
  const Object object(tap);
  return standalone ? RowOfCollector(object) : RowOfObject(object, wide, now);
}

std::string TargetText(const Json& value) {
  const Object target(value);
  const std::string name = target.Text("/name");
  const std::string ns = target.Text("/namespace");
  const std::string selector = target.Text("/selector");
  std::string out = target.Text("/kind");
  if (!name.empty()) out += fmt::format("/{}{}", ns.empty() ? "" : ns + "/", name);
  if (!selector.empty()) out += (name.empty() ? "/" : " ") + selector;
  return out;
}

std::string TapName(const Json& tap, bool standalone) {
  const Object object(tap);
  return standalone ? object.Text("/tap") : object.key().ToString();
}

std::string AgeText(base::Nanos age) {
  const base::Nanos seconds = std::max<base::Nanos>(age, 0) / base::kSecond;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / (24 * 3600));
}

}  // namespace traffictap::cli
