// SPDX-License-Identifier: Apache-2.0
#include "apiserver/access_reviewer.h"

#include <boost/test/unit_test.hpp>

#include "absl/synchronization/notification.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"

namespace traffictap {

using apiserver::AccessReviewer;
using apiserver::AccessReviewerOptions;

struct AccessReviewerTest {
  fakes::FakeKubeClient kube;
  fakes::ManualClock clock;
  absl::Mutex mutex;
  std::vector<kube::Json> asked ABSL_GUARDED_BY(mutex);
  std::set<std::string> allowed ABSL_GUARDED_BY(mutex);  // namespaces; "*": all

  AccessReviewerTest() {
    kube.AnswerReviews(kube::kSubjectAccessReviews, [this](kube::Object review) {
      absl::MutexLock lock(&mutex);
      const auto& spec = review.value()["spec"];
      asked.push_back(spec);
      const std::string ns = spec["resourceAttributes"].value("namespace", "*");
      review.value()["status"]["allowed"] = allowed.contains(ns);
      return review;
    });
  }
  void Allow(const std::set<std::string>& namespaces) {
    absl::MutexLock lock(&mutex);
    allowed = namespaces;
  }
  size_t questions() {
    absl::MutexLock lock(&mutex);
    return asked.size();
  }
  static observe::Credentials Max() {
    observe::Credentials out;
    out.user = {"max", "42", {"shop-team"}, {{"scopes", {"a"}}}};
    return out;
  }
  StatusOr<observe::Access> Ask(AccessReviewer* reviewer, const std::set<std::string>& namespaces,
                                const observe::Credentials& credentials = Max()) {
    StatusOr<observe::Access> out = observe::Access();
    absl::Notification answered;
    reviewer->Authorize(credentials, namespaces, [&](StatusOr<observe::Access> access) {
      out = std::move(access);
      answered.Notify();
    });
    BOOST_REQUIRE(fakes::Notified(answered));
    return out;
  }
};

BOOST_FIXTURE_TEST_SUITE(access_reviewer, AccessReviewerTest)

BOOST_AUTO_TEST_CASE(each_namespace_is_asked_for_with_the_whole_user) {
  AccessReviewer reviewer(&kube, &clock, {});
  Allow({"shop"});
  const auto access = Ask(&reviewer, {"", "bank", "shop"}).value();
  BOOST_TEST(access.user == "max");
  BOOST_TEST(!access.everything);
  BOOST_TEST(access.MayRead("shop"));
  BOOST_TEST(!access.MayRead("bank"));
  BOOST_TEST(!access.MayRead(""));
  BOOST_TEST_REQUIRE(questions() == 3u);
  absl::MutexLock lock(&mutex);
  const kube::Json want = {{"user", "max"},
                           {"uid", "42"},
                           {"groups", {"shop-team"}},
                           {"extra", {{"scopes", {"a"}}}},
                           {"resourceAttributes",
                            {{"group", "tap.traffictap.io"},
                             {"resource", "pairs"},
                             {"verb", "watch"},
                             {"namespace", "bank"}}}};
  BOOST_TEST(asked[1] == want);
}

BOOST_AUTO_TEST_CASE(who_may_watch_all_namespaces_sees_everything) {
  AccessReviewer reviewer(&kube, &clock, {});
  Allow({"*"});
  BOOST_TEST(Ask(&reviewer, {"shop"}).value().everything);
  BOOST_TEST(questions() == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_is_used_again_for_some_seconds_and_by_its_own_user_alone) {
  AccessReviewer reviewer(&kube, &clock, {});
  Allow({"shop"});
  BOOST_TEST(Ask(&reviewer, {"shop"}).value().MayRead("shop"));
  BOOST_TEST(Ask(&reviewer, {"shop"}).value().MayRead("shop"));
  BOOST_TEST(questions() == 2u);
  auto other = Max();
  other.user.groups = {};
  Allow({});
  BOOST_TEST(!Ask(&reviewer, {"shop"}, other).value().MayRead("shop"));
  clock.Advance(6 * base::kSecond);
  BOOST_TEST(!Ask(&reviewer, {"shop"}).value().MayRead("shop"));
}

BOOST_AUTO_TEST_CASE(what_it_remembers_is_bounded) {
  AccessReviewerOptions options;
  options.answers_max = 4;
  AccessReviewer reviewer(&kube, &clock, options);
  std::set<std::string> many;
  for (int i = 0; i < 10; ++i) many.insert("ns-" + std::to_string(i));
  Allow(many);
  BOOST_TEST(Ask(&reviewer, many).value().namespaces.size() == 10u);
}

BOOST_AUTO_TEST_CASE(without_a_user_nobody_is_asked) {
  AccessReviewer reviewer(&kube, &clock, {});
  BOOST_TEST(absl::IsUnauthenticated(Ask(&reviewer, {"shop"}, {}).status()));
  BOOST_TEST(questions() == 0u);
}

BOOST_AUTO_TEST_CASE(an_api_server_that_does_not_answer_is_no_right_and_is_not_remembered) {
  AccessReviewer reviewer(&kube, &clock, {});
  Allow({"shop"});
  kube.Fail("create", kube::kSubjectAccessReviews, absl::DeadlineExceededError("slow"));
  const auto refused = Ask(&reviewer, {"shop"}).status();
  BOOST_TEST(absl::IsUnavailable(refused));
  BOOST_TEST(Message(refused).find("slow") != std::string::npos);
  BOOST_TEST(Ask(&reviewer, {"shop"}).value().MayRead("shop"));
}

BOOST_AUTO_TEST_CASE(an_exception_on_the_way_is_no_right_and_ends_nothing) {
  AccessReviewer reviewer(&kube, &clock, {});
  kube.AnswerReviews(kube::kSubjectAccessReviews,
                     [](kube::Object) -> kube::Object { throw std::runtime_error("torn"); });
  const auto refused = Ask(&reviewer, {"shop"}).status();
  BOOST_TEST(absl::IsUnavailable(refused));
  BOOST_TEST(Message(refused).find("torn") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_caller_of_many_namespaces_delays_no_other) {
  AccessReviewerOptions options;
  options.threads = 1;
  AccessReviewer reviewer(&kube, &clock, options);
  absl::Notification asks, go;
  std::atomic<int> asked_of_max = 0, asked_when_answered = -1;
  kube.AnswerReviews(kube::kSubjectAccessReviews, [&](kube::Object review) {
    const bool of_max = review.value()["spec"]["user"] == "max";
    if (of_max && ++asked_of_max == 1) {
      asks.Notify();
      go.WaitForNotification();
    }
    review.value()["status"]["allowed"] = !of_max;
    return review;
  });
  std::set<std::string> many;
  for (int i = 0; i < 50; ++i) many.insert("ns-" + std::to_string(i));
  absl::Notification max_answered;
  reviewer.Authorize(Max(), many, [&](const StatusOr<observe::Access>&) { max_answered.Notify(); });
  BOOST_TEST(fakes::Notified(asks));
  observe::Credentials eve;
  eve.user.name = "eve";
  absl::Notification eve_answered;
  reviewer.Authorize(eve, {"shop"}, [&](const StatusOr<observe::Access>&) {
    asked_when_answered = asked_of_max.load();
    eve_answered.Notify();
  });
  go.Notify();
  BOOST_TEST(fakes::Notified(eve_answered));
  BOOST_TEST(fakes::Notified(max_answered));
  BOOST_TEST(asked_when_answered == 1);
  BOOST_TEST(asked_of_max == 51);
}

BOOST_AUTO_TEST_CASE(a_caller_whose_questions_take_too_long_in_all_gets_no_right) {
  AccessReviewer reviewer(&kube, &clock, {});
  kube.AnswerReviews(kube::kSubjectAccessReviews, [&](kube::Object review) {
    clock.Advance(4 * base::kSecond);
    review.value()["status"]["allowed"] = false;
    return review;
  });
  BOOST_TEST(absl::IsUnavailable(Ask(&reviewer, {"a", "b", "c", "d"}).status()));
}

BOOST_AUTO_TEST_CASE(those_who_wait_are_bounded_and_are_answered_when_it_stops) {
  AccessReviewerOptions options;
  options.threads = 1;
  options.waiting_max = 2;
  AccessReviewer reviewer(&kube, &clock, options);
  absl::Notification asks, go;
  kube.AnswerReviews(kube::kSubjectAccessReviews, [&](kube::Object review) {
    if (!asks.HasBeenNotified()) asks.Notify();
    go.WaitForNotification();
    return review;
  });
  std::atomic<int> unavailable = 0;
  const auto ask = [&] {
    reviewer.Authorize(Max(), {"shop"}, [&](const StatusOr<observe::Access>& access) {
      unavailable += absl::IsUnavailable(access.status());
    });
  };
  ask();
  BOOST_TEST(fakes::Notified(asks));  // the thread is busy with the first
  for (int i = 0; i < 3; ++i) ask();
  BOOST_TEST(unavailable == 1);
  std::thread stopper([&] { reviewer.Stop(); });
  BOOST_TEST(fakes::Eventually([&] {
    ask();
    return unavailable > 3;
  }));
  go.Notify();
  stopper.join();
  BOOST_TEST(absl::IsUnavailable(Ask(&reviewer, {"shop"}).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
