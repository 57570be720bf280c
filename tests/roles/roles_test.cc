// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "fakes/captured_log.h"
#include "roles/roles_fixture.h"
#include "shuffle/half_block.h"
#include "shuffle/removed_taps.h"

namespace traffictap {

using base::kSecond;

BOOST_FIXTURE_TEST_SUITE(roles_of_a_collector, RolesTest)

BOOST_AUTO_TEST_CASE(what_a_receiver_takes_comes_out_of_the_pairer_for_the_taps_of_both) {
  SetTaps({"a", "b"});
  for (int i = 0; i < 20; ++i) {
    Send(true, i);
    Send(false, i);
  }
  Turns(kSecond);
  BOOST_TEST(pairer.readiness().ok());
  BOOST_TEST(Offered("a") == 20u);
  BOOST_TEST(Offered("b") == 20u);
  const auto joins = pairer_pipeline->Snapshot().joins;
  BOOST_TEST(joins.pairs == 20u);
  BOOST_TEST(joins.kept == 40u);
  BOOST_TEST(receiver_pipeline->Snapshot().ingress.kept == 40u);
  const auto sent = MetricsOf(receiver);
  BOOST_TEST(sent.find("traffictap_shuffle_halves_produced_total 40") != std::string::npos, sent);
  const auto taken = MetricsOf(pairer);
  BOOST_TEST(
      taken.find("traffictap_shuffle_partition_halves{result=\"taken\"} 40") != std::string::npos,
      taken);
  clock.Advance(kSecond);
  pairer_pipeline->Step(0);
  BOOST_TEST(topics.committed.size() == size_t{kPartitions});
}

BOOST_AUTO_TEST_CASE(a_half_that_waits_ends_by_the_time_of_the_log) {
  SetTaps({"a"});
  Send(true, 1);
  Turns(kSecond);
  BOOST_TEST(Offered("a") == 0u);
  BOOST_TEST(pairer_pipeline->Snapshot().joins.waiting == 1u);
  for (int i = 0; i < 7; ++i) Turns(kSecond);
  BOOST_TEST(Offered("a") == 1u);
  BOOST_TEST(pairer_pipeline->Snapshot().joins.waiting == 0u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_removed_gets_what_waits_and_the_others_go_on) {
  SetTaps({"a", "b"});
  Send(true, 1);
  Turns(kSecond);
  SetTaps({"b"});
  BOOST_TEST(live.records == 1u);
  Send(false, 1);
  Turns(kSecond);
  BOOST_TEST(Offered("b") == 1u);
}

BOOST_AUTO_TEST_CASE(without_taps_a_pairer_joins_no_group) {
  pairer_pipeline->Step(0);
  BOOST_TEST(log->opens == 0);
  BOOST_TEST(!pairer.readiness().ok());
  SetTaps({"a"});
  pairer_pipeline->Step(0);
  BOOST_TEST(log->opens == 1);
}

BOOST_AUTO_TEST_CASE(while_the_log_has_no_room_entries_stay_in_the_queue) {
  SetTaps({"a"});
  outlet->now = absl::FailedPreconditionError("the topic has 8 partitions");
  receiver_pipeline->Step(0);
  Send(true, 1);
  receiver_pipeline->Step(0);
  BOOST_TEST(receiver_pipeline->Snapshot().queue_bytes > 0u);
  BOOST_TEST(Message(receiver.readiness()) == "the topic has 8 partitions");
  outlet->now = absl::UnavailableError("no broker");
  receiver_pipeline->Step(0);
  BOOST_TEST(receiver_pipeline->Snapshot().queue_bytes == 0u);
  BOOST_TEST(receiver.readiness().ok());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_receiver_sends_what_is_in_its_queue) {
  SetTaps({"a"});
  receiver_pipeline->Step(0);
  Send(true, 1);
  receiver_pipeline->Stop(kSecond);
  BOOST_TEST(outlet->closed);
  uint64_t halves = 0;
  for (const auto& [partition, bytes] : outlet->sent) {
    halves += shuffle::DecodeHeader(bytes).value().count;
  }
  BOOST_TEST(halves == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_pairer_saves_what_waits_and_makes_no_record_of_it) {
  SetTaps({"a"});
  Send(true, 1);
  Turns(kSecond);
  pairer_pipeline->Stop(kSecond);
  BOOST_TEST(log->closed);
  BOOST_TEST(live.records == 0u);
  BOOST_TEST(topics.committed.size() == size_t{kPartitions});
}

BOOST_AUTO_TEST_CASE(an_output_is_as_far_as_what_it_delivered_dropped_or_has_on_disk) {
  pipeline::PipelineSnapshot snapshot;
  snapshot.taps.resize(1);
  snapshot.taps[0].tap = "shop/a";
  auto& plain = snapshot.taps[0].outputs["plain"];
  plain.offered = 10;
  plain.delivered = 6;
  plain.dropped[0] = 1;
  auto& durable = snapshot.taps[0].outputs["durable"];
  durable.offered = 10;
  durable.spooled = 9;
  // It found 5 when it began, of which 2 were delivered and 3 still wait; 8 of 10 are on disk, 1 had no room.
  auto& resumed = snapshot.taps[0].outputs["resumed"];
  resumed.offered = 10;
  resumed.recovered = 5;
  resumed.delivered = 2;
  resumed.spooled = 8;
  resumed.dropped[static_cast<size_t>(sinks::DropReason::kQueueFull)] = 1;
  // It found 5 and has delivered them: of what it was offered nothing is settled.
  auto& behind = snapshot.taps[0].outputs["behind"];
  behind.offered = 5;
  behind.recovered = 5;
  behind.delivered = 5;
  const auto progress = roles::ProgressOf(snapshot);
  BOOST_TEST(progress.at("shop/a plain").offered == 10u);
  BOOST_TEST(progress.at("shop/a plain").settled == 7u);
  BOOST_TEST(progress.at("shop/a durable").settled == 9u);
  BOOST_TEST(progress.at("shop/a resumed").settled == 9u);
  BOOST_TEST(progress.at("shop/a behind").settled == 0u);
}

BOOST_AUTO_TEST_CASE(a_rate_is_that_of_the_partitions_time_however_late_they_are_read) {
  auto spec = std::make_shared<tap::TapSpec>(*Tap("a", true));
  spec->limits.max_records_per_second = 10;
  Give(*receiver_pipeline, {Tap("a", false)});
  Give(*pairer_pipeline, {spec});
  Turns(kSecond);
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 50; ++i) {
      Send(true, 50 * second + i);
      Send(false, 50 * second + i);
    }
    receiver_pipeline->Step(0);
    clock.Advance(kSecond);
    receiver_pipeline->Step(0);
    for (; moved < outlet->sent.size(); ++moved) {
      const auto& [partition, bytes] = outlet->sent[moved];
      topics.halves[partition].push_back({clock.Wall(), bytes});
    }
    outlet->AckAll();
  }
  BOOST_TEST(Offered("a") == 0u);
  pairer_pipeline->Step(0);
  BOOST_TEST(Offered("a") >= 40u);
  BOOST_TEST(Offered("a") <= 51u);
}

BOOST_AUTO_TEST_CASE(a_half_of_a_tap_that_is_still_to_come_waits_for_it) {
  SetTaps({"a"});
  Turns(kSecond);
  Give(*receiver_pipeline, {Tap("a", false), Tap("b", false)});
  Send(true, 1);
  Send(false, 1);
  Turns(kSecond);
  BOOST_TEST(Offered("a") == 0u);
  Give(*pairer_pipeline, {Tap("a", true), Tap("b", true)});
  pairer_pipeline->Step(0);
  BOOST_TEST(Offered("a") == 1u);
  BOOST_TEST(Offered("b") == 1u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_does_not_come_is_waited_for_once_and_no_longer_than_five_seconds) {
  SetTaps({"a"});
  Turns(kSecond);
  Give(*receiver_pipeline, {Tap("a", false), Tap("b", false)});
  Send(true, 1);
  Send(false, 1);
  Turns(kSecond);
  clock.Advance(5 * kSecond - 1);
  pairer_pipeline->Step(0);
  BOOST_TEST(Offered("a") == 0u);
  clock.Advance(1);
  pairer_pipeline->Step(0);
  BOOST_TEST(Offered("a") == 1u);
  Send(true, 2);
  Send(false, 2);
  Turns(kSecond);
  BOOST_TEST(Offered("a") == 2u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_was_removed_here_first_is_not_waited_for) {
  SetTaps({"a", "b"});
  Turns(kSecond);
  Give(*pairer_pipeline, {Tap("a", true)});
  Send(true, 1);
  Send(false, 1);
  Turns(kSecond);
  BOOST_TEST(Offered("a") == 1u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_was_removed_here_gets_what_the_log_still_has_for_it) {
  shuffle::RemovedTaps removed(&clock);
  const auto give = [&] { Give(*pairer_pipeline, removed.With({Tap("a", true)})); };
  SetTaps({"a", "b"});
  Turns(kSecond);
  Send(true, 1);
  Send(false, 1);
  removed.Add(pairer_pipeline->Taps(), {Tap("a", true)});
  give();
  Turns(kSecond);
  BOOST_TEST(Offered("b") == 1u);
  for (int i = 0; i < 10; ++i) Turns(kSecond);
  BOOST_TEST(!removed.Expire(pairer.read_until()));
  Turns(kSecond);
  BOOST_TEST(removed.Expire(pairer.read_until()));
  give();
  BOOST_TEST(pairer_pipeline->Taps().size() == 1u);
  Send(true, 2);
  Send(false, 2);
  Turns(kSecond);
  BOOST_TEST(Offered("a") == 2u);
  BOOST_TEST(live.records == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_read_is_known_once_there_are_partitions) {
  SetTaps({"a"});
  BOOST_TEST(pairer.read_until() == INT64_MIN);
  for (int i = 0; i < 3; ++i) Turns(kSecond);
  BOOST_TEST(pairer.read_until() <= clock.Wall());
  BOOST_TEST(pairer.read_until() >= clock.Wall() - 2 * kSecond);
  BOOST_TEST(receiver.read_until() == INT64_MAX);
}

BOOST_AUTO_TEST_CASE(an_id_that_most_halves_have_is_reported_without_the_id) {
  const fakes::CapturedLog log("pairing");
  SetTaps({"a"});
  Turns(kSecond);
  auto stream = receiver_pipeline->consumer()->OpenStream(fakes::MakeNode("10.0.0.1", "batch"));
  auto builder = fakes::EntryBuilder::Client();
  builder.Id("constant").Connection("10.0.0.1:1024", "10.0.0.2:80");
  for (uint64_t i = 0; i < pairing::HotIds::kEach * pairing::HotIds::kSamplesMin; ++i) {
    stream->Consume(builder.entry());
  }
  stream->End(true);
  Turns(pairing::HotIds::kPeriod);
  Turns(kSecond);
  const auto lines = log.Lines("one request id has much of the load");
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].find("seen_at=shop/batch percent=100 ") != std::string::npos, lines[0]);
  BOOST_TEST(lines[0].find("constant") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_lies_in_the_log_when_a_pairer_starts_waits_for_no_tap_that_is_gone) {
  Give(*receiver_pipeline, {Tap("a", false), Tap("b", false)});
  receiver_pipeline->Step(0);
  Send(true, 1);
  Send(false, 1);
  Turns(kSecond);
  Give(*pairer_pipeline, {Tap("a", true)});
  pairer_pipeline->Step(0);
  BOOST_TEST(Offered("a") == 1u);
}

BOOST_AUTO_TEST_CASE(records_that_come_exactly_once_are_committed_with_the_state_of_before) {
  auto once = std::make_shared<tap::TapSpec>(*Tap("a", true));
  once->outputs.resize(1);
  once->outputs[0].type = tap::OutputType::kKafka;
  once->outputs[0].delivery.delivery_class = tap::DeliveryClass::kExactlyOnce;
  Give(*receiver_pipeline, {Tap("a", false)});
  Give(*pairer_pipeline, {once});
  const auto& transaction = log->transaction;
  const auto exchange = [&](int number) {
    Send(true, number);
    Send(false, number);
    for (int i = 0; i < 50 && transaction.open.empty(); ++i) Turns(100 * base::kMillisecond);
    BOOST_TEST(transaction.open.size() == 1u);
  };
  const auto committed = [&] {
    int64_t out = 0;
    for (const auto& [partition, commit] : topics.committed) out += commit.first;
    return out;
  };
  exchange(1);
  Turns(2 * base::kSecond);
  BOOST_TEST(transaction.committed.size() == 1u);
  const int64_t before = committed();
  BOOST_TEST(before > 0);
  // One that fails leaves nothing, and its record comes again.
  exchange(2);
  log->save_status = absl::UnavailableError("no answer");
  Turns(2 * base::kSecond);
  BOOST_TEST(log->aborts == 1);
  BOOST_TEST(transaction.open.empty());
  BOOST_TEST(transaction.committed.size() == 1u);
  BOOST_TEST(committed() == before);
  BOOST_TEST(pairer.readiness().ToString().find("no answer") != std::string::npos);
  BOOST_TEST(MetricsOf(pairer).find("traffictap_shuffle_transactions_aborted_total 1") !=
             std::string::npos);
  log->save_status = absl::OkStatus();
  for (int i = 0; i < 50 && transaction.committed.size() < 2; ++i) Turns(500 * base::kMillisecond);
  BOOST_TEST(transaction.committed.size() == 2u);
  BOOST_TEST(transaction.committed[0].value != transaction.committed[1].value);
  const auto counters = pairer_pipeline->Snapshot().taps[0].outputs.begin()->second;
  BOOST_TEST(counters.offered == 2u);
  BOOST_TEST(counters.delivered == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
