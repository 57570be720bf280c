// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ingress.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"

namespace traffictap {

using traffic::RejectReason;

namespace {

struct Reader final : traffic::StreamReader {
  void Resume() override { ++resumed; }
  int resumed = 0;
};

}  // namespace

struct IngressTest {
  // One message with an entry that ends at each of `ends`, by the proxy's clock.
  static void SendEnded(traffic::EntryStream& stream, const std::vector<base::Nanos>& ends) {
    for (const base::Nanos end : ends) {
      auto builder = fakes::EntryBuilder::Client().Id(std::to_string(end));
      builder.facts().start_time = end;
      builder.facts().duration = 0;
      stream.Consume(builder.entry());
    }
    stream.EndOfMessage();
  }
  pipeline::TapTablePtr Table(std::vector<std::string> methods, double ratio = 1, uint64_t id = 1) {
    auto spec = std::make_shared<tap::TapSpec>();
    spec->name = "tap";
    spec->ns = "shop";
    spec->match.methods = std::move(methods);
    spec->sampling.ratio = ratio;
    return *pipeline::TapTable::Create({spec}, {id});
  }
  // One message of GETs with the ids given.
  static void Send(traffic::EntryStream& stream, const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
      const auto builder = fakes::EntryBuilder::Client().Id(id);
      stream.Consume(builder.entry());
    }
    stream.EndOfMessage();
  }
  void CheckBalance() {
    const auto counters = ingress.counters();
    uint64_t rejected = 0;
    for (const uint64_t count : counters.rejected) rejected += count;
    BOOST_TEST(counters.received ==
               counters.kept + counters.filtered + counters.sampled + counters.stale + rejected);
  }

  fakes::ManualClock clock;
  pipeline::ProxyDirectory proxies{0, 100};
  pipeline::AdmittedQueue queue{1 << 20};
  pipeline::Ingress ingress{{&queue}, &proxies, &clock};
};

BOOST_FIXTURE_TEST_SUITE(ingress, IngressTest)

