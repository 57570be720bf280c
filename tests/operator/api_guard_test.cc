// SPDX-License-Identifier: Apache-2.0
#include "operator/api_guard.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "fakes/captured_log.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"

namespace traffictap {

struct ApiGuardTest {
  static constexpr base::Nanos kRemoveAfter = 60 * base::kSecond;
  const kube::ObjectKey key{"", "v1alpha1.tap.traffictap.io"};
  fakes::FakeKubeClient kube;
  fakes::ManualClock clock;
  op::ApiGuard guard{kRemoveAfter, &kube, &clock};

  void Seed(const char* available, const char* owner = "traffictap") {
    kube.Seed(kube::kApiServices,
              kube::Object(kube::Json{
                  {"metadata",
                   {{"name", key.name}, {"labels", {{"app.kubernetes.io/managed-by", owner}}}}},
                  {"status",
                   {{"conditions",
                     {{{"type", "Other"}, {"status", "True"}},
                      {{"type", "Available"}, {"status", available}}}}}}}));
  }
  bool IsThere() { return kube.Get(kube::kApiServices, key, {}).ok(); }
  void LookFor(base::Nanos time) {
    for (base::Nanos end = clock.Monotonic() + time; clock.Monotonic() < end;) {
      guard.Look();
      clock.Advance(5 * base::kSecond);
    }
    guard.Look();
  }
};

BOOST_FIXTURE_TEST_SUITE(api_guard, ApiGuardTest)

BOOST_AUTO_TEST_CASE(one_that_is_available_stays) {
  Seed("True");
  LookFor(3 * kRemoveAfter);
  BOOST_TEST(IsThere());
}

BOOST_AUTO_TEST_CASE(one_that_is_not_available_for_long_enough_is_removed) {
  Seed("False");
  LookFor(kRemoveAfter - base::kSecond * 5);
  BOOST_TEST(IsThere());
  LookFor(base::kSecond * 5);
  BOOST_TEST(!IsThere());
}

BOOST_AUTO_TEST_CASE(one_of_which_the_api_server_says_nothing_is_not_available) {
  kube.Seed(
      kube::kApiServices,
      kube::Object(kube::Json{
          {"metadata",
           {{"name", key.name}, {"labels", {{"app.kubernetes.io/managed-by", "traffictap"}}}}}}));
  LookFor(kRemoveAfter);
  BOOST_TEST(!IsThere());
}

BOOST_AUTO_TEST_CASE(a_moment_of_health_another_one_or_a_silent_api_server_begins_the_time_anew) {
  const auto begins_anew = [&](auto what) {
    Seed("False");
    LookFor(kRemoveAfter - base::kSecond * 5);
    what();
    guard.Look();
    Seed("False");
    LookFor(kRemoveAfter - base::kSecond * 5);
    BOOST_TEST(IsThere());
    kube.Purge(kube::kApiServices, key);
    guard.Look();
  };
  begins_anew([&] { Seed("True"); });
  begins_anew([&] {
    kube.Purge(kube::kApiServices, key);
    Seed("False");
  });
  begins_anew([&] { kube.Fail("get", kube::kApiServices, absl::UnavailableError("gone"), 1); });
}

BOOST_AUTO_TEST_CASE(what_is_not_ours_stays) {
  Seed("False", "helm");
  LookFor(3 * kRemoveAfter);
  BOOST_TEST(IsThere());
}

BOOST_AUTO_TEST_CASE(one_that_changes_at_the_last_moment_stays_for_another_look) {
  Seed("False");
  LookFor(kRemoveAfter - base::kSecond * 5);
  kube.Fail("delete", kube::kApiServices, kube::ToStatus({409, "Conflict"}, "delete", "it"), 1);
  LookFor(base::kSecond * 5);
  BOOST_TEST(IsThere());
  LookFor(0);
  BOOST_TEST(!IsThere());
}

BOOST_AUTO_TEST_CASE(trouble_is_told_once) {
  fakes::CapturedLog log("operator");
  kube.Fail("get", kube::kApiServices, absl::PermissionDeniedError("not allowed"), 3);
  for (int i = 0; i < 3; ++i) guard.Look();
  BOOST_TEST(log.Lines("cannot look after the APIService").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_removal_that_is_refused_again_and_again_is_told_once) {
  fakes::CapturedLog log("operator");
  Seed("False");
  LookFor(kRemoveAfter - base::kSecond * 5);
  kube.Fail("delete", kube::kApiServices, absl::PermissionDeniedError("not allowed"), 3);
  for (int i = 0; i < 3; ++i) LookFor(base::kSecond * 5);
  BOOST_TEST(log.Lines("cannot look after the APIService").size() == 1u);
  LookFor(base::kSecond * 5);
  BOOST_TEST(!IsThere());
}

BOOST_AUTO_TEST_CASE(it_runs_until_it_is_told_to_stop_and_not_at_all_where_it_may_not_remove) {
  op::ApiGuard quick(1, &kube, &clock);
  Seed("False");
  {
    std::jthread thread([&](const std::stop_token& stop) { quick.Run(stop); });
    // The second look comes some seconds later.
    BOOST_TEST(fakes::Eventually([&] {
      clock.Advance(base::kSecond);
      return !IsThere();
    }));
  }
  Seed("False");
  op::ApiGuard never(0, &kube, &clock);
  never.Run({});
  BOOST_TEST(IsThere());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
