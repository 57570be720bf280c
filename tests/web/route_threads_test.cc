// SPDX-License-Identifier: Apache-2.0
#include "web/route_threads.h"

#include <boost/test/unit_test.hpp>

#include "absl/synchronization/notification.h"
#include "fakes/eventually.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(route_threads)

BOOST_AUTO_TEST_CASE(the_end_asks_what_runs_to_stop_and_waits_for_it) {
  absl::Notification asked;
  bool ended = false;
  {
    web::RouteThreads threads;
    const Status runs = threads.Run([&](const std::stop_token& stop) {
      const std::stop_callback on_stop(stop, [&] { asked.Notify(); });
      asked.WaitForNotification();
      ended = true;
    });
    BOOST_TEST(runs.ok());
  }
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(nothing_runs_after_the_end) {
  web::RouteThreads threads;
  threads.Close();
  BOOST_TEST(absl::IsUnavailable(threads.Run([](const std::stop_token&) {})));
  threads.Close();
}

BOOST_AUTO_TEST_CASE(so_many_run_at_once_and_the_others_are_turned_away_until_one_ends) {
  web::RouteThreads threads(2);
  absl::Notification ends;
  const auto wait = [&ends](const std::stop_token&) { ends.WaitForNotification(); };
  BOOST_TEST(threads.Run(wait).ok());
  BOOST_TEST(threads.Run(wait).ok());
  BOOST_TEST(absl::IsUnavailable(threads.Run(wait)));
  ends.Notify();
  BOOST_TEST(fakes::Eventually([&] { return threads.Run(wait).ok(); }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
