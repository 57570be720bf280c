// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "als/zone_table.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "tap/parse_tap.h"
#include "tap/tap_spec.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::collector {

// Turns snapshots into taps. A compiled tap whose document is bad keeps the last good version of its tap;
// one whose document did not change is not parsed again. Not thread-safe.
class SnapshotReader {
 public:
  // `takes_leases`: where the operator grants them, taps with a maxRecords come with a lease.
  explicit SnapshotReader(bool takes_leases = false) : takes_leases_(takes_leases) {}

  struct Reading {
    std::vector<tap::TapSpecPtr> taps;
    std::vector<pipeline::TapFault> faults;
    std::vector<pipeline::TapFault> warnings;  // fields of a newer operator's that were passed over
  };
  Reading Read(const v1::DiscoverySnapshot& snapshot);

  // Adds what the snapshots said of the reported taps: uid and generation of the version that was
  // read last.
  void Identify(v1::CollectorReport* report) const;

 private:
  struct Document {
    std::string text;
    tap::UnknownFields unknown;  // how it was read
    tap::TapSpecPtr spec;        // without peers
    std::vector<pipeline::TapFault> warnings;
  };
  using DocumentPtr = std::shared_ptr<const Document>;
  struct Good {
    tap::TapSpecPtr spec;
    std::string uid;
    int64_t generation = 0;
    DocumentPtr document;
  };
  static StatusOr<DocumentPtr> Parse(const v1::CompiledTap& compiled, tap::UnknownFields unknown);
  StatusOr<DocumentPtr> DocumentOf(const v1::CompiledTap& compiled,
                                   tap::UnknownFields unknown) const;

  const bool takes_leases_;
  std::map<std::string, Good> good_;  // by tap
};

// The zone of each node that the snapshot names.
als::ZoneTable::Zones ReadZones(const v1::DiscoverySnapshot& snapshot);

// Above 0, and at most 1: as ever.
double ReadPace(const v1::StreamPace& pace);

}  // namespace traffictap::collector
