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

tap::KafkaOutput Spec(const shuffle::ShuffleSettings& settings,
                      const std::string& topic = kRecords) {
  tap::KafkaOutput out = settings.cluster;
  out.topic = topic;
  return out;
}

// Two outputs, of which one's topic has no leader.
struct Leaderless {
  explicit Leaderless(std::string of_each,
                      size_t bytes_max = shuffle::ShuffleSettings().transaction_bytes_max)
      : value(std::move(of_each)),
        settings(Settings(bytes_max)),
        producer(settings, &clock,
                 [](const auto&, const auto&, auto) { return absl::OkStatus(); }) {}

  Status WriteStuck() {
    return producer.Write(stuck, Spec(settings), {.key = "k", .value = value});
  }
  Status WriteOther() {
    return producer.Write(other, Spec(settings, "others"), {.key = "k", .value = value});
  }
  Status Save() {
    return producer.Save({{0, 1, "state"}}, [](const auto&) { return absl::OkStatus(); });
  }

  const std::string value;
  MockKafka kafka{1};
  const shuffle::ShuffleSettings settings;
  fakes::ManualClock clock;
  shuffle::TransactionProducer producer;
  const std::shared_ptr<Party> stuck = std::make_shared<Party>(), other = std::make_shared<Party>();

 private:
  shuffle::ShuffleSettings Settings(size_t bytes_max) {
    auto out = kafka.Settings();
    out.transaction_bytes_max = bytes_max;
    out.partitions = 1;
    kafka.Create(out.checkpoints, 1);
    kafka.Create(kRecords, 1, 0);
    kafka.Create("others", 1);
    return out;
  }
};

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

BOOST_AUTO_TEST_CASE(a_topic_that_accepts_nothing_for_long_costs_its_own_records_alone) {
  Leaderless f("{}");
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(f.WriteStuck().ok());
    BOOST_TEST(f.WriteOther().ok());
    const std::string said = Message(f.Save());
    BOOST_TEST(said.find("\"records\" takes no records") != std::string::npos, said);
    f.clock.Advance(30 * base::kSecond);
    f.producer.AbortOpen();
  }
  BOOST_TEST(absl::IsUnavailable(f.WriteStuck()));
  BOOST_TEST(f.WriteOther().ok());
  Status saved = f.Save();
  BOOST_TEST(saved.ok(), Message(saved));
  // It is tried again, and its topic is back.
  f.kafka.Lead(kRecords, 0, 1);
  f.clock.Advance(30 * base::kSecond);
  BOOST_TEST(f.WriteStuck().ok());
  saved = f.Save();
  BOOST_TEST(saved.ok(), Message(saved));
}

// No commit ever tells of it: there is no room for what belongs into the transaction.
BOOST_AUTO_TEST_CASE(a_topic_that_fills_the_memory_costs_its_own_records_alone) {
  Leaderless f(std::string(1024, 'x'), 32 * 1024);
  for (int i = 0; i < 2; ++i) {
    for (int n = 0; n < 64; ++n) BOOST_TEST(f.WriteStuck().ok());
    const std::string said = Message(f.producer.status());
    BOOST_TEST(said.find("\"records\" takes no records") != std::string::npos, said);
    f.clock.Advance(30 * base::kSecond);
    f.producer.AbortOpen();
  }
  BOOST_TEST(absl::IsUnavailable(f.WriteStuck()));
  BOOST_TEST(f.WriteOther().ok());
  const Status saved = f.Save();
  BOOST_TEST(saved.ok(), Message(saved));
}

BOOST_AUTO_TEST_CASE(one_that_still_accepts_nothing_is_tried_ever_more_rarely) {
  MockKafka kafka(1);
  auto settings = kafka.Settings();
  settings.partitions = 1;
  kafka.Create(settings.checkpoints, 1);
  fakes::ManualClock clock;
  int tries = 0;
  shuffle::TransactionProducer producer(settings, &clock,
                                        [&](const auto&, const auto&, auto) -> Status {
                                          ++tries;
                                          return absl::UnavailableError("no answer");
                                        });
  BOOST_TEST_REQUIRE(producer.Ready(10 * base::kSecond).ok());
  const auto party = std::make_shared<Party>();
  const auto write = [&] { return producer.Write(party, Spec(settings), {.key = "k"}); };
  // All of it comes again at first.
  BOOST_TEST(write().ok());
  BOOST_TEST(Message(producer.status()) == "no answer");
  producer.AbortOpen();
  clock.Advance(30 * base::kSecond);
  BOOST_TEST(absl::IsUnavailable(write()));
  BOOST_TEST(tries == 2);
  // After 30 s, 1, 2, 4 and 8 minutes, and then four times after ten.
  for (int i = 0; i < 360; ++i) {
    clock.Advance(10 * base::kSecond);
    BOOST_TEST(!write().ok());
  }
  BOOST_TEST(tries == 11);
}

BOOST_AUTO_TEST_CASE(while_no_broker_answers_nothing_is_refused) {
  fakes::ManualClock clock;
  shuffle::ShuffleSettings settings;
  settings.cluster.brokers = {"127.0.0.1:1"};
  shuffle::TransactionProducer producer(
      settings, &clock,
      [](const auto&, const auto&, auto) -> Status { return absl::UnavailableError("no answer"); });
  const auto party = std::make_shared<Party>();
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(producer.Write(party, Spec(settings), {.key = "k"}).ok());
    BOOST_TEST(!producer.status().ok());
    producer.AbortOpen();
    clock.Advance(60 * base::kSecond);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
