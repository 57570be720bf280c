// SPDX-License-Identifier: Apache-2.0

// The whole data plane, with one shard or several, in one thread, on a clock that only the scheduler turns: streams, pairing,
// taps that come, change and go, outputs that fail in every way. What happens next is drawn from a
// seed, so that a run that fails is run again by its seed alone: SIMULATION_SEED=17. With
// SIMULATION_SEEDS=10000 the search is longer.
#include "pipeline/simulation.h"

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "base/counters.h"
#include "pipeline/seeds.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using simulation::Dice;
using simulation::Life;
using simulation::Outside;

namespace {

constexpr base::Nanos kCloseWait = 5 * kSecond;
constexpr base::Nanos kAbandonAfter = 2 * kSecond;
constexpr size_t kMemory = 200'000;

// Raised by what must never be; the runner adds the seed.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void Check(bool holds, const std::string& what) {
  if (!holds) throw Broken(what);
}

uint64_t Sum(const auto& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

}  // namespace

class World final : public traffic::RecordConsumer {
 public:
  explicit World(uint64_t seed) : dice_(seed) {
    pipeline::PipelineOptions options;
    options.threaded = false;
    options.pairing_threads = 1 + dice_.Roll(4);
    options.warm_up = 0;
    options.output_close_wait = kCloseWait;
    options.outputs_bytes_max = kMemory;
    options.queue_bytes_max = dice_.OneIn(3) ? 20'000 : 1'000'000;
    options.waiting_bytes_max = dice_.OneIn(3) ? 20'000 : 1'000'000;
    options.open_sink = [this](const tap::OutputSpec& spec, const sinks::SinkContext& context) {
      return OpenSink(spec, context);
    };
    pipeline_ = std::make_unique<pipeline::Pipeline>(options, &clock_, this);
  }

  ~World() override { pipeline_.reset(); }  // it may still hand records over

  void Run() {
    ChangeTaps();
    for (int i = 0; i < 400; ++i) {
      Act();
      CheckCounters();
    }
    if (dice_.OneIn(2)) Heal();
    Stop();
  }

  // Every record that a tap offers comes here too.
  void Consume(std::shared_ptr<const traffic::RecordBatch> batch) override {
    offered_[batch->origin().tap] += batch->size();
    largest_ = std::max(largest_, batch->footprint() + 64 + 4 * batch->size());
  }

 private:
  StatusOr<std::unique_ptr<sinks::Sink>> OpenSink(const tap::OutputSpec& spec,
                                                  const sinks::SinkContext& context) {
    sinks::WriterLoopOptions options;
    options.name = context.tap_key + " " + spec.name;
    options.tap = context.tap_key;
    options.memory = memory_ = context.memory;
    options.queue_bytes_max = spec.queue_bytes_max;
    options.abandon_after = kAbandonAfter;
    options.clock = &clock_;
    auto outside = std::make_shared<Outside>();
    outside->faulty = !dice_.OneIn(4);
    auto writer = std::make_unique<simulation::UnreliableWriter>(outside, &dice_);
    auto loop = std::make_shared<sinks::WriterLoop>(std::move(writer), options);
    lives_.push_back({context.tap_key, spec.name, outside, loop, 0});
    return std::make_unique<simulation::SteppedSink>(loop);
  }

  void Act() {
    switch (dice_.Roll(10)) {
      case 0: return ChangeTaps();
      case 1: return BreakSomething();
      case 2: return StreamEnds();
      case 3:
      case 4: pipeline_->Step(0); return;
      case 5:
      case 6: return Pass(static_cast<base::Nanos>(dice_.Roll(300)) * kMillisecond);
      default: return Traffic();
    }
  }

