// SPDX-License-Identifier: Apache-2.0
#include "operator/liveness.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(liveness)

BOOST_AUTO_TEST_CASE(loops_that_wait_or_move_are_alive) {
  BOOST_TEST(op::Liveness({}, op::kStepMax).code == 200);
  const auto answer =
      op::Liveness({{"idle", 0}, {"busy", op::kStepMax}, {"soon", 1}}, op::kStepMax);
  BOOST_TEST(answer.code == 200);
  BOOST_TEST(answer.body == "ok\n");
}

BOOST_AUTO_TEST_CASE(each_loop_that_hangs_is_named_and_those_that_wait_never_are) {
  const auto answer = op::Liveness(
      {{"idle", 0}, {"a", op::kStepMax + 1}, {"moves", 5}, {"b", 2 * op::kStepMax}}, op::kStepMax);
  BOOST_TEST(answer.code == 503);
  BOOST_TEST(answer.body == "a has not moved for 300 s\nb has not moved for 600 s\n");
  BOOST_TEST(op::Liveness({{"idle", 0}}, -1).code == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
