// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "fakes/entry_builder.h"
#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "fmt/format.h"
#include "pipeline/pipeline.h"

namespace traffictap {

// A pipeline whose taps write to files, with the clock and the proxies in the test's hands.
// Proxies: "client" at 10.0.0.1 calls "server" at 10.0.0.2, both in namespace shop.
struct PipelineTest {
  PipelineTest() { Start({}); }

  void Start(pipeline::PipelineOptions options) {
    options.output_dir = dir.path().string();
    options.warm_up = 0;
    streams.clear();
    pipeline = std::make_unique<pipeline::Pipeline>(options, &clock);
  }

  // A tap of everything in shop that writes to NAME.jsonl.
  tap::TapSpec Tap(const std::string& name) {
    tap::TapSpec spec;
    spec.name = name;
    spec.ns = "shop";
    spec.content_hash = ++versions;
    tap::OutputSpec output;
    output.name = "file";
    output.type = tap::OutputType::kFile;
    output.file.path = name + ".jsonl";
    spec.outputs.push_back(output);
    return spec;
  }
  tap::TapSpec Of(tap::TapSpec spec, const std::string& workload) {
    tap::Target target;
    target.name = workload;
    spec.targets.push_back(target);
    return spec;
  }
  std::vector<pipeline::TapFault> Set(const std::vector<tap::TapSpec>& specs) {
    std::vector<tap::TapSpecPtr> shared;
    for (const auto& spec : specs) shared.push_back(std::make_shared<const tap::TapSpec>(spec));
    return pipeline->SetTaps(shared);
  }
  void InForce(const std::vector<tap::TapSpec>& specs) {
    for (const auto& fault : Set(specs)) BOOST_FAIL(fault.tap << ": " << Message(fault.status));
  }

  traffic::EntryStream& Stream(const std::string& ip, const std::string& workload) {
    auto& stream = streams[ip];
    if (!stream) stream = pipeline->consumer()->OpenStream(fakes::MakeNode(ip, workload));
    return *stream;
  }
  fakes::EntryBuilder Client(int number) {
    auto builder = fakes::EntryBuilder::Client();
    return Numbered(builder, number);
  }
  fakes::EntryBuilder Server(int number) {
    auto builder = fakes::EntryBuilder::Server();
    return Numbered(builder, number);
  }
  static fakes::EntryBuilder Numbered(fakes::EntryBuilder builder, int number) {
    builder.Id(fmt::format("{:08}-0000-4000-8000-000000000000", number))
        .Path(fmt::format("/{}", number));
    builder.Connection(fmt::format("10.0.0.1:{}", 1024 + number), "10.0.0.2:80");
    builder.facts().start_time += number * base::kSecond;
    return builder;
  }
  // One message of its side's proxy.
  void Send(const fakes::EntryBuilder& builder) {
    const auto entry = builder.entry();
    const bool client = entry.facts.reporter == traffic::Reporter::kSource;
    auto& stream = client ? Stream("10.0.0.1", "client") : Stream("10.0.0.2", "server");
    stream.Consume(entry);
    stream.EndOfMessage();
  }
  void SendPair(int number, uint32_t code = 200) {
    Send(Client(number).Code(code));
    Send(Server(number).Code(code));
  }

  // Until all that was sent has been joined or waits.
  void Settle() {
    BOOST_REQUIRE(fakes::Eventually([&] {
      const auto snapshot = pipeline->Snapshot();
      return snapshot.joins.kept == snapshot.ingress.kept;
    }));
  }
  // Until nothing waits for its other half any more.
  void WaitOut(base::Nanos window = 5 * base::kSecond) {
    Settle();
    clock.Advance(window);
    BOOST_REQUIRE(fakes::Eventually([&] { return pipeline->Snapshot().joins.waiting == 0; }));
  }

  pipeline::TapSnapshot Snapshot(const std::string& name) {
    for (auto& tap : pipeline->Snapshot().taps) {
      if (tap.spec->name == name) return tap;
    }
    BOOST_FAIL("no tap " << name);
    return {};
  }

  // "/PATH REASON-OR-VERDICT" of each record in NAME.jsonl, sorted. Ends the pipeline.
  std::vector<std::string> Records(const std::string& name) {
    pipeline->Stop(10 * base::kSecond);
    std::vector<std::string> out;
    std::istringstream lines(dir.Read(name + ".jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      out.push_back(json["request"].value("path", "?") + " " +
                    (json.contains("orphanReason") ? json["orphanReason"].get<std::string>() + "/" +
                                                         json["reporter"].get<std::string>()
                                                   : json["verdict"].get<std::string>()));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  std::string Metrics() {
    base::MetricsRegistry registry;
    registry.Register([this](base::MetricWriter& writer) { pipeline->WriteMetrics(writer); });
    return registry.Render();
  }

  using Strings = std::vector<std::string>;
  fakes::ManualClock clock;
  fakes::TempDir dir;
  uint64_t versions = 0;
  std::unique_ptr<pipeline::Pipeline> pipeline;
  std::map<std::string, std::unique_ptr<traffic::EntryStream>> streams;
};

}  // namespace traffictap
