// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "kafkaclient/record_transaction.h"
#include "sinks/sink.h"
#include "tap/output_spec.h"

namespace traffictap::sinks {

// An output whose records go into somebody else's transaction (delivery.class ExactlyOnce), as the messages
// that KafkaWriter makes of them. It has no queue: Offer writes, waits for the brokers where it has to,
// and comes from the transaction's thread alone. A record counts once its transaction is committed, or
// when it is dropped; one that was taken back counts for whom it comes to again. Everything else is
// thread-safe, and the sink may go while a transaction is open.
class TransactionalSink final : public Sink {
 public:
  // `name`: for the log, "namespace/tap output". `transaction` outlives the sink.
  TransactionalSink(tap::KafkaOutput spec, std::string name,
                    kafkaclient::RecordTransaction* transaction);
  ~TransactionalSink() override;

  void Offer(traffic::RecordSelection records) override;
  Status Flush(base::Nanos wait) override;
  // Nothing is lost by time: what is in the transaction ends with it.
  void BeginClose(base::Nanos wait) override;
  bool Closed() override;
  void Close(base::Nanos wait) override;
  SinkCounters counters() const override;

 private:
  class Account;
  void Write(const traffic::RecordBatch& batch, size_t index);

  const tap::KafkaOutput spec_;
  kafkaclient::RecordTransaction* const transaction_;
  const std::shared_ptr<Account> account_;  // with the transaction
};

}  // namespace traffictap::sinks