  // Three taps at most, each there or not, with one or two outputs in one of two forms each.
  void ChangeTaps() {
    std::vector<tap::TapSpecPtr> taps;
    for (const char* name : {"a", "b", "c"}) {
      if (dice_.OneIn(4)) continue;
      auto spec = std::make_shared<tap::TapSpec>();
      spec->name = name;
      spec->ns = "shop";
      spec->content_hash = 1 + dice_.Roll(4);
      spec->pairing.window = kSecond;
      spec->outputs.push_back(Output("all"));
      if (spec->content_hash > 2) spec->outputs.push_back(Output("some"));
      if (spec->content_hash > 2) spec->outputs[1].match.response_codes = {{500, 599}};
      if (spec->content_hash % 2 == 0) spec->outputs[0].queue_bytes_max = 20'000;
      taps.push_back(spec);
    }
    const auto faults = pipeline_->SetTaps(taps);
    Check(faults.empty(), "taps are refused");
  }
  tap::OutputSpec Output(const char* name) {
    tap::OutputSpec out;
    out.name = name;
    out.type = tap::OutputType::kStdout;
    return out;
  }

  void BreakSomething() {
    if (lives_.empty()) return;
    Life& life = lives_[dice_.Roll(lives_.size())];
    life.outside->faulty = dice_.OneIn(2);
    // Most come back.
    life.outside->hung = !life.outside->hung && dice_.OneIn(3);
  }

  void StreamEnds() {
    if (streams_.empty()) return;
    auto one = streams_.begin();
    std::advance(one, static_cast<std::ptrdiff_t>(dice_.Roll(streams_.size())));
    one->second->End(dice_.OneIn(2));
    streams_.erase(one);
  }

  // Messages of both sides in any order, some of one side alone, some twice.
  void Traffic() {
    const size_t count = 1 + dice_.Roll(dice_.OneIn(5) ? 60 : 6);
    for (size_t i = 0; i < count; ++i) {
      const int number = next_++;
      const uint32_t code = dice_.OneIn(4) ? 503 : 200;
      const bool client_first = dice_.OneIn(2);
      for (const bool first : {true, false}) {
        if (dice_.OneIn(8)) continue;
        Send(client_first == first, number, code);
        if (dice_.OneIn(20)) Send(client_first == first, number, code);
      }
    }
  }
  void Send(bool client, int number, uint32_t code) {
    auto builder = client ? fakes::EntryBuilder::Client() : fakes::EntryBuilder::Server();
    builder.Id(fmt::format("{:08}-0000-4000-8000-000000000000", number)).Code(code);
    builder.Connection(fmt::format("10.0.0.1:{}", 1024 + number), "10.0.0.2:80");
    const char* ip = client ? "10.0.0.1" : "10.0.0.2";
    auto& stream = streams_[ip];
    if (!stream) {
      stream = pipeline_->consumer()->OpenStream(fakes::MakeNode(ip, client ? "client" : "server"));
    }
    stream->Consume(builder.entry());
    ++sent_;
    if (dice_.OneIn(2)) stream->EndOfMessage();
  }

  // Turns the clock and lets everybody run whose time has come, in any order.
  void Pass(base::Nanos by) {
    clock_.Advance(by);
    std::vector<Life*> due;
    for (Life& life : lives_) due.push_back(&life);
    for (size_t i = due.size(); i > 1; --i) std::swap(due[i - 1], due[dice_.Roll(i)]);
    for (Life* life : due) {
      for (int steps = 0; steps < 20 && !life->outside->hung; ++steps) {
        if (life->loop->Step() > 0) break;
      }
    }
  }

  void Heal() {
    for (Life& life : lives_) life.outside->faulty = life.outside->hung = false;
    for (auto& [ip, stream] : streams_) stream->EndOfMessage();
    for (int i = 0; i < 100; ++i) {
      pipeline_->Step(0);
      Pass(200 * kMillisecond);
    }
    const auto snapshot = pipeline_->Snapshot();
    Check(snapshot.joins.waiting == 0, "halves wait for ever");
    Check(snapshot.queue_bytes == 0, "entries wait for ever");
    for (const Life& life : lives_) {
      Check(life.loop->counters().queued == 0, "records wait for ever though all is well");
    }
  }

