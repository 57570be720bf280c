// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/micro_time.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(micro_time)

BOOST_AUTO_TEST_CASE(a_time_has_six_digits_and_is_in_utc) {
  BOOST_TEST(controller::MicroTime(1'700'000'000 * base::kSecond + 42 * base::kMicrosecond + 999) ==
             "2023-11-14T22:13:20.000042Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
