// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/status.h"
#include "collector/options.h"

namespace traffictap::collector {

// The whole process behind main: servers, pipeline, watched taps. Started by Start, ended by Stop.
class Collector {
 public:
  static StatusOr<std::unique_ptr<Collector>> Start(const Options& options);
  ~Collector();

  // Not ready any more, GOAWAY to the proxies, reads on, closes the outputs, tells the operator and
  // the log what was counted. Ends within read_on + close_wait and six seconds, whatever hangs
  // outside: see sinks::AbandonedWriters.
  void Stop();

  int als_port() const;  // 0: its role receives nothing
  int http_port() const;

 private:
  Collector();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::collector
