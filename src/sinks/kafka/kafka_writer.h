// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sinks/record_writer.h"
#include "tap/tap_spec.h"

namespace traffictap::sinks {

// Produces records to a Kafka topic: idempotent, acks=all, keyed so that one request id stays in
// one partition, with the headers of kafka_headers.h. A record is delivered when the broker says
// so. The files of credentials and certificates are read again when they change; records that a
// change of certificates meets on their way may then arrive twice, with their ids. Tokens are
// renewed before they expire.
class KafkaWriter final : public RecordWriter {
 public:
  explicit KafkaWriter(tap::KafkaOutput spec);
  ~KafkaWriter() override;

  // kUnavailable: no broker answers; kFailedPrecondition: no such topic; kUnauthenticated;
  // kPermissionDenied; kInvalidArgument: the settings.
  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override;
  void Poll() override;
  void Close(base::Nanos wait) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::sinks
