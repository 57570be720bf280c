// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "traffictap/v1/pair.pb.h"

namespace traffictap::observe {

// How often rules denied the requests of each edge (source → destination), or policies that are only
// tried (dry run) would have.
class PolicyCounts {
 public:
  enum class Of { kDenials, kDryRun };

  explicit PolicyCounts(Of of) : of_(of) {}

  void Add(const v1::TrafficPair& record);

  struct Row {
    std::string source;       // "shop/web"
    std::string destination;  // "shop/cart"
    std::string rule;     // "shop/deny-writes rule 0", "none named", "JWT"; empty: nothing denied
    double denied = 0;    // by the weights of the records
    double requests = 0;  // of the edge; of a dry run those that policies were tried for
    bool estimated = false;  // some record of the edge stands for more than one request
  };
  // By edge, of each the most denied first. Of denials those edges alone that have some.
  std::vector<Row> Rows() const;

 private:
  struct Edge {
    double requests = 0;
    std::map<std::string, double> denied;  // by rule
    bool estimated = false;
  };
  const Of of_;
  std::map<std::pair<std::string, std::string>, Edge> edges_;
};

}  // namespace traffictap::observe
