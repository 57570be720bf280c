// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::shuffle {

// The way of what a receiver says of its proxies into their topic. Used by one thread.
class ProxyOutlet {
 public:
  virtual ~ProxyOutlet() = default;

  // Checks the topic, and that it may be written; some seconds at most. What is wrong is named, with what
  // to do. May be called again after it failed.
  virtual Status Open() = 0;
  // Takes it over; without a value the topic shall forget what it has under the key. Only after Open. The
  // caller looks at pending(): there is no other bound.
  virtual void Send(const std::string& key, const std::optional<std::string>& value) = 0;
  // The keys of what the topic did not take, since the last call.
  virtual std::vector<std::string> Poll() = 0;
  // Waits until nothing is on its way, at most `wait`, and gives up the rest.
  virtual void Close(base::Nanos wait) = 0;

  virtual size_t pending() const = 0;    // messages on their way
  virtual uint64_t written() const = 0;  // messages that the topic has
  // What hinders it now; ok: nothing.
  virtual Status status() const = 0;
};

}  // namespace traffictap::shuffle
