// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "traffic/packed_entry.h"

namespace traffictap::pairing {

// Finds a request id that very many entries have, as where a proxy sets a constant one. All of them come
// to one partition, so that one thread joins them, however many there are, and nothing but path, sizes and
// times tells them apart. Looks at one entry of kEach. Not thread-safe.
class HotIds {
 public:
  static constexpr uint64_t kEach = 64;
  static constexpr base::Nanos kPeriod = 60 * base::kSecond;
  // Of a period, at least: 32,000 entries. Below, a share says little and costs little.
  static constexpr uint64_t kSamplesMin = 500;
  static constexpr double kShare = 0.2;

  struct Hot {
    std::string ns;
    std::string workload;  // that had such an entry last: a client, where one was seen
    double share = 0;      // of the entries of the period: so much at least
    uint64_t entries = 0;  // about
  };

  void See(const traffic::PackedEntry& entry) {
    if (++seen_ % kEach == 0) Sample(entry);
  }
  // Once a period, by `now` (monotonic): the id that kShare of its entries had, if there is one.
  std::optional<Hot> Look(base::Nanos now);

 private:
  // Any id of a larger share is among so many candidates at the end (Misra and Gries).
  static constexpr size_t kCandidatesMax = 32;
  struct Candidate {
    uint64_t count = 0;
    bool client = false;
    std::string ns;
    std::string workload;
  };
  void Sample(const traffic::PackedEntry& entry);

  uint64_t seen_ = 0;
  uint64_t samples_ = 0;                                // of this period
  std::unordered_map<uint64_t, Candidate> candidates_;  // by HashRequestId
  std::optional<base::Nanos> begun_;
};

// One line in the log. The id is not in it: it was captured from traffic.
void LogHotId(const HotIds::Hot& hot);

}  // namespace traffictap::pairing
