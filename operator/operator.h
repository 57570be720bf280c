// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "operator/installation_check.h"
#include "operator/options.h"

namespace traffictap::op {

// The whole process behind main: watches, reconcilers, the server of TapDiscovery. Started by Start, ended
// by the destructor.
class Operator {
 public:
  // Returns when it works; the watches' first lists may still be under way.
  static StatusOr<std::unique_ptr<Operator>> Start(const Options& options);
  ~Operator();

  int http_port() const;

 private:
  Operator();
  struct State;
  std::unique_ptr<State> state_;
};

// Removes every patch that an operator has made in the mesh, taps or not, and the operators' lease.
// Returns the number of patches.
StatusOr<int> Uninstall(const Options& options);

// What the API server and the collector tell of the installation. An error: the API server cannot
// be reached.
StatusOr<std::vector<Finding>> Check(const Options& options);

}  // namespace traffictap::op
