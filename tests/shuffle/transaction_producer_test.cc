// SPDX-License-Identifier: Apache-2.0

// What it does without brokers, and with mock ones; tests/scale_out has a real one.
#include "shuffle/transaction_producer.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "shuffle/mock_kafka.h"

namespace traffictap {
namespace {

constexpr const char* kRecords = "records";

struct Party final : kafkaclient::RecordTransaction::Party {
  void Ended(bool) override {}
};

tap::KafkaOutput Spec(const shuffle::ShuffleSettings& settings) {
  tap::KafkaOutput out = settings.cluster;
  out.topic = kRecords;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transaction_producer)

BOOST_AUTO_TEST_CASE(outputs_that_take_long_to_try_are_tried_with_transactions_between) {
  fakes::ManualClock clock;
  int tries = 0;
  const auto refuse = [&](const auto&, const auto&, base::Nanos) -> Status {
    ++tries;
    clock.Advance(8 * base::kSecond);
    return absl::FailedPreconditionError("another cluster");
  };
  shuffle::TransactionProducer producer(shuffle::ShuffleSettings(), &clock, refuse);
  const std::vector<std::shared_ptr<Party>> outputs = {
      std::make_shared<Party>(), std::make_shared<Party>(), std::make_shared<Party>(),
      std::make_shared<Party>()};
  const auto refused = [&] {
    return std::count_if(outputs.begin(), outputs.end(), [&](const auto& output) {
      return !producer.Write(output, tap::KafkaOutput(), {}).ok();
    });
  };
  BOOST_TEST(refused() == 2);
  BOOST_TEST(tries == 2);
  BOOST_TEST(producer.open());
  BOOST_TEST(absl::IsUnavailable(producer.status()));
  // All comes again, and nobody is tried twice.
  producer.AbortOpen();
  BOOST_TEST(refused() == 4);
  BOOST_TEST(tries == 4);
  BOOST_TEST(!producer.open());
}

BOOST_AUTO_TEST_CASE(a_record_that_its_memory_never_holds_is_refused_before_anything_begins) {
  fakes::ManualClock clock;
  shuffle::ShuffleSettings settings;
  settings.transaction_bytes_max = 100;
  const auto no_try = [](const auto&, const auto&, auto) {
    BOOST_ERROR("tried");
    return absl::OkStatus();
  };
  shuffle::TransactionProducer producer(settings, &clock, no_try);
  const std::string large(100, 'x');
  const Status written =
      producer.Write(std::make_shared<Party>(), tap::KafkaOutput(), {.key = "k", .value = large});
  BOOST_TEST(absl::IsOutOfRange(written));
  BOOST_TEST(Message(written).find("--memory") != std::string::npos, Message(written));
  BOOST_TEST(!producer.open());
}

BOOST_AUTO_TEST_CASE(a_refused_checkpoint_is_named_and_no_output_is_tried_again_for_it) {
  MockKafka kafka(2);
  const auto settings = kafka.Settings();
  kafka.Create(kRecords, 1, 1);
  kafka.Create(settings.checkpoints, 1, 2);
  fakes::ManualClock clock;
  int tries = 0;
  shuffle::TransactionProducer producer(settings, &clock, [&](const auto&, const auto&, auto) {
    ++tries;
    return absl::OkStatus();
  });
  const auto party = std::make_shared<Party>();
  const auto write_and_save = [&] {
    BOOST_TEST(producer.Write(party, Spec(settings), {.key = "k", .value = "{}"}).ok());
    return producer.Save({{0, 1, "state"}}, [](const auto&) { return absl::OkStatus(); });
  };
  kafka.RefuseNext(2, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  const std::string said = Message(write_and_save());
  BOOST_TEST(said.find("\"traffictap.checkpoints\" refuses a checkpoint") != std::string::npos,
             said);
  producer.AbortOpen();
  const Status saved = write_and_save();
  BOOST_TEST(saved.ok(), Message(saved));
  BOOST_TEST(tries == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
