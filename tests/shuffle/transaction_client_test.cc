// SPDX-License-Identifier: Apache-2.0
#include "shuffle/transaction_client.h"

#include <boost/test/unit_test.hpp>

#include "shuffle/mock_kafka.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(transaction_client)

// As that of a transaction that cannot be ended.
BOOST_AUTO_TEST_CASE(an_id_that_cannot_be_used_is_left_for_another_one) {
  MockKafka kafka(2);
  kafka.Coordinate("traffictap-pairer-0", 2);
  kafka.Coordinate("traffictap-pairer-0.2", 1);
  kafka.TakeDown(2);
  shuffle::TransactionClient client(kafka.Settings(), "pairer-0");
  int tries = 0;
  while (!client.Ready(base::kSecond).ok() && tries < 8) ++tries;
  BOOST_TEST(tries >= 2);
  BOOST_TEST(tries < 8);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
