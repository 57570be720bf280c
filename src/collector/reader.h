// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/status.h"
#include "collector/options.h"

namespace traffictap::collector {

// The whole process behind main with --role reader: the live API and the page, of the records of all
// pairers. Keeps no records, and knows no tokens. Started by Start, ended by Stop.
class Reader {
 public:
  // kInvalidArgument: no address on this machine is left to serve at.
  static StatusOr<std::unique_ptr<Reader>> Start(const Options& options);
  ~Reader();

  // Not ready any more; ends all streams.
  void Stop();

  int http_port() const;
  // Where the live API is.
  int live_port() const;

 private:
  Reader();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::collector