BOOST_AUTO_TEST_CASE(without_taps_everything_is_filtered_and_nothing_queued) {
  Send(*ingress.OpenStream(fakes::MakeNode("10.0.0.1")), {"a", "b"});
  BOOST_TEST(ingress.counters().filtered == 2u);
  BOOST_TEST(queue.bytes() == 0u);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(what_a_tap_admits_goes_into_the_queue_a_message_at_a_time_with_its_arrival) {
  ingress.SetTable(Table({"GET"}));
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  Send(*stream, {"a", "b"});
  clock.Advance(base::kSecond);
  Send(*stream, {"c"});
  const auto batches = queue.PopAll(0);
  BOOST_REQUIRE(batches.size() == 2u);
  BOOST_TEST(batches[0].entries->entries().size() == 2u);
  const auto* entry = batches[1].entries->entries()[0];
  BOOST_TEST(entry->arrival == clock.Monotonic());
  BOOST_TEST(entry->taps.Contains(0));
  BOOST_TEST(ingress.counters().kept == 3u);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(a_change_of_taps_holds_from_the_next_message_on) {
  ingress.SetTable(Table({"GET"}));
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  const auto first = fakes::EntryBuilder::Client().Id("a");
  stream->Consume(first.entry());
  ingress.SetTable(Table({"POST"}, 1, 2));
  Send(*stream, {"b"});
  Send(*stream, {"c"});
  BOOST_TEST(ingress.counters().kept == 2u);
  BOOST_TEST(ingress.counters().filtered == 1u);
}

BOOST_AUTO_TEST_CASE(both_sides_of_a_request_are_sampled_alike) {
  ingress.SetTable(Table({}, 0.5));
  const auto client = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  const auto server = ingress.OpenStream(fakes::MakeNode("10.0.0.2"));
  for (int i = 0; i < 100; ++i) {
    const uint64_t before = ingress.counters().kept;
    Send(*client, {std::to_string(i)});
    Send(*server, {std::to_string(i)});
    BOOST_TEST((ingress.counters().kept - before) % 2 == 0u);
  }
  BOOST_TEST(ingress.counters().sampled > 50u);
  BOOST_TEST(ingress.counters().kept > 50u);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(a_full_queue_never_blocks_and_its_loss_is_told_to_counters_peers_and_taps) {
  pipeline::AdmittedQueue tiny{1};
  pipeline::Ingress ingress({&tiny}, &proxies, &clock);
  ingress.SetTable(Table({}));
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  Send(*stream, {"a"});
  Send(*stream, {"b", "c"});
  BOOST_TEST(ingress.counters().kept == 1u);
  BOOST_TEST(ingress.counters().rejected[static_cast<size_t>(RejectReason::kQueueFull)] == 2u);
  BOOST_TEST((proxies.Lookup(fakes::Address("10.0.0.1:1"), clock.Monotonic(), clock.Monotonic()) ==
              pairing::PeerState::kLost));
  BOOST_TEST(ingress.tap_counters().at(1).lost_entries == 2u);
}

BOOST_AUTO_TEST_CASE(rejects_count_with_and_without_a_stream) {
  ingress.Reject(RejectReason::kNoIdentifier, 1);
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  stream->Reject(RejectReason::kMalformedEntry, 3);
  stream->End(true);
  BOOST_TEST(ingress.counters().received == 4u);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(a_node_is_known_while_a_stream_of_it_is_open) {
  const auto node = fakes::MakeNode("10.0.0.1");
  const auto address = fakes::Address("10.0.0.1:80");
  const auto first = ingress.OpenStream(node);
  const auto second = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  first->End(true);
  BOOST_TEST((proxies.NodeAt(address) != nullptr));
  second->End(false);
  BOOST_TEST((proxies.NodeAt(address) == nullptr));
}

BOOST_AUTO_TEST_CASE(
    a_stream_is_paused_where_no_tap_targets_its_proxy_and_resumed_by_one_that_does) {
  const auto wanted = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  const auto other = ingress.OpenStream(fakes::MakeNode("10.0.0.2", "web", "elsewhere"));
  const auto reader = std::make_shared<Reader>();
  const auto never = std::make_shared<Reader>();
  BOOST_TEST(wanted->Pause(reader));
  BOOST_TEST(other->Pause(never));
  ingress.SetTable(Table({}));
  BOOST_TEST(reader->resumed == 1);
  BOOST_TEST(never->resumed == 0);
  BOOST_TEST(!wanted->Pause(reader));
  Send(*wanted, {"a"});
  BOOST_TEST(ingress.counters().kept == 1u);
  BOOST_TEST(ingress.tap_counters().at(1).proxies == 1u);
  ingress.SetTable(*pipeline::TapTable::Create({}, {}));
  BOOST_TEST(wanted->Pause(reader));
  ingress.SetTable(Table({}, 1, 2));
  BOOST_TEST(reader->resumed == 2);
}

BOOST_AUTO_TEST_CASE(a_tap_that_came_before_the_pause_is_told_to_the_taps_counters_too) {
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  Send(*stream, {"a"});
  ingress.SetTable(Table({}));
  BOOST_TEST(!stream->Pause(std::make_shared<Reader>()));
  Send(*stream, {"b"});
  BOOST_TEST(ingress.tap_counters().at(1).proxies == 1u);
}

BOOST_AUTO_TEST_CASE(a_stream_that_ended_while_it_was_paused_is_not_resumed) {
  const auto reader = std::make_shared<Reader>();
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  BOOST_TEST(stream->Pause(reader));
  stream->End(true);
  ingress.SetTable(Table({}));
  BOOST_TEST(reader->resumed == 0);
  BOOST_TEST(reader.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(what_a_proxy_kept_from_before_the_tap_is_left_out_by_its_own_clock) {
  const base::Nanos off = -3600 * base::kSecond;  // the proxy's clock is an hour slow
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  SendEnded(*stream, {clock.Wall() + off});
  BOOST_TEST(stream->Pause(std::make_shared<Reader>()));
  clock.Advance(100 * base::kSecond);
  const base::Nanos began = clock.Wall() + off;
  ingress.SetTable(Table({}));
  clock.Advance(base::kSecond);
  SendEnded(*stream, {began - 90 * base::kSecond, began - 1});
  SendEnded(*stream, {began - 1, began, began + 1, began - 1});
  BOOST_TEST(ingress.counters().stale == 3u);
  BOOST_TEST(ingress.counters().kept == 3u);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(another_stream_of_the_proxy_knows_its_clock_better) {
  const auto quick = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  const auto slow = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  SendEnded(*slow, {clock.Wall() - base::kSecond});
  SendEnded(*quick, {clock.Wall()});
  BOOST_TEST(slow->Pause(std::make_shared<Reader>()));
  const base::Nanos began = clock.Wall();
  ingress.SetTable(Table({}));
  SendEnded(*slow, {began - base::kMillisecond});
  BOOST_TEST(ingress.counters().stale == 1u);
}

BOOST_AUTO_TEST_CASE(an_open_stream_is_as_old_as_its_proxys_clock_says) {
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  const auto send = [&](base::Nanos began) {
    auto builder = fakes::EntryBuilder::Client().Id("a");
    builder.facts().moment = traffic::LogMoment::kPeriodic;
    builder.facts().start_time = began;
    builder.facts().duration = traffic::kAbsent;
    stream->Consume(builder.entry());
    stream->EndOfMessage();
    return queue.PopAll(0).back().entries->entries().back()->facts.duration;
  };
  ingress.SetTable(Table({}));
  const base::Nanos off = -3600 * base::kSecond;  // the proxy's clock is an hour slow
  const base::Nanos began = clock.Wall() + off - 50 * base::kSecond;
  BOOST_TEST(send(began) == traffic::kAbsent);  // and tells nothing of the clock
  SendEnded(*stream, {clock.Wall() + off});
  queue.PopAll(0);
  BOOST_TEST(send(began) == 50 * base::kSecond);
  clock.Advance(7 * base::kSecond);
  BOOST_TEST(send(began) == 57 * base::kSecond);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(nothing_is_left_out_for_its_age_once_the_backlog_must_have_come) {
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  SendEnded(*stream, {clock.Wall()});
  BOOST_TEST(stream->Pause(std::make_shared<Reader>()));
  clock.Advance(100 * base::kSecond);
  ingress.SetTable(Table({}));
  clock.Advance(6 * base::kSecond);
  SendEnded(*stream, {clock.Wall() - 50 * base::kSecond});  // its clock was set back meanwhile
  BOOST_TEST(ingress.counters().kept == 1u);
}

BOOST_AUTO_TEST_CASE(
    a_half_whose_peer_was_paused_when_the_tap_came_is_told_to_be_lost_in_a_buffer) {
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  BOOST_TEST(stream->Pause(std::make_shared<Reader>()));
  const base::Nanos began = clock.Monotonic();
  ingress.SetTable(Table({}));
  clock.Advance(base::kSecond);
  const auto at = [&](base::Nanos since) {
    return proxies.Lookup(fakes::Address("10.0.0.1:1"), since, clock.Monotonic());
  };
  BOOST_TEST((at(began) == pairing::PeerState::kLost));
  BOOST_TEST((at(began + 1) == pairing::PeerState::kTapped));
}

BOOST_AUTO_TEST_CASE(pauses_and_taps_at_once_leave_no_wanted_stream_asleep) {
  std::vector<std::thread> threads;
  std::atomic<int> asleep{0};
  struct Waker final : traffic::StreamReader {
    void Resume() override { awake = true; }
    std::atomic<bool> awake{false};
  };
  std::atomic<bool> done{false};
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0." + std::to_string(t)));
      while (!done) {
        const auto waker = std::make_shared<Waker>();
        if (!stream->Pause(waker)) continue;
        ++asleep;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!waker->awake) {
          if (std::chrono::steady_clock::now() > end) return;
          std::this_thread::yield();
        }
        --asleep;
        Send(*stream, {"x"});
      }
      stream->End(true);
    });
  }
  for (uint64_t i = 1; i < 200; ++i) {
    ingress.SetTable(Table({}, 1, i));
    ingress.SetTable(*pipeline::TapTable::Create({}, {}));
  }
  done = true;
  ingress.SetTable(Table({}, 1, 1000));
  for (auto& thread : threads) thread.join();
  BOOST_TEST(asleep == 0);
  CheckBalance();
}

BOOST_AUTO_TEST_CASE(many_streams_and_changes_at_once_lose_no_count) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0." + std::to_string(t)));
      for (int i = 0; i < 500; ++i) Send(*stream, {std::to_string(i), "x"});
      stream->End(true);
    });
  }
  for (uint64_t i = 1; i < 50; ++i) ingress.SetTable(Table({"GET"}, 1, i));
  for (auto& thread : threads) thread.join();
  BOOST_TEST(ingress.counters().received == 4'000u);
  CheckBalance();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
