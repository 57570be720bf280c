// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
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
#include "shuffle/fake_proxy_topic.h"

namespace traffictap {

// A receiver and a pairer with a log between them, each with a pipeline of its own whose turns are the
// test's.
struct RolesTest {
  static constexpr uint32_t kPartitions = 2;

  explicit RolesTest(base::Nanos warm_up = 0) : warm_up(warm_up) {
    receiver_pipeline = Make(&receiver, true);
    pairer_pipeline = Make(&pairer, false);
    outlet = static_cast<FakeOutlet*>(outlet_of_receiver);
    log->Assign({0, 1});
  }

  std::unique_ptr<pipeline::Pipeline> Make(pipeline::Detour* detour, bool receives) {
    pipeline::PipelineOptions options;
    options.threaded = false;
    options.warm_up = warm_up;
    options.detour = detour;
    if (!receives) options.transaction = pairer.transaction();
    options.open_sink = [](const tap::OutputSpec& spec, const sinks::SinkContext& context) {
      if (spec.exactly_once()) return sinks::OpenSink(spec, context);
      return StatusOr<std::unique_ptr<sinks::Sink>>(std::make_unique<CountingSink>());
    };
    return std::make_unique<pipeline::Pipeline>(options, &clock, receives ? nullptr : &live);
  }
  std::unique_ptr<shuffle::BlockOutlet> MakeOutlet() {
    auto made = std::make_unique<FakeOutlet>();
    outlet_of_receiver = made.get();
    return made;
  }
  std::unique_ptr<shuffle::ProxyOutlet> MakeProxyOutlet() {
    auto made = std::make_unique<FakeProxyOutlet>(&proxies);
    proxy_outlet = made.get();
    return made;
  }
  std::unique_ptr<shuffle::ProxyLog> MakeProxyLog() {
    auto made = std::make_unique<FakeProxyLog>(&proxies);
    proxy_log = made.get();
    return made;
  }
  static shuffle::ProxyPublisherOptions Publisher() {
    shuffle::ProxyPublisherOptions out;
    out.receiver = Sender().blocks.receiver;
    return out;
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
    out.release_wait = 20 * base::kMillisecond;
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
    Give(*receiver_pipeline, without);
    Give(*pairer_pipeline, with);
  }
  // To one of the two alone.
  static void Give(pipeline::Pipeline& to, const std::vector<tap::TapSpecPtr>& taps) {
    for (const auto& fault : to.SetTaps(taps)) BOOST_FAIL(fault.tap);
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

  const base::Nanos warm_up;
  fakes::ManualClock clock;
  LaneTest::Live live;
  FakeTopics topics;
  FakePairerLog* log = nullptr;
  shuffle::BlockOutlet* outlet_of_receiver = nullptr;
  FakeOutlet* outlet = nullptr;
  size_t moved = 0;
  FakeProxyTopic proxies;
  FakeProxyOutlet* proxy_outlet = nullptr;
  FakeProxyLog* proxy_log = nullptr;
  roles::ReceiverWork receiver{Sender(), MakeOutlet(), Publisher(), MakeProxyOutlet(), &clock, 0};
  roles::PairerWork pairer{Member(), MakeLog(), {}, MakeProxyLog(), &clock, kPartitions};
  std::unique_ptr<pipeline::Pipeline> receiver_pipeline;
  std::unique_ptr<pipeline::Pipeline> pairer_pipeline;
};

}  // namespace traffictap
