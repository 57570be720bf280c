// SPDX-License-Identifier: Apache-2.0
#include "base/wait.h"

#include <boost/test/unit_test.hpp>
#include <thread>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(wait)

BOOST_AUTO_TEST_CASE(a_requested_stop_ends_the_wait) {
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(!base::WaitOnClock(3600 * base::kSecond, stop.get_token()));
  BOOST_TEST(base::WaitOnClock(1, std::stop_token()));
}

BOOST_AUTO_TEST_CASE(a_stop_that_comes_later_ends_it_too) {
  std::stop_source stop;
  const std::jthread other([&stop] { stop.request_stop(); });
  BOOST_TEST(!base::WaitOnClock(3600 * base::kSecond, stop.get_token()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
