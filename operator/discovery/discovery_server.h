// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/process_clock.h"
#include "base/status.h"
#include "operator/discovery/make_snapshot.h"
#include "operator/discovery/rollout.h"
#include "operator/leases/lease_ledger.h"
#include "operator/plan/mesh_plan.h"
#include "rpc/credentials.h"

namespace traffictap::discovery {

class DiscoveryHub;

struct DiscoveryServerOptions {
  std::string address = "127.0.0.1:9813";  // host:port; port 0: any
  rpc::ServerTlsFiles tls = {};
  size_t collectors_max = 512;        // more are refused with RESOURCE_EXHAUSTED
  std::string operator_version = {};  // collectors are told; a part of every snapshot
  const base::Clock* clock = base::ProcessClock();
  // Receivers that are not busier than others keep their streams: receiver_paces.h.
  bool paces_streams = true;
};

// traffictap.v1.TapDiscovery: every collector that dials gets the whole snapshot and each later
// one; a receiver gets it once all connected pairers have it (rollout.h). Thread-safe.
class DiscoveryServer {
 public:
  // Listens at once, but sends nothing before the first SetTaps: an operator that has not seen
  // the taps yet must not take them away. `on_report` is called on gRPC's threads after a report or
  // a collector's coming or going; it must be quick, and outlives the server. kUnavailable: the
  // address is taken; kInvalidArgument: bad TLS files.
  static StatusOr<std::unique_ptr<DiscoveryServer>> Start(const DiscoveryServerOptions& options,
                                                          std::function<void()> on_report);
  // Stops it.
  ~DiscoveryServer();

  // Ends all streams and waits for what `on_report` is doing, which may hold on to the server; what was
  // reported stays. Never called by `on_report`, which would wait for itself. May be called again.
  void Stop();

  // What every collector shall have in force, and where the cluster's nodes are: 16384 of them at most,
  // the first by name. Equal sets are not sent again.
  void SetTaps(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones = {});
  // Waits until the connected receivers and pairers have the taps set last, at most `patience`: after that
  // receivers get them all the same, and whoever has not taken them is named in the log. False in that
  // case. Waits once for each set; returns at once where the server stops or other taps are set.
  bool AwaitTaken(base::Nanos patience);
  // The version of the taps set last; empty before the first.
  std::string version() const;
  // The newest report of each collector that is connected, sorted by name. One that has sent its
  // final report is not. In every report the taps are sorted by name.
  std::vector<ReportPtr> Reports() const;
  // Those that came since this was last called, of each stream the newest, and no final ones: each comes
  // once.
  std::vector<ReportPtr> TakeNewReports();
  // How many are connected.
  size_t collectors() const;
  // The final reports of the instances that ended last, the oldest first: eight at most.
  std::vector<ReportPtr> FinalReports() const;

  // Of limits.maxRecords, which pairers share: see leases::LeaseBook. Exactly these taps have one.
  void SetLimits(const std::vector<leases::TapLimit>& limits);
  // Decides anew who gets how much of a tap's; nobody hears of more before it is said to be written.
  std::optional<leases::GrantedRecords> PlanLeases(const std::string& uid, uint64_t records);
  void LeasesWritten(const std::string& uid, const leases::GrantedRecords& granted);
  bool RecordsEnd(const std::string& uid, uint64_t records);
  // As LeaseLedger's.
  bool NewlyUsedUp();
  // The port in use.
  int port() const;

 private:
  DiscoveryServer();
  std::unique_ptr<DiscoveryHub> hub_;
};

}  // namespace traffictap::discovery
