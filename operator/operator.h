// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/status.h"
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
  explicit Operator(const Options& options);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::op
