// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"

namespace traffictap::shuffle {

// What the proxies' topic has for a pairer, one thing at a time.
struct ProxyLogEvent {
  enum class Kind {
    kNothing,
    kMessage,
    kEnd,    // all that was there when it was opened has been read
    kFault,  // it cannot be read now, or at all
  };
  Kind kind = Kind::kNothing;
  // Of a message, until the next call. No value: the key is to be forgotten.
  std::string_view key;
  std::optional<std::string_view> value;
  // Of a fault.
  Status fault;
  bool reopen = false;  // it has to be opened again
};

// The proxies' topic as a pairer reads it: all partitions, each from its first message on. Used by one
// thread.
class ProxyLog {
 public:
  virtual ~ProxyLog() = default;

  // Checks the topic and begins with its first messages; some seconds at most. What is wrong is named, with
  // what to do. May be called again after it failed, and after Close.
  virtual Status Open() = 0;
  virtual void Close() = 0;
  // Does not wait.
  virtual ProxyLogEvent Poll() = 0;
};

}  // namespace traffictap::shuffle
