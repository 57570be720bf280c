// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/status.h"
#include "tap/pattern.h"
#include "tap/tap_spec.h"
#include "traffic/traffic_pair.h"

namespace traffictap::filter {

// One MatchSpec against a whole record; each condition holds where it holds for any of the record's
// entries (a response code seen by either side, say). Durations: the longest. Immutable:
// thread-safe.
class PairFilter {
 public:
  static StatusOr<std::unique_ptr<PairFilter>> Create(const tap::MatchSpec& spec);
  ~PairFilter();
  // The answer counts only where `budget` (null: any time) refused no test on the way.
  bool Matches(const traffic::TrafficPair& pair, tap::PatternBudget* budget = nullptr) const;

 private:
  PairFilter();
  struct Conditions;
  std::unique_ptr<Conditions> conditions_;
};

// Which of a record's ends are targets: the others are peers that are attached for their side.
struct OwnEnds {
  bool client = true;
  bool server = true;
};
// Of the sides that are there. A server that was tried in vain counts as well.
OwnEnds OwnEndsOf(const tap::TapSpec& spec, const traffic::TrafficPair& pair);

// Direction as the tap means it: Inbound keeps records in which the server's side is a target,
// Outbound those in which the client's side is.
bool MatchesDirection(tap::Direction direction, const traffic::TrafficPair& pair,
                      const OwnEnds& own = {});

// include and exclude, against what the halves say of the other end: of the server where the tap
// looks from the client (Outbound, Both), of the client where it looks from the server. One end
// that is excluded drops the record; one that is included is enough. `Create` compiles the CIDRs.
class PeerFilter {
 public:
  static StatusOr<std::unique_ptr<PeerFilter>> Create(const tap::TapSpec& spec);
  ~PeerFilter();
  bool Matches(const traffic::TrafficPair& pair, const OwnEnds& own = {}) const;

 private:
  PeerFilter();
  struct Rules;
  std::unique_ptr<Rules> rules_;
};

// Sampling of whole records for taps with alwaysKeep (for others it is done already): errors are
// records with a verdict other than Ok and Retried, and those of which any side or attempt has a code
// >= 500 or a gRPC status that is a server's fault; slow ones last at least slow_threshold.
bool Samples(const tap::SamplingSpec& spec, const traffic::TrafficPair& pair);

// How many requests a record stands for that such sampling kept: 1 / ratio, or 1 where the ratio
// had no say.
double WeightOf(const tap::SamplingSpec& spec, const traffic::TrafficPair& pair);

}  // namespace traffictap::filter
