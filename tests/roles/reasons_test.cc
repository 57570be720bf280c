// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/captured_log.h"
#include "roles/roles_fixture.h"
#include "shuffle/proxy_state.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;

// The same streams at a receiver with a pairer behind it, and at a pipeline that does all.
struct ReasonsTest : RolesTest {
  ReasonsTest() : RolesTest(10 * kSecond) {
    pipeline::PipelineOptions options;
    options.threaded = false;
    options.warm_up = 10 * kSecond;
    all = std::make_unique<pipeline::Pipeline>(options, &clock, &all_live);
  }
  static tap::TapSpec Spec() {
    tap::TapSpec out;
    out.name = "a";
    out.ns = "shop";
    return out;
  }
  // The first turn, too.
  void Use(const tap::TapSpec& spec) {
    const auto tap = std::make_shared<const tap::TapSpec>(spec);
    for (auto* one : {receiver_pipeline.get(), pairer_pipeline.get(), all.get()}) Give(*one, {tap});
  }

  // A proxy with a stream in both.
  struct Sender {
    std::vector<std::unique_ptr<traffic::EntryStream>> streams;

    void End(bool clean) {
      for (const auto& stream : streams) stream->End(clean);
    }
    void Lose() {
      for (const auto& stream : streams) {
        stream->Reject(traffic::RejectReason::kQueueFull, 1);
        stream->EndOfMessage();
      }
    }
  };
  Sender Open(const std::string& ip, const std::string& workload) {
    Sender out;
    for (auto* one : {receiver_pipeline.get(), all.get()}) {
      out.streams.push_back(one->consumer()->OpenStream(fakes::MakeNode(ip, workload)));
    }
    return out;
  }
  // The client's side of a request to that server, whose path is its address.
  void Ask(const Sender& client, const std::string& server, bool meshed = true) {
    auto builder = fakes::EntryBuilder::Client();
    builder.facts().peer_mesh = meshed ? traffic::PeerMesh::kMeshed : traffic::PeerMesh::kUnknown;
    ++asked;
    builder.Id(fmt::format("{:08}-0000-4000-8000-000000000000", asked))
        .Path("/" + server)
        .Connection(fmt::format("10.0.0.1:{}", 1024 + asked), server + ":80");
    for (const auto& stream : client.streams) {
      stream->Consume(builder.entry());
      stream->EndOfMessage();
    }
  }
  void Pass(base::Nanos time) {
    for (base::Nanos passed = 0; passed < time; passed += 250 * kMillisecond) {
      Turns(250 * kMillisecond);
      all->Step(0);
    }
  }
  static std::map<std::string, std::string> ReasonsIn(LaneTest::Live& from) {
    const auto part = [](const std::string& line, const std::string& name) {
      const auto at = line.find("\"" + name + "\":\"");
      if (at == std::string::npos) return std::string();
      const auto begin = at + name.size() + 4;
      return line.substr(begin, line.find('"', begin) - begin);
    };
    std::map<std::string, std::string> out;
    absl::MutexLock lock(&from.mutex);
    for (const auto& batch : from.batches) {
      for (size_t i = 0; i < batch->size(); ++i) {
        const std::string line(batch->json_line(i));
        out[part(line, "path")] = part(line, "orphanReason");
      }
    }
    return out;
  }
  using Reasons = std::map<std::string, std::string>;
  void Check(const Reasons& expected) {
    const auto in_all = ReasonsIn(all_live), in_pairer = ReasonsIn(live);
    for (const auto& [path, reason] : expected) {
      BOOST_TEST(in_all.contains(path), path);
      BOOST_TEST((in_all.contains(path) ? in_all.at(path) : "") == reason, path << " in all");
      BOOST_TEST((in_pairer.contains(path) ? in_pairer.at(path) : "") == reason,
                 path << " in the pairer");
    }
    BOOST_TEST(in_all.size() == expected.size());
    BOOST_TEST(in_pairer.size() == expected.size());
  }

  int asked = 0;
  LaneTest::Live all_live;
  std::unique_ptr<pipeline::Pipeline> all;
};

BOOST_FIXTURE_TEST_SUITE(reasons_of_a_pairer, ReasonsTest)

