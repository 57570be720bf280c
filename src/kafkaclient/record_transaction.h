// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "kafkaclient/message_headers.h"
#include "tap/output_spec.h"

namespace traffictap::kafkaclient {

// A message for a topic. Views are valid for the call.
struct TransactionRecord {
  std::string_view key;
  std::string_view value;
  MessageHeaders headers;
};

// Transactions, one after the other, that outputs write records into and somebody else commits or aborts.
// Used by one thread.
class RecordTransaction {
 public:
  // One of those outputs. Called by that thread, at times when the output itself is gone.
  class Party {
   public:
    virtual ~Party() = default;
    // What it wrote since the last call is committed, or taken back: then its records are to come
    // again, to this output or to that of another process.
    virtual void Ended(bool committed) = 0;
  };

  virtual ~RecordTransaction() = default;
  // Writes a record to the output's topic, as the user of whose cluster it is. Begins a transaction where
  // none is open. Ok: the party hears of its end. Others: it is not part of the transaction and the
  // party's to drop, as kFailedPrecondition (another cluster, no such topic), kPermissionDenied, kOutOfRange
  // (too large) or kUnavailable (its topic has taken nothing for long); the message says what to do. An
  // output's first record takes until the brokers have answered, some seconds at most; so does one of those
  // that were refused, now and then.
  virtual Status Write(const std::shared_ptr<Party>& party, const tap::KafkaOutput& output,
                       const TransactionRecord& record) = 0;
};

}  // namespace traffictap::kafkaclient
