// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "pipeline/lane_fixture.h"
#include "pipeline/pipeline.h"
#include "roles/pairer_work.h"
#include "roles/receiver_work.h"
#include "shuffle/fake_outlet.h"
#include "shuffle/fake_pairer_log.h"
#include "shuffle/half_block.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;

// A receiver and a pairer with a log between them, each with a pipeline of its own whose turns are the
// test's.
struct RolesTest {
  static constexpr uint32_t kPartitions = 2;

  RolesTest() {
    receiver_pipeline = Make(&receiver, true);
    pairer_pipeline = Make(&pairer, false);
    outlet = static_cast<FakeOutlet*>(outlet_of_receiver);
    log->Assign({0, 1});
  }

  std::unique_ptr<pipeline::Pipeline> Make(pipeline::Detour* detour, bool receives) {
    pipeline::PipelineOptions options;
    options.threaded = false;
    options.warm_up = 0;
    options.detour = detour;
    options.open_sink = [](const tap::OutputSpec&, const sinks::SinkContext&) {
      return StatusOr<std::unique_ptr<sinks::Sink>>(std::make_unique<CountingSink>());
    };
    return std::make_unique<pipeline::Pipeline>(options, &clock, receives ? nullptr : &live);
  }
  std::unique_ptr<shuffle::BlockOutlet> MakeOutlet() {
    auto made = std::make_unique<FakeOutlet>();
    outlet_of_receiver = made.get();
    return made;
  }
  std::unique_ptr<shuffle::PairerLog> MakeLog() {
    auto made = std::make_unique<FakePairerLog>(&topics);
    log = made.get();
    return made;
  }
  static shuffle::HalfSenderOptions Sender() {
    shuffle::HalfSenderOptions out;
    out.blocks.receiver = "r";
    out.blocks.partitions = kPartitions;
    return out;
  }
  shuffle::GroupMemberOptions Member() {
    shuffle::GroupMemberOptions out;
    out.release_wait = 20 * kMillisecond;
    out.outputs = [this] { return roles::ProgressOf(pairer_pipeline->Snapshot()); };
    return out;
  }

  static tap::TapSpecPtr Tap(const std::string& name, bool outputs) {
    auto spec = std::make_shared<tap::TapSpec>(LaneTest::Spec());
    spec->name = name;
    spec->content_hash = std::hash<std::string>()(name);
    if (!outputs) spec->outputs.clear();
    return spec;
  }
  void SetTaps(const std::vector<std::string>& names) {
    std::vector<tap::TapSpecPtr> with, without;
    for (const auto& name : names) {
      with.push_back(Tap(name, true));
      without.push_back(Tap(name, false));
    }
    for (const auto& fault : receiver_pipeline->SetTaps(without)) BOOST_FAIL(fault.tap);
    for (const auto& fault : pairer_pipeline->SetTaps(with)) BOOST_FAIL(fault.tap);
  }
  void Send(bool client, int number) {
    auto builder = client ? fakes::EntryBuilder::Client() : fakes::EntryBuilder::Server();
    builder.Id(fmt::format("{:08}-0000-4000-8000-000000000000", number))
        .Connection(fmt::format("10.0.0.1:{}", 1024 + number), "10.0.0.2:80");
    const char* ip = client ? "10.0.0.1" : "10.0.0.2";
    auto stream = receiver_pipeline->consumer()->OpenStream(
        fakes::MakeNode(ip, client ? "client" : "server"));
    stream->Consume(builder.entry());
    stream->End(true);
  }
  // What the receiver has goes through the log to the pairer, in so much time.
  void Turns(base::Nanos time) {
    receiver_pipeline->Step(0);
    clock.Advance(time);
    receiver_pipeline->Step(0);
    for (; moved < outlet->sent.size(); ++moved) {
      const auto& [partition, bytes] = outlet->sent[moved];
      topics.halves[partition].push_back({clock.Wall(), bytes});
    }
    outlet->AckAll();
    pairer_pipeline->Step(0);
  }
  uint64_t Offered(const std::string& tap) {
    for (const auto& one : pairer_pipeline->Snapshot().taps) {
      if (one.spec->name == tap) return one.counters.offered;
    }
    return 0;
  }
  static std::string MetricsOf(const roles::RoleWork& work) {
    base::MetricsRegistry registry;
    registry.Register([&](base::MetricWriter& writer) { work.WriteMetrics(writer); });
    return registry.Render();
  }

  fakes::ManualClock clock;
  LaneTest::Live live;
  FakeTopics topics;
  FakePairerLog* log = nullptr;
  shuffle::BlockOutlet* outlet_of_receiver = nullptr;
  FakeOutlet* outlet = nullptr;
  size_t moved = 0;
  roles::ReceiverWork receiver{Sender(), MakeOutlet(), &clock, 0};
  roles::PairerWork pairer{Member(), MakeLog(), &clock};
  std::unique_ptr<pipeline::Pipeline> receiver_pipeline;
  std::unique_ptr<pipeline::Pipeline> pairer_pipeline;
};

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
  const auto progress = roles::ProgressOf(snapshot);
  BOOST_TEST(progress.at("shop/a plain").offered == 10u);
  BOOST_TEST(progress.at("shop/a plain").settled == 7u);
  BOOST_TEST(progress.at("shop/a durable").settled == 9u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
