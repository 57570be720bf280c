// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "als/zone_table.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "rpc/credentials.h"

namespace traffictap::collector {

struct TapSourceOptions {
  std::string address;  // the operator's, host:port
  rpc::ClientTlsFiles tls;
  std::string cache_file;  // keeps the last snapshot; empty: nothing is kept
  std::string collector;   // this collector's name
  std::string role;        // what it does of a collector's work, as v1::CollectorReport has it
  base::Nanos report_interval = 5 * base::kSecond;
  base::Nanos backoff_min = 500 * base::kMillisecond;
  base::Nanos backoff_max = 2 * base::kSecond;
};

// What other threads may know of a source.
struct TapSourceState {
  std::atomic<bool> has_snapshot{false};  // some snapshot is in force
  std::atomic<bool> connected{false};     // a stream to the operator is open

  // Of the operator that sent the snapshot in force; empty: not known.
  std::string operator_version() const {
    absl::MutexLock lock(&mutex_);
    return operator_version_;
  }
  void set_operator_version(const std::string& version) {
    absl::MutexLock lock(&mutex_);
    operator_version_ = version;
  }

 private:
  mutable absl::Mutex mutex_;
  std::string operator_version_ ABSL_GUARDED_BY(mutex_);
};

// The taps as the operator sends them (traffictap.v1.TapDiscovery). Dials for as long as it
// lives; while the operator is away the last snapshot stays in force, also over a restart where
// there is a cache file.
class TapSource {
 public:
  struct Hooks {
    // Makes exactly these taps be in force.
    std::function<std::vector<pipeline::TapFault>(const std::vector<tap::TapSpecPtr>&)> apply;
    std::function<pipeline::PipelineSnapshot()> pipeline_snapshot;
    // Takes the zones of the cluster's nodes, before the taps of the same snapshot. May be empty.
    std::function<void(als::ZoneTable::Zones)> set_zones = {};
    // Of a process that shares maxRecords with others: what the operator grants it comes here. Null: it
    // has all of them.
    pipeline::RecordLeases* leases = nullptr;
    // Of a receiver that ends streams at an age: takes how fast they grow old from now on, above 0 and at most 1, which is
    // as the age says; 1 also when the operator is away. Empty: the operator does not hear what comes in.
    std::function<void(double)> set_stream_pace = {};
  };

  // Applies the cached snapshot before it returns. The hooks are called by one thread at a time;
  // they, what they name and `state` outlive the source. kInvalidArgument: TLS files that do not fit. A cache file
  // that cannot be read is logged and counts for nothing: no snapshot is in force then.
  static StatusOr<std::unique_ptr<TapSource>> Start(TapSourceOptions options, Hooks hooks,
                                                    TapSourceState* state);
  // Sends a last report, marked as such, and ends the stream. False where the operator did not have
  // it within `wait`. No hook is called for taps afterwards.
  bool Finish(base::Nanos wait);
  // Ends the stream; waits for a running hook.
  ~TapSource();

 private:
  TapSource();
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace traffictap::collector
