// SPDX-License-Identifier: Apache-2.0

// What several pairing threads write is what one writes: the same traffic, taps and times, drawn from a
// seed, go through pipelines that differ in their threads alone. A run that fails is run again by
// PARTITIONS_SEED=17.
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "absl/synchronization/mutex.h"
#include "base/counters.h"
#include "fakes/eventually.h"
#include "pipeline/lane_fixture.h"
#include "pipeline/seeds.h"
#include "pipeline/simulation.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using fakes::EntryBuilder;

namespace {

constexpr base::Nanos kWindow = 5 * kSecond;
constexpr uint64_t kMaxRecords = 40;
constexpr uint64_t kPerSecond = 3;

class Mesh final : public traffic::RecordConsumer {
 public:
  struct Written {
    std::map<std::string, std::multiset<std::string>> records;  // by tap; JSON
    std::map<std::string, uint64_t> counts;                     // of taps with a limit
    std::string joins;
  };

  Mesh(uint64_t seed, size_t threads, bool threaded) : dice_(seed), threaded_(threaded) {
    pipeline::PipelineOptions options;
    options.threaded = threaded;
    options.pairing_threads = threads;
    options.warm_up = 0;
    options.open_sink = [](const tap::OutputSpec&, const sinks::SinkContext&) {
      return StatusOr<std::unique_ptr<sinks::Sink>>(std::make_unique<CountingSink>());
    };
    pipeline_ = std::make_unique<pipeline::Pipeline>(options, &clock_, this);
  }
  ~Mesh() override { pipeline_.reset(); }

  Written Run() {
    ChangeTaps();
    for (int i = 0; i < 40; ++i) {
      Traffic();
      if (dice_.OneIn(3)) Settle();
      if (dice_.OneIn(6)) ChangeTaps();
      if (dice_.OneIn(3)) Pass(dice_.OneIn(2) ? kSecond : kWindow);
    }
    Pass(kWindow);
    BOOST_TEST(pipeline_->Snapshot().joins.waiting == 0u);
    Written out;
    for (const auto& tap : pipeline_->Snapshot().taps) Add(tap, &out);
    out.joins = base::CountersText(pipeline_->Snapshot().joins);
    for (auto& [ip, stream] : streams_) stream->End(true);
    streams_.clear();
    pipeline_->Stop(0);
    absl::MutexLock lock(&mutex_);
    out.records = records_;
    for (const char* limited : {"shop/total", "shop/rate"}) out.records.erase(limited);
    return out;
  }

  void Consume(std::shared_ptr<const traffic::RecordBatch> batch) override {
    absl::MutexLock lock(&mutex_);
    auto& records = records_[batch->origin().tap];
    for (size_t i = 0; i < batch->size(); ++i) records.emplace(batch->json_line(i));
  }

 private:
  void Add(const pipeline::TapSnapshot& tap, Written* out) const {
    const auto& c = tap.counters;
    BOOST_TEST(c.records == c.offered + c.filtered + c.sampled + c.dropped_orphans + c.limited);
    if (tap.spec->limits.max_records) BOOST_TEST(c.offered <= kMaxRecords);
    out->counts[tap.tap + " records"] = c.records;
    out->counts[tap.tap + " offered"] = c.offered;
    out->counts[tap.tap + " limited"] = c.limited;
  }

  // One that sees all, one that comes, is edited and goes, one that sees one side, and two with limits,
  // which stay: which records those leave out depends on an order that several threads do not have.
  void ChangeTaps() {
    taps_ = {Tap("all", 1, {}), Tap("server", 1, [](auto* spec) {
               tap::Target target;
               target.name = "server";
               spec->targets.push_back(target);
             })};
    if (dice_.OneIn(2)) {
      taps_.push_back(Tap("now-and-then", 1 + dice_.Roll(3), [](auto* spec) {
        spec->match.response_codes = {{500, 599}};
      }));
    }
    const uint64_t edited = 1 + dice_.Roll(3);
    taps_.push_back(
        Tap("total", edited, [](auto* spec) { spec->limits.max_records = kMaxRecords; }));
    taps_.push_back(
        Tap("rate", edited, [](auto* spec) { spec->limits.max_records_per_second = kPerSecond; }));
    Settle();
    BOOST_TEST(pipeline_->SetTaps(taps_).empty());
  }
  static tap::TapSpecPtr Tap(const std::string& name, uint64_t version,
                             const std::function<void(tap::TapSpec*)>& change) {
    auto spec = std::make_shared<tap::TapSpec>();
    spec->name = name;
    spec->ns = "shop";
    spec->content_hash = version;
    spec->pairing.window = kWindow;
    tap::OutputSpec output;
    output.name = "out";
    output.type = tap::OutputType::kStdout;
    spec->outputs.push_back(output);
    if (change) change(spec.get());
    return spec;
  }

