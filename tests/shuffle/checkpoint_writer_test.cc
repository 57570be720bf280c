// SPDX-License-Identifier: Apache-2.0
#include "shuffle/checkpoint_writer.h"

#include <boost/test/unit_test.hpp>

#include "shuffle/kafka_client.h"
#include "shuffle/mock_kafka.h"

namespace traffictap {
namespace {

// That has room for a single message.
class SmallProducer final : public shuffle::KafkaClient {
 public:
  SmallProducer(const shuffle::ShuffleSettings& settings, shuffle::CheckpointWriter* writer)
      : KafkaClient(settings.cluster), writer_(writer) {
    const Status made = CreateProducer(
        [](kafkaclient::KafkaSettings& to) { to.Set("queue.buffering.max.messages", "1"); });
    BOOST_TEST_REQUIRE(made.ok(), Message(made));
  }
  ~SmallProducer() override { Destroy(); }

 private:
  void OnDelivery(const rd_kafka_message_t& message) override { writer_->OnDelivery(message); }

  shuffle::CheckpointWriter* const writer_;
};

struct CheckpointWriterTest {
  CheckpointWriterTest() { kafka.Create(settings.checkpoints, 3); }

  MockKafka kafka{1};
  const shuffle::ShuffleSettings settings = kafka.Settings();
  shuffle::CheckpointWriter writer{settings};
  SmallProducer producer{settings, &writer};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint_writer, CheckpointWriterTest)

BOOST_AUTO_TEST_CASE(checkpoints_wait_for_room_in_the_producer) {
  const auto written =
      writer.Write(producer.get(), {{0, 10, "first"}, {1, 20, "second"}, {2, 30, "third"}});
  BOOST_TEST_REQUIRE(written.ok(), Message(written.status()));
  BOOST_TEST(written->size() == 3u);
}

BOOST_AUTO_TEST_CASE(one_that_is_too_large_for_its_topic_is_told_with_the_setting_to_raise) {
  kafka.RefuseNext(1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  const auto written = writer.Write(producer.get(), {{0, 10, "0123456789"}});
  BOOST_TEST(absl::IsFailedPrecondition(written.status()));
  const std::string said = Message(written.status());
  BOOST_TEST(said.find("\"traffictap.checkpoints\" refuses a checkpoint") != std::string::npos,
             said);
  BOOST_TEST(said.find("raise its max.message.bytes") != std::string::npos, said);
  BOOST_TEST(said.find("has 10 bytes") != std::string::npos, said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
