// SPDX-License-Identifier: Apache-2.0
#include "sinks/sink.h"

namespace traffictap::sinks {

const char* ToString(DropReason reason) {
  switch (reason) {
    case DropReason::kQueueFull: return "QueueFull";
    case DropReason::kWriteFailed: return "WriteFailed";
    case DropReason::kTooLarge: return "TooLarge";
    case DropReason::kTimedOut: return "TimedOut";
    case DropReason::kClosed: return "Closed";
    case DropReason::kAbandoned: return "Abandoned";
    case DropReason::kSpoolFull: return "SpoolFull";
    case DropReason::kSpoolExpired: return "SpoolExpired";
    case DropReason::kSpoolDamaged: return "SpoolDamaged";
  }
  return "Unknown";
}

}  // namespace traffictap::sinks
