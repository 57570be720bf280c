// SPDX-License-Identifier: Apache-2.0
#include "web/work_thread.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "absl/synchronization/mutex.h"
#include "fakes/eventually.h"

namespace traffictap {
namespace web {
namespace {

// What became of each piece of work. The piece "held" stays under way until it is let go.
struct Fixture {
  absl::Mutex mutex;
  bool let_go = false;
  std::string done;
  WorkThread thread{"sums", 1};

  void Do(const std::string& name) {
    thread.Do([this, name](const Status& status) {
      absl::MutexLock lock(&mutex);
      done += name + (status.ok() ? " " : ": " + Message(status) + " ");
      if (name == "held") mutex.Await(absl::Condition(&let_go));
    });
  }
  void LetGo() {
    absl::MutexLock lock(&mutex);
    let_go = true;
  }
  std::string Done() {
    absl::MutexLock lock(&mutex);
    return done;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(work_thread, Fixture)

BOOST_AUTO_TEST_CASE(work_is_done_elsewhere_in_turn_and_refused_where_too_much_waits) {
  Do("held");
  BOOST_TEST(fakes::Eventually([&] { return Done() == "held "; }));
  Do("next");
  Do("more");
  BOOST_TEST(Done() == "held more: too many sums are being computed: try again later ");
  LetGo();
  BOOST_TEST(fakes::Eventually([&] { return Done().ends_with("next "); }));
}

BOOST_AUTO_TEST_CASE(the_end_refuses_what_waits_and_what_comes) {
  Do("held");
  BOOST_TEST(fakes::Eventually([&] { return Done() == "held "; }));
  Do("next");
  LetGo();
  thread.Stop();
  Do("late");
  BOOST_TEST(Done().ends_with("late: the collector stops "));
  thread.Stop();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace web
}  // namespace traffictap