  void Stop() {
    for (auto& [ip, stream] : streams_) stream->End(dice_.OneIn(2));
    streams_.clear();
    const base::Nanos begin = clock_.Monotonic();
    const base::Nanos wait = static_cast<base::Nanos>(dice_.Roll(8)) * kSecond;
    Check(pipeline_->BeginStop(wait), "somebody has stopped it before");
    while (!pipeline_->Stopped()) {
      Pass(100 * kMillisecond);
      Check(clock_.Monotonic() - begin <= std::max(wait, kCloseWait) + kAbandonAfter + kSecond,
            "the stop does not end");
    }
    CheckCounters();
    CheckEnd();
  }

  void CheckCounters() {
    const auto snapshot = pipeline_->Snapshot();
    const auto& in = snapshot.ingress;
    Check(in.received == in.kept + in.filtered + in.sampled + Sum(in.rejected),
          "entries: " + base::CountersText(in));
    const auto& joins = snapshot.joins;
    Check(joins.kept == 2 * joins.pairs + joins.retries + Sum(joins.orphans) + joins.duplicates +
                            joins.open + joins.intermediate + joins.waiting,
          "joins: " + base::CountersText(joins));
    for (const auto& tap : snapshot.taps) {
      const auto& c = tap.counters;
      Check(c.records == c.offered + c.filtered + c.sampled + c.dropped_orphans + c.limited,
            tap.tap + ": " + base::CountersText(c));
    }
    for (const Life& life : lives_) {
      const auto c = life.loop->counters();
      Check(c.offered == c.delivered + Sum(c.dropped) + c.queued,
            life.tap + " " + life.output + ": " + base::CountersText(c));
    }
    // Only a pool that nobody uses takes more than it has: one batch.
    if (memory_) {
      Check(memory_->bytes() <= std::max(kMemory, largest_), "the outputs hold too much");
    }
  }

  void CheckEnd() {
    const auto snapshot = pipeline_->Snapshot();
    Check(snapshot.ingress.received == sent_, "entries came in that nobody sent, or did not");
    Check(snapshot.joins.kept == snapshot.ingress.kept, "entries are lost before the pairer");
    Check(snapshot.joins.waiting == 0, "halves wait after the stop");
    std::map<std::string, uint64_t> offered;
    for (const Life& life : lives_) {
      const auto c = life.loop->counters();
      Check(c.queued == 0, "records wait after the stop");
      if (life.output == "all") offered[life.tap] += c.offered;
      const auto& through = life.outside->through;
      const uint64_t unknown = c.dropped[static_cast<size_t>(sinks::DropReason::kAbandoned)];
      Check(c.delivered <= through.size() && through.size() <= c.delivered + unknown,
            fmt::format("{} said to be delivered, {} came through", c.delivered, through.size()));
    }
    for (const auto& [tap, count] : offered_) {
      Check(offered[tap] == count, fmt::format("{}: {} records, {} of them offered to its output",
                                               tap, count, offered[tap]));
    }
    for (Life& life : lives_) {
      life.outside->hung = false;
      life.loop->Step();
      Check(life.outside->closed, "a writer was not closed");
    }
    // What abandoned writers held goes with their loops.
    lives_.clear();
    pipeline_.reset();
    Check(!memory_ || memory_->bytes() == 0, "memory is charged for nothing");
  }

  Dice dice_;
  fakes::ManualClock clock_;
  std::vector<Life> lives_;
  std::shared_ptr<sinks::MemoryPool> memory_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::map<std::string, std::unique_ptr<traffic::EntryStream>> streams_;
  std::map<std::string, uint64_t> offered_;
  size_t largest_ = 0;  // what one batch is charged at most
  int next_ = 0;
  uint64_t sent_ = 0;
};

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(nothing_is_lost_untold_and_everything_ends_whatever_fails_when) {
  const simulation::Silence silence({"pipeline", "sinks"});
  simulation::ForSeeds("SIMULATION", 300, [](uint64_t seed) {
    try {
      World(seed).Run();
    } catch (const Broken& broken) {
      BOOST_ERROR(broken.what());
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
