// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/work_queue.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "fakes/eventually.h"
#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

using controller::WorkQueue;
using kube::ObjectKey;

const ObjectKey kA{"shop", "a"};
const ObjectKey kB{"shop", "b"};

struct Rig {
  fakes::ManualClock clock;
  WorkQueue queue{{}, &clock};

  std::string Pop() {
    const auto key = queue.TryPop();
    return key ? key->name : "";
  }
  void Finish(const ObjectKey& key) { queue.Done(key); }
};

BOOST_AUTO_TEST_SUITE(work_queue)

BOOST_AUTO_TEST_CASE(a_key_waits_once_however_often_it_is_added) {
  Rig rig;
  rig.queue.Add(kA);
  rig.queue.Add(kB);
  rig.queue.Add(kA);
  BOOST_TEST(rig.queue.depth() == 2u);
  BOOST_TEST(rig.Pop() == "a");
  BOOST_TEST(rig.Pop() == "b");
  BOOST_TEST(rig.Pop() == "");
}

BOOST_AUTO_TEST_CASE(a_key_that_a_worker_has_comes_again_only_after_done) {
  Rig rig;
  rig.queue.Add(kA);
  BOOST_TEST(rig.Pop() == "a");
  rig.queue.Add(kA);
  rig.queue.Add(kA);
  BOOST_TEST(rig.Pop() == "");
  rig.queue.Done(kA);
  BOOST_TEST(rig.Pop() == "a");
  rig.queue.Done(kA);
  BOOST_TEST(rig.Pop() == "");
}

BOOST_AUTO_TEST_CASE(a_delayed_key_comes_at_its_time_and_the_earliest_time_counts) {
  Rig rig;
  rig.queue.AddAfter(kA, 10 * base::kSecond);
  rig.queue.AddAfter(kA, 3 * base::kSecond);
  rig.queue.AddAfter(kA, 20 * base::kSecond);
  rig.clock.Advance(2 * base::kSecond);
  BOOST_TEST(rig.Pop() == "");
  rig.clock.Advance(base::kSecond);
  BOOST_TEST(rig.Pop() == "a");
  rig.queue.Done(kA);
  rig.clock.Advance(60 * base::kSecond);
  BOOST_TEST(rig.Pop() == "");
}

BOOST_AUTO_TEST_CASE(a_delayed_key_that_falls_due_in_a_workers_hands_comes_after_done) {
  Rig rig;
  rig.queue.Add(kA);
  BOOST_TEST(rig.Pop() == "a");
  rig.queue.AddAfter(kA, base::kSecond);
  rig.clock.Advance(base::kSecond);
  BOOST_TEST(rig.Pop() == "");
  rig.queue.Done(kA);
  BOOST_TEST(rig.Pop() == "a");
}

BOOST_AUTO_TEST_CASE(failures_of_a_key_double_its_delay_up_to_the_limit_until_forgotten) {
  Rig rig;
  const auto delay_of_next_failure = [&rig] {
    rig.queue.AddAfterFailure(kA);
    base::Nanos waited = 0;
    while (rig.Pop().empty() && waited < 10'000 * base::kSecond) {
      rig.clock.Advance(5 * base::kMillisecond);
      waited += 5 * base::kMillisecond;
    }
    rig.queue.Done(kA);
    return waited / base::kMillisecond;
  };
  BOOST_TEST(delay_of_next_failure() == 5);
  BOOST_TEST(delay_of_next_failure() == 10);
  BOOST_TEST(delay_of_next_failure() == 20);
  for (int i = 0; i < 20; ++i) delay_of_next_failure();
  BOOST_TEST(delay_of_next_failure() == 1'000'000);
  rig.queue.Forget(kA);
  BOOST_TEST(delay_of_next_failure() == 5);
}

BOOST_AUTO_TEST_CASE(a_failure_waits_at_least_as_long_as_was_asked) {
  Rig rig;
  rig.queue.AddAfterFailure(kA, 7 * base::kSecond);
  rig.clock.Advance(6 * base::kSecond);
  BOOST_TEST(rig.Pop() == "");
  rig.clock.Advance(base::kSecond);
  BOOST_TEST(rig.Pop() == "a");
}

BOOST_AUTO_TEST_CASE(stop_releases_those_who_wait) {
  Rig rig;
  std::stop_source stop;
  std::thread worker([&] { BOOST_TEST(!rig.queue.Pop(stop.get_token()).has_value()); });
  stop.request_stop();
  worker.join();
}

BOOST_AUTO_TEST_CASE(many_workers_never_have_one_key_twice_and_lose_none) {
  base::SystemClock clock;
  WorkQueue queue({}, &clock);
  constexpr int kKeys = 20;
  std::vector<std::atomic<int>> inside(kKeys);
  std::vector<std::atomic<int>> seen(kKeys);
  std::atomic<bool> twice{false};
  std::stop_source stop;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (auto key = queue.Pop(stop.get_token())) {
        const auto index = static_cast<size_t>(std::stoi(key->name));
        if (++inside[index] > 1) twice = true;
        ++seen[index];
        --inside[index];
        queue.Done(*key);
      }
    });
  }
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < kKeys; ++i) queue.Add({"n", std::to_string(i)});
  }
  BOOST_TEST(fakes::Eventually([&] { return queue.depth() == 0; }));
  stop.request_stop();
  for (auto& worker : workers) worker.join();
  BOOST_TEST(!twice);
  for (const auto& count : seen) BOOST_TEST(count > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
