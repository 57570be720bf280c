// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "pipeline/tap_runtime.h"
#include "traffic/entry_batch.h"

namespace traffictap {

// Counts what it is offered; everything is delivered at once.
class CountingSink final : public sinks::Sink {
 public:
  void Offer(traffic::RecordSelection records) override {
    absl::MutexLock lock(&mutex_);
    counters_.offered += records.size();
    counters_.delivered += records.size();
  }
  Status Flush(base::Nanos) override { return absl::OkStatus(); }
  void BeginClose(base::Nanos) override {}
  bool Closed() override { return true; }
  void Close(base::Nanos) override {}
  sinks::SinkCounters counters() const override {
    absl::MutexLock lock(&mutex_);
    return counters_;
  }

 private:
  mutable absl::Mutex mutex_;
  sinks::SinkCounters counters_ ABSL_GUARDED_BY(mutex_);
};

// A tap with four lanes and one output, and pairs for it from "client" to "server".
struct LaneTest {
  static constexpr size_t kLanes = 4;

  struct Live final : traffic::RecordConsumer {
    void Consume(std::shared_ptr<const traffic::RecordBatch> batch) override {
      records += batch->size();
      absl::MutexLock lock(&mutex);
      batches.push_back(std::move(batch));
    }
    std::atomic<uint64_t> records{0};
    absl::Mutex mutex;
    std::vector<std::shared_ptr<const traffic::RecordBatch>> batches ABSL_GUARDED_BY(mutex);
  };

  LaneTest() {
    for (size_t i = 0; i < kLanes; ++i) {
      times.push_back(std::make_unique<pipeline::PatternTime>(&clock));
    }
  }

  static tap::TapSpec Spec() {
    tap::TapSpec spec;
    spec.name = "a";
    spec.ns = "shop";
    tap::OutputSpec output;
    output.name = "out";
    output.type = tap::OutputType::kStdout;
    spec.outputs.push_back(output);
    return spec;
  }
  std::unique_ptr<pipeline::TapRuntime> Make(const tap::TapSpec& spec,
                                             pipeline::TapRuntime* former = nullptr) {
    std::vector<pipeline::PatternTime*> views;
    for (const auto& time : times) views.push_back(time.get());
    const sinks::SinkContext context{"", spec.key(), &clock, nullptr};
    auto made = pipeline::TapRuntime::Create(std::make_shared<const tap::TapSpec>(spec), context,
                                             views, &live);
    BOOST_REQUIRE_MESSAGE(made.ok(), Message(made.status()));
    const auto open = [](const tap::OutputSpec&, const sinks::SinkContext&) {
      return StatusOr<std::unique_ptr<sinks::Sink>>(std::make_unique<CountingSink>());
    };
    BOOST_REQUIRE((*made)->OpenOutputs(open, context, former).ok());
    return *std::move(made);
  }

  // A pair with `number` in its path, that ended with `code`.
  static void Consume(pipeline::TapLane& lane, size_t number, uint32_t code = 200) {
    const std::vector<traffic::NodePtr> nodes = {fakes::MakeNode("10.0.0.1", "client"),
                                                 fakes::MakeNode("10.0.0.2", "server")};
    traffic::EntryBatch entries(nodes[0]);
    const std::string path = fmt::format("/{}", number);
    traffic::TrafficPair pair;
    pair.client = entries.Add(fakes::EntryBuilder::Client().Path(path).Code(code).entry());
    auto* server = entries.Add(fakes::EntryBuilder::Server().Path(path).Code(code).entry());
    server->node = nodes[1].get();
    const traffic::PackedEntry* servers[] = {server};
    pair.servers = servers;
    pair.verdict = code >= 500 ? traffic::Verdict::kServerError : traffic::Verdict::kOk;
    lane.Consume(pair, nodes);
  }
  // Each lane's thread lets `count` records in, and delivers now and then and at its end.
  static void AllAtOnce(pipeline::TapRuntime& tap, size_t count) {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kLanes; ++i) {
      threads.emplace_back([&tap, i, count] {
        for (size_t number = 0; number < count; ++number) {
          Consume(tap.lane(i), number, number % 2 == 0 ? 200 : 503);
          if (number % 50 == 0) tap.lane(i).Deliver();
        }
        tap.lane(i).Deliver();
      });
    }
  }
  static uint64_t Offered(const pipeline::TapRuntime& tap) {
    return tap.output_counters().at("out").offered;
  }

  fakes::ManualClock clock;
  std::vector<std::unique_ptr<pipeline::PatternTime>> times;
  Live live;
};

}  // namespace traffictap
