// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shard.h"

#include "fakes/captured_log.h"
#include "pipeline/lane_fixture.h"

namespace traffictap {

using base::kSecond;
using pipeline::Shard;

struct ShardTest : LaneTest {
  // A tap of everything in slot 0 under `id`, which tells its life.
  std::shared_ptr<pipeline::TapsInForce> Taps(uint64_t id) {
    auto out = std::make_shared<pipeline::TapsInForce>();
    out->runtimes = {Make(Spec())};
    auto spec = std::make_shared<const tap::TapSpec>(Spec());
    out->table = pipeline::TapTable::Create({spec}, {id}).value();
    return out;
  }
  // One side of request `number`, which the tap of `taps` has admitted.
  void Push(const pipeline::TapsInForce& taps, bool client, int number) {
    const char* ip = client ? "10.0.0.1" : "10.0.0.2";
    auto batch =
        std::make_unique<traffic::EntryBatch>(fakes::MakeNode(ip, client ? "client" : "server"));
    auto builder = client ? fakes::EntryBuilder::Client() : fakes::EntryBuilder::Server();
    builder.Id(fmt::format("{:08}-0000-4000-8000-000000000000", number))
        .Connection(fmt::format("10.0.0.1:{}", 1024 + number), "10.0.0.2:80");
    auto* entry = batch->Add(builder.entry());
    entry->taps.Add(0);
    entry->arrival = clock.Monotonic();
    const size_t bytes = batch->bytes();
    BOOST_REQUIRE(shard.queue()->TryPush({std::move(batch), taps.table}, bytes));
  }

  pipeline::ProxyDirectory proxies{0, 100};
  Shard shard{{2, 1 << 20, 1 << 20, 1 << 10}, &proxies, &clock};
};

BOOST_FIXTURE_TEST_SUITE(shard, ShardTest)

BOOST_AUTO_TEST_CASE(a_turn_joins_what_came_and_ends_with_the_records_at_the_outputs) {
  const auto taps = Taps(1);
  shard.SetTaps(taps);
  Push(*taps, true, 1);
  Push(*taps, false, 1);
  Push(*taps, true, 2);
  BOOST_TEST(shard.queue_bytes() > 0u);
  BOOST_TEST(shard.Take(0));
  BOOST_TEST(shard.queue_bytes() == 0u);
  BOOST_TEST(live.records == 0u);
  shard.Finish(false);
  BOOST_TEST(live.records == 1u);
  BOOST_TEST(Offered(*taps->runtimes[0]) == 1u);
  BOOST_TEST(shard.joins().pairs == 1u);
  BOOST_TEST(shard.joins().waiting == 1u);
  BOOST_TEST(shard.waiting_bytes() > 0u);
}

BOOST_AUTO_TEST_CASE(a_window_ends_with_the_turn_after_it) {
  const auto taps = Taps(1);
  shard.SetTaps(taps);
  Push(*taps, true, 1);
  BOOST_TEST(shard.Take(0));
  shard.Finish(false);
  clock.Advance(Spec().pairing.window);
  BOOST_TEST(shard.Take(0));
  shard.Finish(false);
  BOOST_TEST(shard.joins().waiting == 0u);
  BOOST_TEST(live.records == 1u);
}

BOOST_AUTO_TEST_CASE(a_closed_queue_ends_it_when_all_is_taken_and_then_nothing_waits) {
  const auto taps = Taps(1);
  shard.SetTaps(taps);
  Push(*taps, true, 1);
  shard.queue()->Close();
  BOOST_TEST(shard.Take(0));
  shard.Finish(false);
  BOOST_TEST(!shard.Take(0));
  shard.Finish(true);
  BOOST_TEST(live.records == 1u);
  BOOST_TEST(shard.joins().waiting == 0u);
  BOOST_TEST(shard.waiting_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_former_tap_admitted_is_not_shown_to_the_one_in_its_slot) {
  const auto former = Taps(1);
  const auto taps = Taps(2);
  shard.SetTaps(former);
  Push(*former, true, 1);
  Push(*former, false, 1);
  shard.SetTaps(taps);
  BOOST_TEST(shard.Take(0));
  shard.Finish(false);
  BOOST_TEST(shard.joins().pairs == 1u);
  BOOST_TEST(live.records == 0u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_removed_gets_what_waits_for_it) {
  const auto taps = Taps(1);
  shard.SetTaps(taps);
  Push(*taps, true, 1);
  BOOST_TEST(shard.Take(0));
  traffic::TapSet removed;
  removed.Add(0);
  shard.RemoveTaps(removed);
  shard.Finish(false);
  BOOST_TEST(live.records == 1u);
}

BOOST_AUTO_TEST_CASE(an_id_that_most_entries_have_is_reported_once_a_period) {
  const fakes::CapturedLog log("pairing");
  const auto taps = Taps(1);
  shard.SetTaps(taps);
  shard.Finish(false);
  for (uint64_t i = 0; i < pairing::HotIds::kEach * pairing::HotIds::kSamplesMin; ++i) {
    Push(*taps, true, 1);
    if (i % 100 == 0) BOOST_TEST(shard.Take(0));
  }
  BOOST_TEST(shard.Take(0));
  clock.Advance(pairing::HotIds::kPeriod);
  for (int turn = 0; turn < 2; ++turn) shard.Finish(false);
  const auto lines = log.Lines("one request id has much of the load");
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].find("seen_at=shop/client percent=100 ") != std::string::npos, lines[0]);
}

BOOST_AUTO_TEST_CASE(it_tells_when_its_last_turn_began) {
  BOOST_TEST(shard.last_turn() == clock.Monotonic());
  const base::Nanos begun = clock.Monotonic() + kSecond;
  clock.Advance(kSecond);
  BOOST_TEST(shard.Take(0));
  clock.Advance(kSecond);
  shard.Finish(false);
  BOOST_TEST(shard.last_turn() == begun);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
