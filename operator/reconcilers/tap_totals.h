// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/object.h"
#include "operator/reconcilers/reports.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::reconcilers {

// A tap's counters by the name that they have in status: "records" (that went to the outputs),
// "pairs", "orphans" (all of them), "open", "dropped" (by outputs), "lostEntries", "brokenStreams"
// (before the pairer), "overBudget" (of its patterns), and by name "orphansByReason.PeerNotMeshed",
// "verdicts.ServerError" and the like.
using Counts = std::map<std::string, uint64_t>;

struct OutputTotals {
  uint64_t delivered = 0;
  uint64_t dropped = 0;
  uint64_t queued = 0;
  uint64_t spooled = 0;  // of a Durable one: put on disk, in a former life of the collector too
  uint64_t replayed = 0;
  std::string trouble;  // empty: well
};

// What the connected collectors say of one tap, added up with what their earlier lives had counted:
// a collector starts from zero whenever it starts, a tap's status must not.
struct TapTotals {
  bool connected = false;           // some collector is there
  bool in_force = false;            // every connected collector has the tap in force
  int64_t generation = 0;           // the oldest one in force
  std::vector<std::string> faults;  // of collectors that refused the tap
  Counts counts;
  Counts before;          // of `counts`: what instances that are gone had counted
  std::string instances;  // those counted now, comma-separated
  std::string ended;      // those whose last report is in `before` and is still known
  std::string leases;     // who may have taken how much of maxRecords, as leases::ToText; or empty
  uint64_t proxies = 0;   // that send
  bool completed = false;
  std::map<std::string, OutputTotals> outputs;  // of the living instances alone
  std::optional<v1::RecorderReport> recorder;   // of a living instance, without its dumps
  std::vector<v1::DumpReport> dumps;            // of all instances
};

// Pure. Reports that are final add to the counts, once and exactly, and to nothing else: their
// collectors are gone.
// `status` is the tap's former status, or null: what WriteTotals put there is its memory.
TapTotals AddUp(const std::string& tap, const std::string& uid, const Reports& reports,
                const kube::Json& status);

// Adds the counts, and the memory, to a tap's status.
void WriteTotals(const TapTotals& totals, kube::Json* status);

}  // namespace traffictap::reconcilers
