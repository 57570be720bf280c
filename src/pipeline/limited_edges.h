// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "traffic/traffic_pair.h"

namespace traffictap::pipeline {

// Records that a tap left out because there were too many, by edge: who called whom. Of the edges
// that come after the first kEdgesMax the records are only counted. Not thread-safe.
class LimitedEdges {
 public:
  static constexpr size_t kEdgesMax = 100;

  struct End {
    std::string ns;
    std::string name;  // the workload, or the address of an end that has no better name
    auto operator<=>(const End&) const = default;
  };
  struct Edge {
    End source;
    End destination;
    uint64_t records = 0;
  };

  void Add(const traffic::TrafficPair& pair);

  // The most records first.
  std::vector<Edge> edges() const;
  uint64_t others() const { return others_; }

 private:
  std::map<std::pair<End, End>, uint64_t> records_;
  uint64_t others_ = 0;
};

}  // namespace traffictap::pipeline
