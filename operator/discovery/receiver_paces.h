// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"

namespace traffictap::discovery {

// How fast streams of proxies grow old in each receiver, per mille of what its option says. A proxy chooses a receiver
// by chance when it opens a stream, and streams differ in what they carry: what moves spreads by number, not by load. So
// a receiver that receives far more than the mean ends streams at their age, and others keep what they have. No
// stream ends sooner than without this. Not thread-safe.
class ReceiverPaces {
 public:
  // Entries are counted for so long, then all paces are set.
  static constexpr base::Nanos kRound = 30 * base::kSecond;
  // kSlowest: a stream of fifteen minutes lasts up to four hours, if its receiver is not busy for as long.
  static constexpr uint32_t kFull = 1000, kSlowest = 63;
  // Times the mean: up to where streams are kept, and from where on they have the full pace. Evenly between.
  static constexpr double kEnough = 1.05, kMuch = 1.25;

  // What a connected receiver has received since its start.
  void Hear(const std::string& instance, uint64_t entries, base::Nanos now);
  // Exactly these are connected, of those that were heard.
  void SetConnected(const std::set<std::string>& instances);
  // kFull for who has not been here for a round.
  uint32_t PaceOf(const std::string& instance) const;

 private:
  struct Receiver {
    // At its first report of the round, and at the last one.
    uint64_t first_entries = 0, entries = 0;
    base::Nanos first_at = 0, at = 0;
    uint32_t pace = kFull;

    double rate() const;
  };
  void EndRound();

  std::map<std::string, Receiver> receivers_;
  base::Nanos round_began_ = 0;  // 0: none has
};

// Of a receiver that receives so many times the mean. Pure.
uint32_t PaceAt(double times_mean);

}  // namespace traffictap::discovery
