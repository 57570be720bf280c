// SPDX-License-Identifier: Apache-2.0
#include "traffic/entry_consumer.h"

namespace traffictap::traffic {

const char* ToString(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformedEntry: return "MalformedEntry";
    case RejectReason::kMalformedMessage: return "MalformedMessage";
    case RejectReason::kNoIdentifier: return "NoIdentifier";
    case RejectReason::kQueueFull: return "QueueFull";
  }
  return "";
}

}  // namespace traffictap::traffic
