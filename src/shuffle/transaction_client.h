// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/clock.h"
#include "kafkaclient/record_transaction.h"
#include "shuffle/kafka_client.h"
#include "shuffle/shuffle_settings.h"

// librdkafka's own types, which its header has under these names.
struct rd_kafka_error_s;
struct rd_kafka_topic_s;
struct rd_kafka_consumer_group_metadata_s;

namespace traffictap::shuffle {

// A producer with transactions in the shuffle's cluster: its life, and the calls in their order. Of all
// processes with one id the last one that was Ready has it, and the others' calls fail. Errors:
// kPermissionDenied, kFailedPrecondition (the brokers do not do it): somebody has to do something; all
// others: try again, perhaps as another one. Used by one thread.
class TransactionClient : public KafkaClient {
 public:
  // After it the broker aborts what was begun and not ended.
  static constexpr base::Nanos kTransactionMax = 10 * base::kSecond;

  // `id`: its transactional.id begins with the group's name and ends with that.
  TransactionClient(const ShuffleSettings& settings, const std::string& id);
  ~TransactionClient() override;

  // A client that may Begin, within `wait`: what the brokers had open of the id is ended. Where they answer but
  // have not ended it by the second call, the next one takes another id.
  Status Ready(base::Nanos wait);
  Status Begin();
  // `member`: whose they are, or null: it is none any more. Refused from one that was evicted.
  Status SendOffsets(const rd_kafka_topic_partition_list_s* offsets,
                     const rd_kafka_consumer_group_metadata_s* member);
  // Not ok: it may be committed all the same.
  Status Commit();
  // Ends it whatever happens, and the client: where that one cannot, the id is taken by a new one, so that
  // the brokers end it.
  void Abort();
  // Gives up the client; what is on its way is told to OnDelivery.
  void Drop();
  // The same, and its id for another one. An id cannot be used before its transaction has ended, which brokers
  // write into each partition of it, and so wait for one that has no leader or too few replicas. What is left
  // open they abort by time, and nothing depends on ids: the group knows whose the partitions are.
  void LeaveId();

  // A librdkafka code. `id`: for OnDelivery, in _private.
  int Produce(const tap::KafkaOutput& output, const kafkaclient::TransactionRecord& record,
              uint64_t id);
  // Why the transaction that is open can only be aborted, as a librdkafka code; 0: it can be committed.
  int TroubleCode();
  // Lets deliveries and errors come, within `wait`.
  void Poll(base::Nanos wait);
  // Of the cluster; empty: nobody says within `wait`.
  static std::string ClusterId(const KafkaClient& client, base::Nanos wait);

 private:
  using Step = std::function<rd_kafka_error_s*(int wait_ms)>;
  Status Call(base::Nanos wait, const Step& step);
  Status ErrorOf(const rd_kafka_error_s* error) const;
  rd_kafka_topic_s* TopicOf(const tap::KafkaOutput& output);
  std::string Id() const;

  const ShuffleSettings settings_;
  const std::string id_;
  int ids_left_ = 0;
  int unready_ = 0;  // calls of Ready with this id, though brokers answer
  bool ready_ = false;
  std::map<std::string, rd_kafka_topic_s*> topics_;  // with the compression of the first output
};

// What may be one topic's doing, and none of the others'. A librdkafka code.
bool IsOfATopic(int error);

// Somebody has to do something, or it goes on failing.
inline bool NeedsSomebody(const Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status) ||
         absl::IsInvalidArgument(status);
}

}  // namespace traffictap::shuffle