  void Traffic() {
    for (size_t i = dice_.Roll(8); i > 0; --i) {
      const int number = next_++;
      switch (dice_.Roll(6)) {
        case 0: Retried(number); break;
        case 1: Connection(number); break;
        case 2: Alone(number); break;
        case 3: WithoutId(number); break;
        case 4: Both(number, 503); break;
        default: Both(number, 200); break;
      }
    }
  }
  static EntryBuilder Of(bool client, int number) {
    auto out = client ? EntryBuilder::Client() : EntryBuilder::Server();
    out.Connection(fmt::format("10.0.0.1:{}", 1024 + number), "10.0.0.2:80");
    out.Path(fmt::format("/{}", number));
    out.facts().start_time += number * kSecond;
    return out;
  }
  static EntryBuilder Request(bool client, int number) {
    auto out = Of(client, number);
    out.Id(fmt::format("{:08x}-0000-4000-8000-{:012x}", number * 2654435761U, number));
    return out;
  }
  void InAnyOrder(const EntryBuilder& one, const EntryBuilder& other) {
    const bool swapped = dice_.OneIn(2);
    Send(swapped ? other : one);
    Send(swapped ? one : other);
  }
  void Both(int number, uint32_t code) {
    const auto client = Request(true, number).Code(code);
    InAnyOrder(client, Request(false, number).Code(code));
    if (dice_.OneIn(8)) Send(client);  // a copy
  }
  // Two attempts on two connections to two servers.
  void Retried(int number) {
    auto first = Request(false, number).Code(503);
    first.Connection(fmt::format("10.0.0.1:{}", 40'000 + number), "10.0.0.3:80");
    Send(first);
    InAnyOrder(Request(true, number).Attempts(2), Request(false, number));
  }
  void Connection(int number) {
    auto client = Of(true, number).Tcp();
    auto server = Of(false, number).Tcp();
    InAnyOrder(client, server);
  }
  void Alone(int number) { Send(Request(dice_.OneIn(2), number)); }
  void WithoutId(int number) { InAnyOrder(Of(true, number), Of(false, number)); }

  void Send(const EntryBuilder& builder) {
    const auto entry = builder.entry();
    const bool client = entry.facts.reporter == traffic::Reporter::kSource;
    const bool other = entry.facts.downstream_local == fakes::Address("10.0.0.3:80");
    const char* ip = client ? "10.0.0.1" : other ? "10.0.0.3" : "10.0.0.2";
    auto& stream = streams_[ip];
    if (!stream) {
      stream = pipeline_->consumer()->OpenStream(fakes::MakeNode(ip, client ? "client" : "server"));
    }
    stream->Consume(entry);
    if (dice_.OneIn(2)) stream->EndOfMessage();
  }

  // Until all that was sent is joined, or waits.
  void Settle() {
    for (auto& [ip, stream] : streams_) stream->EndOfMessage();
    BOOST_REQUIRE(fakes::Eventually([&] {
      if (!threaded_) pipeline_->Step(0);
      const auto snapshot = pipeline_->Snapshot();
      return snapshot.joins.kept == snapshot.ingress.kept;
    }));
  }
  // And all threads have seen that it is later: each ends a turn before new taps are in force.
  void Pass(base::Nanos time) {
    Settle();
    clock_.Advance(time);
    BOOST_TEST(pipeline_->SetTaps(taps_).empty());
  }

  simulation::Dice dice_;
  const bool threaded_;
  fakes::ManualClock clock_;
  std::vector<tap::TapSpecPtr> taps_;
  absl::Mutex mutex_;
  std::map<std::string, std::multiset<std::string>> records_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::map<std::string, std::unique_ptr<traffic::EntryStream>> streams_;
  int next_ = 0;
};

void Compare(const Mesh::Written& one, const Mesh::Written& several) {
  BOOST_TEST(one.joins == several.joins);
  BOOST_REQUIRE(one.records.size() == several.records.size());
  for (const auto& [tap, records] : one.records) {
    BOOST_TEST_CONTEXT(tap) {
      BOOST_TEST(!records.empty());
      BOOST_TEST(records == several.records.at(tap), boost::test_tools::per_element());
    }
  }
  for (const auto& [what, count] : one.counts) {
    BOOST_TEST(several.counts.at(what) == count, what);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(partitions)

BOOST_AUTO_TEST_CASE(several_shards_write_the_records_that_one_writes) {
  // The final counters of so many taps would fill the log.
  const simulation::Silence silence({"pipeline"});
  simulation::ForSeeds("PARTITIONS", 40, [](uint64_t seed) {
    const auto one = Mesh(seed, 1, false).Run();
    for (const size_t threads : {2, 4, 7}) Compare(one, Mesh(seed, threads, false).Run());
  });
}

BOOST_AUTO_TEST_CASE(several_threads_write_the_records_that_one_shard_writes) {
  const simulation::Silence silence({"pipeline"});
  simulation::ForSeeds("PARTITIONS", 5, [](uint64_t seed) {
    Compare(Mesh(seed, 1, false).Run(), Mesh(seed, 4, true).Run());
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
