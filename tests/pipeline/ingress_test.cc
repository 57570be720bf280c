// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ingress.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"

namespace traffictap {

using traffic::RejectReason;

struct AdmissionTest {
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
               counters.kept + counters.filtered + counters.sampled + rejected);
  }

  fakes::ManualClock clock;
  pairing::PeerDirectory peers{0, 100};
  pipeline::AdmittedQueue queue{1 << 20};
  pipeline::Ingress ingress{&queue, &peers, &clock};
};

BOOST_FIXTURE_TEST_SUITE(ingress, AdmissionTest)

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

BOOST_AUTO_TEST_CASE(a_change_of_routes_holds_from_the_next_message_on) {
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
  pipeline::Ingress ingress(&tiny, &peers, &clock);
  ingress.SetTable(Table({}));
  const auto stream = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  Send(*stream, {"a"});
  Send(*stream, {"b", "c"});
  BOOST_TEST(ingress.counters().kept == 1u);
  BOOST_TEST(ingress.counters().rejected[static_cast<size_t>(RejectReason::kQueueFull)] == 2u);
  BOOST_TEST((peers.Lookup(fakes::Address("10.0.0.1:1"), clock.Monotonic(), clock.Monotonic()) ==
              pairing::PeerState::kLost));
  BOOST_TEST(ingress.tap_counters().at(1).lost == 2u);
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
  const auto first = ingress.OpenStream(node);
  const auto second = ingress.OpenStream(fakes::MakeNode("10.0.0.1"));
  first->End(true);
  BOOST_TEST((ingress.NodeAt("10.0.0.1") != nullptr));
  second->End(false);
  BOOST_TEST((ingress.NodeAt("10.0.0.1") == nullptr));
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