BOOST_AUTO_TEST_CASE(a_side_is_missing_for_the_same_reason_in_a_pairer_and_in_one_that_does_all) {
  Use(Spec());
  const Sender client = Open("10.0.0.1", "client");
  const Sender steady = Open("10.0.0.4", "steady");
  Sender breaks = Open("10.0.0.5", "breaks"), loses = Open("10.0.0.6", "loses"),
         leaves = Open("10.0.0.7", "leaves"), left = Open("10.0.0.8", "left");
  Pass(10 * kSecond);
  left.End(true);
  Pass(10 * kSecond);
  const Sender fresh = Open("10.0.0.3", "fresh");
  Pass(2 * kSecond);
  Ask(client, "10.0.0.2");
  Ask(client, "10.0.0.9", false);
  for (int i = 3; i <= 8; ++i) Ask(client, fmt::format("10.0.0.{}", i));
  Pass(kSecond);
  breaks.End(false);
  loses.Lose();
  leaves.End(true);
  Pass(10 * kSecond);
  Check({{"/10.0.0.2", "PeerNotTapped"},
         {"/10.0.0.3", "DrainingConnection"},
         {"/10.0.0.4", "NeverArrived"},
         {"/10.0.0.5", "LostInBuffer"},
         {"/10.0.0.6", "LostInBuffer"},
         {"/10.0.0.7", "NeverArrived"},
         {"/10.0.0.8", "PeerNotTapped"},
         {"/10.0.0.9", "PeerNotMeshed"}});
}

BOOST_AUTO_TEST_CASE(a_tap_that_does_not_target_the_peer_did_not_ask_it) {
  tap::TapSpec spec = Spec();
  spec.targets.push_back({tap::TargetKind::kWorkload, "client"});
  Use(spec);
  const Sender client = Open("10.0.0.1", "client");
  const Sender server = Open("10.0.0.4", "steady");
  Pass(20 * kSecond);
  Ask(client, "10.0.0.4");
  Pass(10 * kSecond);
  Check({{"/10.0.0.4", "PeerNotTapped"}});
}

BOOST_AUTO_TEST_CASE(without_the_topic_pairs_are_joined_and_only_reasons_are_weaker) {
  proxy_log->open_status = absl::FailedPreconditionError("it does not exist");
  Use(Spec());
  const Sender client = Open("10.0.0.1", "client");
  const Sender steady = Open("10.0.0.4", "steady");
  Pass(20 * kSecond);
  BOOST_TEST(Message(pairer.readiness()) == "it does not exist");
  Ask(client, "10.0.0.4");
  Pass(10 * kSecond);
  BOOST_TEST(ReasonsIn(live)["/10.0.0.4"] == "PeerNotTapped");
  BOOST_TEST(ReasonsIn(all_live)["/10.0.0.4"] == "NeverArrived");
  proxy_log->open_status = absl::OkStatus();
  Pass(3 * kSecond);
  BOOST_TEST(pairer.readiness().ok());
  Ask(client, "10.0.0.4");
  Pass(10 * kSecond);
  BOOST_TEST(ReasonsIn(live)["/10.0.0.4"] == "NeverArrived");
  // Once it was read it may go.
  proxy_log->Fail(absl::FailedPreconditionError("it was deleted"));
  Pass(kSecond);
  BOOST_TEST(pairer.readiness().ok());
}

BOOST_AUTO_TEST_CASE(a_receiver_is_ready_once_it_could_say_who_sends_to_it) {
  proxy_outlet->open_status = absl::PermissionDeniedError("allow this user to write");
  Use(Spec());
  Pass(kSecond);
  BOOST_TEST(Message(receiver.readiness()) == "allow this user to write");
  proxy_outlet->open_status = absl::OkStatus();
  Pass(3 * kSecond);
  BOOST_TEST(receiver.readiness().ok());
  proxy_outlet->now = absl::UnavailableError("no broker");
  const Sender client = Open("10.0.0.1", "client");
  Pass(3 * kSecond);
  BOOST_TEST(receiver.readiness().ok());
  BOOST_TEST(MetricsOf(receiver).find("traffictap_shuffle_proxies_failed_total 0") ==
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_known_of_proxies_is_counted_and_taken_back_at_the_end) {
  Use(Spec());
  Sender client = Open("10.0.0.1", "client"), server = Open("10.0.0.2", "server");
  Pass(2 * kSecond);
  const auto has = [](const std::string& text, const std::string& part) {
    BOOST_TEST(text.find(part) != std::string::npos, text);
  };
  has(MetricsOf(pairer), "traffictap_shuffle_proxies 2");
  has(MetricsOf(pairer), "traffictap_shuffle_proxies_complete 1");
  has(MetricsOf(pairer), "traffictap_shuffle_proxies_skipped_total{reason=\"Broken\"} 0");
  has(MetricsOf(receiver), "traffictap_shuffle_proxies_written_total 2");
  proxies.emplace_back("k", "nothing of ours");
  for (auto* sender : {&client, &server}) sender->End(true);
  receiver_pipeline->Stop(kSecond);
  pairer_pipeline->Step(0);
  has(MetricsOf(pairer), "traffictap_shuffle_proxies 0");
  has(MetricsOf(pairer), "traffictap_shuffle_proxies_skipped_total{reason=\"Broken\"} 1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
