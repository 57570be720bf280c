// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "shuffle/checkpoint_writer.h"
#include "shuffle/transaction_client.h"

namespace traffictap::shuffle {

// A pairer's transactions: records of outputs, checkpoints and the group's offsets. Its id is the
// pairer's name, so that one that starts again ends what was open and waits for nobody (but see LeaveId). An
// output's first record is tried apart (TryOutput); what an output of several does wrong later aborts the
// transaction, and all that took part are tried again, so that each costs its own records alone. So does one
// whose topic takes nothing for half a minute while the brokers take the rest. Used by one thread.
class TransactionProducer final : public TransactionClient, public kafkaclient::RecordTransaction {
 public:
  using Try = std::function<Status(const tap::KafkaOutput&, const kafkaclient::TransactionRecord&,
                                   base::Nanos patience)>;
  // `clock` outlives it. `try_output`: TryOutput, or what a test has in its place.
  TransactionProducer(const ShuffleSettings& settings, const base::Clock* clock,
                      Try try_output = nullptr);
  ~TransactionProducer() override;

  Status Write(const std::shared_ptr<Party>& party, const tap::KafkaOutput& output,
               const kafkaclient::TransactionRecord& record) override;

  bool open() const { return open_; }
  // Of the transaction that is open: not ok where it can only be aborted.
  Status status();
  // Commits what was written, with the checkpoints and what `offsets` makes of their places. Not ok: it is
  // open still, and to be aborted; the group's commit says whether it came through all the same.
  Status Save(const std::vector<StateToSave>& states,
              const std::function<Status(const std::map<uint32_t, int64_t>&)>& send_offsets);
  void AbortOpen();
  // Lets deliveries, errors and renewed credentials come.
  void Tend();

 private:
  struct Output {
    std::shared_ptr<Party> party;
    tap::KafkaOutput spec;
    Status refused;          // by the last try
    bool admitted = false;   // it was tried, and may write
    bool tried = false;      // ever
    Status failed;           // in the transaction that is open: why the brokers refuse a record
    int strikes = 0;         // transactions one after the other that failed by it
    bool wrote = false;      // in the transaction that is open
    base::Nanos try_at = 0;  // not before, once it was refused. Monotonic
    // Records of the transaction that is open which the brokers do not have yet; whether it could not be
    // committed for them.
    uint64_t on_way = 0;
    bool late = false;
    // Since when its topic takes nothing, while the brokers take the rest; 0: it does. Monotonic
    base::Nanos held_up_since = 0;
    base::Nanos held_up_at = 0;  // when that was last seen. Monotonic
    base::Nanos pause = 0;       // until it is tried again, longer each time
  };
  using Outputs = std::map<uint64_t, Output>;  // by what their messages have as id
  Outputs::iterator Find(const std::shared_ptr<Party>& party, const tap::KafkaOutput& spec);
  Status Admit(Output* output, const kafkaclient::TransactionRecord& record);
  void Fail(const Status& why);
  Status Refuse(Output* output, const Status& why);
  bool Answers();
  bool HeldUp(Output* output, bool alone);
  Status HoldOff(Output* output);
  Status Late(const Status& why);
  void Produce(uint64_t id, Output* output, const kafkaclient::TransactionRecord& record);
  void Break(int error, const tap::KafkaOutput& of);
  void Strike(Output* output);
  void End(bool committed);
  void OnDelivery(const rd_kafka_message_s& message) override;

  const ShuffleSettings settings_;
  const base::Clock* const clock_;
  const Try try_output_;
  CheckpointWriter checkpoints_;
  Outputs outputs_;
  uint64_t next_id_ = 1;
  base::Nanos try_again_at_ = 0;  // one that was refused; of all outputs. Monotonic
  base::Nanos tries_ = 0;         // how long those of others took since a transaction ended
  bool open_ = false;
  bool begun_ = false;   // by the client as well
  bool ending_ = false;  // what is given up now is no failure
  int given_up_ = 0;     // messages, as a librdkafka code; 0: none
  Status status_;        // of the one that is open
};

}  // namespace traffictap::shuffle
