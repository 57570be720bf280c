// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "fakes/entry_builder.h"
#include "fakes/eventually.h"
#include "fakes/temp_dir.h"
#include "fmt/format.h"
#include "pipeline/pipeline.h"

namespace traffictap {

// Two namespaces in one real pipeline, on the real clock: `greedy` asks for what costs most, `shop`
// for nothing special.
struct PatternIsolationTest {
  PatternIsolationTest() {
    pipeline::PipelineOptions options;
    options.output_dir = dir.path().string();
    options.warm_up = 0;
    pipeline = std::make_unique<pipeline::Pipeline>(options, &clock);
  }
  static tap::TapSpec Tap(const std::string& ns) {
    tap::TapSpec spec;
    spec.name = "all";
    spec.ns = ns;
    spec.content_hash = 1;
    tap::OutputSpec output;
    output.name = "file";
    output.type = tap::OutputType::kFile;
    output.file.path = ns + ".jsonl";
    spec.outputs.push_back(output);
    return spec;
  }
  void InForce(const tap::TapSpec& greedy) {
    const auto faults = pipeline->SetTaps({std::make_shared<const tap::TapSpec>(greedy),
                                           std::make_shared<const tap::TapSpec>(Tap("shop"))});
    BOOST_TEST_REQUIRE(faults.empty());
  }
  // `count` requests in both namespaces, one after the other.
  void Send(int count) {
    std::map<std::string, std::unique_ptr<traffic::EntryStream>> streams;
    std::mt19937 random(1);
    for (int i = 0; i < count; ++i) {
      std::string path = "/";
      while (path.size() < 200) path += "abcdefghijklmnopqrstu/"[random() % 22];
      for (const char* ns : {"greedy", "shop"}) {
        for (auto builder : {fakes::EntryBuilder::Client(), fakes::EntryBuilder::Server()}) {
          builder.Id(fmt::format("{:08}-0000-4000-8000-{:012}", i, ns[0] == 'g' ? 1 : 2))
              .Path(path);
          builder.Connection(fmt::format("10.{}.0.1:{}", ns[0] == 'g' ? 1 : 2, 1024 + i),
                             fmt::format("10.{}.0.2:80", ns[0] == 'g' ? 1 : 2));
          const auto entry = builder.entry();
          const bool client = entry.facts.reporter == traffic::Reporter::kSource;
          const auto ip = fmt::format("10.{}.0.{}", ns[0] == 'g' ? 1 : 2, client ? 1 : 2);
          auto& stream = streams[ip];
          if (!stream) stream = pipeline->consumer()->OpenStream(fakes::MakeNode(ip, "web", ns));
          stream->Consume(entry);
          stream->EndOfMessage();
        }
      }
    }
  }
  pipeline::TapSnapshot Of(const std::string& ns) {
    for (auto& tap : pipeline->Snapshot().taps) {
      if (tap.spec->ns == ns) return tap;
    }
    return {};
  }
  // Sends, and asserts that the records of `shop` are all there in time, and those of `greedy` told.
  void CheckIsolation() {
    constexpr uint64_t kRequests = 400;
    const base::Nanos begin = clock.Monotonic();
    Send(kRequests);
    BOOST_TEST(
        fakes::Eventually([&] { return Of("shop").outputs["file"].delivered == kRequests; }));
    const base::Nanos took = clock.Monotonic() - begin;
    BOOST_TEST(took < 4 * base::kSecond);
    BOOST_TEST_MESSAGE("delivered after " << took / base::kMillisecond << " ms");
    BOOST_TEST(fakes::Eventually([&] { return Of("greedy").counters.records == kRequests; }));
    BOOST_TEST(Of("shop").counters.redaction_over_budget == 0u);
    BOOST_TEST(Of("shop").counters.match_over_budget == 0u);
  }

  static constexpr char kWorst[] = "(?i)[a-q][^u-z]{40}[vx]";
  base::SystemClock clock;
  fakes::TempDir dir;
  std::unique_ptr<pipeline::Pipeline> pipeline;
};

BOOST_FIXTURE_TEST_SUITE(pattern_isolation, PatternIsolationTest)

BOOST_AUTO_TEST_CASE(redaction_rules_that_use_up_their_time_cost_their_own_tap_alone) {
  auto greedy = Tap("greedy");
  for (int i = 0; i < 64; ++i) greedy.redaction.rules.push_back({kWorst, "#"});
  InForce(greedy);
  CheckIsolation();
  const auto counters = Of("greedy").counters;
  BOOST_TEST(counters.offered == 400u);
  BOOST_TEST(counters.redaction_over_budget > 0u);
  pipeline->Stop(base::kSecond);
  BOOST_TEST(dir.Read("greedy.jsonl").find("[redaction over budget]") != std::string::npos);
  BOOST_TEST(dir.Read("shop.jsonl").find("[redaction over budget]") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(patterns_that_use_up_their_time_cost_their_own_tap_alone) {
  auto greedy = Tap("greedy");
  for (int i = 0; i < 256; ++i) {
    greedy.match.paths.push_back({tap::PathMatchKind::kRegex, fmt::format(".*{}{}", kWorst, i)});
  }
  InForce(greedy);
  CheckIsolation();
  const auto counters = Of("greedy").counters;
  BOOST_TEST(counters.match_over_budget > 0u);
  BOOST_TEST(counters.records == counters.offered + counters.filtered + counters.match_over_budget);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
