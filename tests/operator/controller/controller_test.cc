// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/controller.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <thread>

#include "fakes/manual_clock.h"
#include "kube/api_error.h"

namespace traffictap {
namespace {

using controller::Controller;
using controller::ReconcileResult;
using controller::WorkQueue;
using kube::ObjectKey;

const ObjectKey kTap{"shop", "tap"};

class ScriptedReconciler final : public controller::Reconciler {
 public:
  std::function<StatusOr<ReconcileResult>(const ObjectKey&)> answer;
  int calls = 0;

  StatusOr<ReconcileResult> Reconcile(const ObjectKey& key) override {
    ++calls;
    return answer(key);
  }
};

struct Rig {
  explicit Rig(StatusOr<ReconcileResult> result) {
    reconciler.answer = [result](const ObjectKey&) { return result; };
    queue.Add(kTap);
    controller.RunOne();
  }
  // Whether the key comes again `after`, and not a moment before.
  bool ComesAgain(base::Nanos after) {
    clock.Advance(after - 1);
    if (controller.RunOne()) return false;
    clock.Advance(1);
    return controller.RunOne();
  }

  fakes::ManualClock clock;
  WorkQueue queue{{}, &clock};
  ScriptedReconciler reconciler;
  Controller controller{{.name = "tap"}, &reconciler, &queue, &clock};
};

BOOST_AUTO_TEST_SUITE(controller_loop)

BOOST_AUTO_TEST_CASE(a_key_that_went_well_is_done) {
  Rig rig(ReconcileResult{});
  rig.clock.Advance(3600 * base::kSecond);
  BOOST_TEST(!rig.controller.RunOne());
  BOOST_TEST(rig.reconciler.calls == 1);
}

BOOST_AUTO_TEST_CASE(a_key_comes_again_when_its_reconciler_asks) {
  Rig rig(ReconcileResult{60 * base::kSecond});
  BOOST_TEST(rig.ComesAgain(60 * base::kSecond));
}

BOOST_AUTO_TEST_CASE(a_failure_comes_again_with_the_keys_delay) {
  Rig rig(absl::UnavailableError("down"));
  BOOST_TEST(rig.ComesAgain(5 * base::kMillisecond));
  BOOST_TEST(rig.ComesAgain(10 * base::kMillisecond));
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_time_gets_it) {
  Rig rig(kube::ToStatus({429, "TooManyRequests", "", "", 7 * base::kSecond}, "apply", "x"));
  BOOST_TEST(rig.ComesAgain(7 * base::kSecond));
}

BOOST_AUTO_TEST_CASE(a_missing_right_is_tried_again_slowly) {
  Rig rig(kube::ToStatus({403, "Forbidden", "", "", std::nullopt}, "apply", "x"));
  BOOST_TEST(rig.ComesAgain(30 * base::kSecond));
}

BOOST_AUTO_TEST_CASE(one_key_that_fails_does_not_delay_another) {
  fakes::ManualClock clock;
  WorkQueue queue({}, &clock);
  ScriptedReconciler reconciler;
  std::string good;
  reconciler.answer = [&](const ObjectKey& key) -> StatusOr<ReconcileResult> {
    if (key.name == "bad") return absl::InternalError("bad");
    good += key.name;
    return ReconcileResult{};
  };
  Controller controller({.name = "tap"}, &reconciler, &queue, &clock);
  for (const char* name : {"bad", "a", "b"}) queue.Add({"n", name});
  while (controller.RunOne()) {
  }
  BOOST_TEST(good == "ab");
}

BOOST_AUTO_TEST_CASE(a_worker_is_as_old_as_its_step_and_one_without_a_key_has_none) {
  fakes::ManualClock clock;
  WorkQueue queue({}, &clock);
  ScriptedReconciler reconciler;
  Controller controller({.name = "tap"}, &reconciler, &queue, &clock);
  reconciler.answer = [&](const ObjectKey&) -> StatusOr<ReconcileResult> {
    BOOST_TEST(controller.SlowestWorker().step == 0);
    clock.Advance(7 * base::kSecond);
    BOOST_TEST(controller.SlowestWorker().step == 7 * base::kSecond);
    controller.NextStep();  // as before each of many writes
    clock.Advance(2 * base::kSecond);
    BOOST_TEST(controller.SlowestWorker().step == 2 * base::kSecond);
    return absl::UnavailableError("down");
  };
  queue.Add(kTap);
  BOOST_TEST(controller.RunOne());
  clock.Advance(3600 * base::kSecond);
  BOOST_TEST(controller.SlowestWorker().step == 0);
  BOOST_TEST(controller.SlowestWorker().name == "controller tap");
}

BOOST_AUTO_TEST_CASE(of_two_workers_the_one_that_hangs_is_told) {
  fakes::ManualClock clock;
  WorkQueue queue({}, &clock);
  ScriptedReconciler reconciler;
  Controller controller({.name = "tap"}, &reconciler, &queue, &clock);
  std::thread other;
  reconciler.answer = [&](const ObjectKey& key) {
    if (key == kTap) {
      clock.Advance(30 * base::kSecond);
      other = std::thread([&controller] { controller.RunOne(); });
      other.join();
      BOOST_TEST(controller.SlowestWorker().step == 31 * base::kSecond);
    } else {
      clock.Advance(base::kSecond);
    }
    return ReconcileResult{};
  };
  queue.Add(kTap);
  queue.Add({"shop", "other"});
  BOOST_TEST(controller.RunOne());
  BOOST_TEST(controller.SlowestWorker().step == 0);
}

BOOST_AUTO_TEST_CASE(stop_ends_all_workers) {
  base::SystemClock clock;
  WorkQueue queue({}, &clock);
  ScriptedReconciler reconciler;
  std::stop_source stop;
  reconciler.answer = [&stop](const ObjectKey&) {
    stop.request_stop();
    return ReconcileResult{};
  };
  Controller controller({.name = "tap", .workers = 3}, &reconciler, &queue, &clock);
  queue.Add(kTap);
  controller.Run(stop.get_token());
  BOOST_TEST(reconciler.calls == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
