// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recorder_trigger.h"

#include <boost/test/unit_test.hpp>

#include "observe/sample_records.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using pipeline::RecorderTrigger;
using tap::TriggerType;
using traffic::Verdict;

namespace {

tap::RecorderTrigger Spec(TriggerType type) {
  tap::RecorderTrigger spec;
  spec.name = "one";
  spec.type = type;
  spec.ratio = 0.5;
  spec.quantile = 0.9;
  spec.above = 100 * kMillisecond;
  spec.min_requests = 10;
  return spec;
}

struct Fixture {
  explicit Fixture(const tap::RecorderTrigger& spec)
      : trigger(std::move(RecorderTrigger::Create(spec).value())) {}

  // `count` requests of `path` that took `duration` and ended with `verdict`.
  void Send(int count, Verdict verdict, base::Nanos duration = kMillisecond,
            const std::string& path = "/", double weight = 1) {
    const auto client = fakes::EntryBuilder::Client().Path(path);
    const auto server = fakes::EntryBuilder::Server().Path(path);
    auto slow = client;
    slow.facts().duration = duration;
    const auto batch = observe::BatchBuilder().Pair(slow, server).Build();
    traffic::TrafficPair pair = batch->pair(0);
    pair.verdict = verdict;
    pair.weight = weight;
    RecorderTrigger::Tally tally;
    for (int i = 0; i < count; ++i) {
      if (trigger.Wants(pair, nullptr)) trigger.Count(pair, &tally);
    }
    trigger.Add(tally, now);
  }
  bool Fires() { return trigger.Fires(now); }

  RecorderTrigger trigger;
  base::Nanos now = 1000 * kSecond;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recorder_trigger)

BOOST_AUTO_TEST_CASE(fires_once_when_the_share_of_errors_is_reached_and_again_after_it_was_not) {
  Fixture f(Spec(TriggerType::kErrorRatio));
  f.Send(11, Verdict::kOk);
  f.Send(10, Verdict::kServerError);
  BOOST_TEST(!f.Fires());
  f.Send(1, Verdict::kNetworkOrProxy);
  BOOST_TEST(f.Fires());
  BOOST_TEST(!f.Fires());
  f.now += 11 * kSecond;  // all of that is too old
  BOOST_TEST(!f.Fires());
  f.Send(10, Verdict::kServerError);
  BOOST_TEST(f.Fires());
}

BOOST_AUTO_TEST_CASE(fewer_requests_than_the_least_number_tell_nothing) {
  Fixture f(Spec(TriggerType::kErrorRatio));
  f.Send(9, Verdict::kServerError);
  BOOST_TEST(!f.Fires());
  f.Send(1, Verdict::kServerError);
  BOOST_TEST(f.Fires());
}

BOOST_AUTO_TEST_CASE(a_success_after_a_retry_is_no_error) {
  Fixture f(Spec(TriggerType::kErrorRatio));
  f.Send(20, Verdict::kRetried);
  BOOST_TEST(!f.Fires());
}

BOOST_AUTO_TEST_CASE(what_is_older_than_the_time_looked_at_counts_no_longer) {
  Fixture f(Spec(TriggerType::kErrorRatio));
  f.Send(100, Verdict::kOk);
  f.now += 9 * kSecond;
  f.Send(60, Verdict::kServerError);
  BOOST_TEST(!f.Fires());
  f.now += 2 * kSecond;
  BOOST_TEST(f.Fires());
}

BOOST_AUTO_TEST_CASE(sampled_requests_count_by_their_weight) {
  Fixture f(Spec(TriggerType::kErrorRatio));
  f.Send(10, Verdict::kOk, kMillisecond, "/", 10);
  f.Send(20, Verdict::kServerError);  // all errors are kept: 20 of 120
  BOOST_TEST(!f.Fires());
}

BOOST_AUTO_TEST_CASE(fires_when_the_quantile_is_above_the_duration) {
  Fixture f(Spec(TriggerType::kLatency));
  f.Send(90, Verdict::kOk);
  f.Send(10, Verdict::kOk, 200 * kMillisecond);  // the 0.9 quantile is still fast
  BOOST_TEST(!f.Fires());
  f.Send(1, Verdict::kOk, 200 * kMillisecond);
  BOOST_TEST(f.Fires());
}

BOOST_AUTO_TEST_CASE(requests_with_other_paths_do_not_count) {
  auto spec = Spec(TriggerType::kErrorRatio);
  spec.paths = {{tap::PathMatchKind::kPrefix, "/pay"}};
  Fixture f(spec);
  f.Send(50, Verdict::kServerError, kMillisecond, "/cart");
  BOOST_TEST(!f.Fires());
  f.Send(10, Verdict::kServerError, kMillisecond, "/pay/1");
  BOOST_TEST(f.Fires());
}

BOOST_AUTO_TEST_CASE(a_webhook_never_fires_by_itself) {
  Fixture f(Spec(TriggerType::kWebhook));
  f.Send(100, Verdict::kServerError);
  BOOST_TEST(!f.Fires());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
