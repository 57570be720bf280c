// SPDX-License-Identifier: Apache-2.0

// What it does without a broker; tests/scale_out has one.
#include "shuffle/transaction_producer.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

struct Party final : kafkaclient::RecordTransaction::Party {
  void Ended(bool) override {}
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
