// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/tap_dumps.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/rfc3339.h"
#include "fmt/format.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;

constexpr size_t kDumpsMax = 10;
constexpr char kDumping[] = "Dumping";
constexpr char kWritten[] = "Written";
constexpr char kInterrupted[] = "Interrupted";

// Times are whole seconds, of which none has two dumps of one trigger: each lasts longer. As texts
// they are in order.
using Key = std::pair<std::string, std::string>;

Key KeyOf(const Json& dump) { return {dump.value("time", ""), dump.value("trigger", "")}; }

std::string Missing(const v1::DumpReport& dump) {
  std::string out;
  if (dump.held() > dump.from()) {
    out = fmt::format(
        "records were wanted from {} on, but are held only since {}: what came before was lost "
        "with a restart of the collector, or came before the recorder began. ",
        base::FormatRfc3339(dump.from()), base::FormatRfc3339(dump.held()));
  }
  if (dump.gap() > 0) {
    out +=
        "Records were overwritten before they could be written: raise spec.recorder.size, or look "
        "whether an output is stuck. ";
  }
  if (!out.empty()) out.pop_back();
  return out;
}

Json DumpJson(const v1::DumpReport& dump) {
  Json out{{"time", base::FormatRfc3339(dump.time())},
           {"trigger", dump.trigger()},
           {"state", dump.ended() ? kWritten : kDumping},
           {"since", base::FormatRfc3339(std::max(dump.from(), dump.held()))},
           {"joined", dump.joined()},
           {"records", dump.records()},
           {"gap", dump.gap()}};
  if (const std::string missing = Missing(dump); !missing.empty()) out["message"] = missing;
  return out;
}

const Json* DumpsOf(const Json& status) {
  if (!status.is_object() || !status.contains("dumps")) return nullptr;
  return status["dumps"].is_array() ? &status["dumps"] : nullptr;
}

bool HasEnded(const Json& dump) { return dump.value("state", "") != kDumping; }

EndedDump Told(const Json& dump) {
  EndedDump out;
  const bool interrupted = dump.value("state", "") == kInterrupted;
  const std::string missing = dump.value("message", "");
  out.warning = interrupted || !missing.empty();
  out.message = fmt::format("dump by {} at {}: {} records were given to the outputs",
                            dump.value("trigger", ""), dump.value("time", ""),
                            dump.value("records", uint64_t{0}));
  if (const auto gap = dump.value("gap", uint64_t{0}); gap > 0) {
    out.message += fmt::format(", {} are missing", gap);
  }
  if (!missing.empty()) out.message += "; " + missing;
  return out;
}

}  // namespace

Json RecorderJson(const v1::RecorderReport& recorder) {
  return {{"since", base::FormatRfc3339(recorder.since())},
          {"records", recorder.records()},
          {"bytes", recorder.bytes()}};
}

Json DumpsJson(const TapTotals& totals, const Json& former) {
  std::map<Key, Json> dumps;
  if (const Json* known = DumpsOf(former)) {
    for (Json dump : *known) {
      if (!dump.is_object()) continue;
      if (totals.connected && !HasEnded(dump)) {
        dump["state"] = kInterrupted;
        dump["message"] = "the collector ended while the dump was written: what it held is lost";
      }
      const Key key = KeyOf(dump);
      dumps[key] = std::move(dump);
    }
  }
  for (const auto& dump : totals.dumps) {
    Json json = DumpJson(dump);
    const Key key = KeyOf(json);
    dumps[key] = std::move(json);
  }
  Json out = Json::array();
  for (auto dump = dumps.rbegin(); dump != dumps.rend() && out.size() < kDumpsMax; ++dump) {
    out.push_back(std::move(dump->second));
  }
  return out;
}

std::vector<EndedDump> EndedDumps(const Json& former, const Json& next) {
  std::map<Key, bool> known;
  if (const Json* dumps = DumpsOf(former)) {
    for (const Json& dump : *dumps) {
      if (dump.is_object()) known[KeyOf(dump)] = HasEnded(dump);
    }
  }
  std::vector<EndedDump> out;
  const Json* dumps = DumpsOf(next);
  if (dumps == nullptr) return out;
  for (const Json& dump : *dumps) {
    if (HasEnded(dump) && !known[KeyOf(dump)]) out.push_back(Told(dump));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace traffictap::reconcilers
