// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shared_records.h"

#include <map>

#include "pipeline/lane_fixture.h"
#include "pipeline/tap_fan_out.h"

namespace traffictap {

using pipeline::SharedRecords;
using traffic::RecordBatch;
using BatchPtr = std::shared_ptr<const RecordBatch>;

// Taps of one thread, and requests from "client" to "server" that all or some of them admitted.
struct SharingTest : LaneTest {
  static tap::TapSpec Tap(const std::string& name) {
    tap::TapSpec spec = Spec();
    spec.name = name;
    return spec;
  }
  void InForce(const std::vector<tap::TapSpec>& specs) {
    auto next = std::make_shared<pipeline::TapsInForce>();
    for (const auto& spec : specs) next->runtimes.push_back(Make(spec));
    fan_out.SetTaps(next);
  }
  // The server's side for the first `servers` taps, the client's for all.
  void Show(const std::string& path, size_t servers = SIZE_MAX) {
    const std::vector<traffic::NodePtr> nodes = {fakes::MakeNode("10.0.0.1", "client"),
                                                 fakes::MakeNode("10.0.0.2", "server")};
    traffic::EntryBatch entries(nodes[0]);
    auto* client = entries.Add(fakes::EntryBuilder::Client().Id(kId).Path(path).entry());
    auto* server = entries.Add(fakes::EntryBuilder::Server().Id(kId).Path(path).entry());
    server->node = nodes[1].get();
    for (size_t slot = 0; slot < fan_out.in_force()->runtimes.size(); ++slot) {
      client->taps.Add(slot);
      if (slot < servers) server->taps.Add(slot);
    }
    const traffic::PackedEntry* all[] = {server};
    traffic::TrafficPair pair;
    pair.client = client;
    pair.servers = all;
    fan_out.Consume(pair, nodes);
  }
  // Ends the turn. The batches by the taps' names, each tap's in their order.
  std::map<std::string, std::vector<BatchPtr>> Deliver() {
    for (const auto& runtime : fan_out.in_force()->runtimes) runtime->lane(0).Deliver();
    absl::MutexLock lock(&live.mutex);
    std::map<std::string, std::vector<BatchPtr>> out;
    for (const auto& batch : live.batches) {
      out[batch->origin().tap.substr(batch->origin().tap.find('/') + 1)].push_back(batch);
    }
    live.batches.clear();
    return out;
  }
  static bool Share(const RecordBatch& a, const RecordBatch& b, size_t index = 0) {
    return a.pair(index).client == b.pair(index).client;
  }
  static std::vector<std::string> Lines(const std::vector<BatchPtr>& batches) {
    std::vector<std::string> out;
    for (const auto& batch : batches) {
      for (size_t i = 0; i < batch->size(); ++i) out.push_back(batch->json_line(i));
    }
    return out;
  }

  static constexpr const char* kId = "00000001-0000-4000-8000-000000000000";
  pipeline::ProxyDirectory proxies{0, 100};
  pipeline::TapFanOut fan_out{&proxies};
};

BOOST_FIXTURE_TEST_SUITE(shared_records, SharingTest)

BOOST_AUTO_TEST_CASE(taps_that_show_alike_hold_one_record_and_write_what_each_would_write_alone) {
  InForce({Tap("a"), Tap("b")});
  for (const char* path : {"/1?k=v", "/2"}) Show(path);
  auto shared = Deliver();
  BOOST_REQUIRE(shared["a"].size() == 1u);
  BOOST_REQUIRE(shared["b"].size() == 1u);
  for (const size_t index : {0, 1}) BOOST_TEST(Share(*shared["a"][0], *shared["b"][0], index));
  BOOST_TEST((shared["a"][0]->json(1).rest.data() == shared["b"][0]->json(1).rest.data()));
  for (const char* name : {"a", "b"}) {
    InForce({Tap(name)});
    for (const char* path : {"/1?k=v", "/2"}) Show(path);
    BOOST_TEST(Lines(shared[name]) == Lines(Deliver()[name]), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(taps_that_differ_in_what_they_show_hold_no_record_together) {
  std::vector<tap::TapSpec> specs(9, Tap("a"));
  specs[1].redaction.query_values = tap::QueryValues::kKeep;
  specs[2].redaction.rules = {{"s3cret", "***"}};
  specs[3].redaction.rules = {{"s3cret", "+++"}};
  specs[4].capture.request_headers = {"x-a"};
  specs[5].capture.response_headers = {"x-a"};
  specs[6].capture.trace = false;
  specs[7].ns = "bank";
  specs[8].cluster_scoped = true;
  for (size_t i = 0; i < specs.size(); ++i) specs[i].name = fmt::format("{}", i);
  InForce(specs);
  Show("/s3cret?k=v");
  const auto shown = Deliver();
  BOOST_REQUIRE(shown.size() == specs.size());
  for (const auto& [a, of_a] : shown) {
    for (const auto& [b, of_b] : shown) {
      if (a != b) BOOST_TEST(!Share(*of_a[0], *of_b[0]), a << " and " << b);
    }
  }
  const auto path = [&](const char* tap) {
    return std::string(shown.at(tap)[0]->pair(0).client->text(traffic::Text::kPath));
  };
  BOOST_TEST(path("0") == "/s3cret?k=REDACTED");
  BOOST_TEST(path("1") == "/s3cret?k=v");
  BOOST_TEST(path("2") == "/***?k=REDACTED");
  BOOST_TEST(path("3") == "/+++?k=REDACTED");
}

BOOST_AUTO_TEST_CASE(a_tap_that_may_see_one_side_is_not_given_the_record_of_both) {
  InForce({Tap("a"), Tap("b"), Tap("c"), Tap("d")});
  Show("/1", 2);
  auto shown = Deliver();
  BOOST_TEST(Share(*shown["a"][0], *shown["b"][0]));
  for (const char* name : {"c", "d"}) {
    BOOST_TEST(!Share(*shown["a"][0], *shown[name][0]));
    BOOST_TEST(shown[name][0]->pair(0).servers.empty());
    BOOST_TEST(shown[name][0]->json_line(0).find("\"server\"") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_record_of_another_weight_is_another_record) {
  auto sampled = Tap("b");
  sampled.sampling.ratio = 0.5;
  auto as_well = sampled;
  as_well.name = "c";
  InForce({Tap("a"), sampled, as_well});
  Show("/1");
  auto shown = Deliver();
  BOOST_TEST(!Share(*shown["a"][0], *shown["b"][0]));
  BOOST_TEST(Share(*shown["b"][0], *shown["c"][0]));
  BOOST_TEST(shown["a"][0]->pair(0).weight == 1);
  BOOST_TEST(shown["b"][0]->pair(0).weight == 2);
}

BOOST_AUTO_TEST_CASE(a_pair_that_one_tap_admitted_is_its_own) {
  InForce({Tap("a")});
  Show("/1");
  const auto shown = Deliver();
  BOOST_TEST(shown.at("a")[0]->held() == 1u);
}

BOOST_AUTO_TEST_CASE(what_went_out_does_not_change_any_more) {
  InForce({Tap("a"), Tap("b")});
  Show("/1");
  auto first = Deliver();
  const size_t footprint = first["a"][0]->footprint();
  Show("/2");
  auto second = Deliver();
  BOOST_TEST(first["a"][0]->held() == 1u);
  BOOST_TEST(first["a"][0]->footprint() == footprint);
  BOOST_TEST(second["b"][0]->held() == 1u);
}

BOOST_AUTO_TEST_CASE(few_of_the_records_that_others_take_are_not_kept_with_them) {
  auto few = Tap("few");
  few.match.paths = {{tap::PathMatchKind::kPrefix, "/7"}};
  InForce({Tap("all"), few});
  for (int i = 0; i < 10; ++i) Show(fmt::format("/{}", i));
  auto shown = Deliver();
  BOOST_TEST(shown["all"][0]->held() == 10u);
  BOOST_TEST(shown["few"][0]->held() == 1u);
  BOOST_TEST(shown["few"][0]->footprint() < shown["all"][0]->footprint() / 3);
  BOOST_TEST(shown["few"][0]->json_line(0).find("\"/7\"") != std::string::npos);
  BOOST_TEST(Offered(*fan_out.in_force()->runtimes[1]) == 1u);
}

BOOST_AUTO_TEST_CASE(batches_that_go_out_early_have_each_record_once_and_in_order) {
  auto some = Tap("some");
  some.match.paths = {{tap::PathMatchKind::kRegex, ".*2"}};
  InForce({Tap("a"), Tap("b"), some});
  const std::string long_path = "/" + std::string(10'000, 'x');
  for (int i = 0; i < 100; ++i) Show(fmt::format("{}{:02}", long_path, i));
  auto shown = Deliver();
  const auto numbers = [&](const std::string& name) {
    std::vector<std::string> out;
    for (const auto& batch : shown[name]) {
      for (size_t i = 0; i < batch->size(); ++i) {
        const std::string path(batch->pair(i).client->text(traffic::Text::kPath));
        out.push_back(path.substr(path.size() - 2));
      }
    }
    return out;
  };
  std::vector<std::string> all;
  std::vector<std::string> twos;
  for (int i = 0; i < 100; ++i) {
    all.push_back(fmt::format("{:02}", i));
    if (i % 10 == 2) twos.push_back(all.back());
  }
  BOOST_TEST(shown["a"].size() > 2u);
  for (const char* name : {"a", "b"}) {
    BOOST_TEST(numbers(name) == all, boost::test_tools::per_element());
  }
  BOOST_TEST(numbers("some") == twos, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_change_of_taps_between_two_records_of_a_batch_loses_none) {
  InForce({Tap("a"), Tap("b")});
  Show("/1");
  const auto staying = fan_out.in_force();
  auto next = std::make_shared<pipeline::TapsInForce>();
  next->runtimes = {Make(Tap("new")), staying->runtimes[0], staying->runtimes[1]};
  fan_out.SetTaps(next);
  Show("/2");
  auto shown = Deliver();
  BOOST_TEST(shown["new"][0]->size() == 1u);
  for (const char* name : {"a", "b"}) BOOST_TEST(Lines(shown[name]).size() == 2u);
  BOOST_TEST(Share(*shown["a"][0], *shown["b"][0], 0));
  BOOST_TEST(Share(*shown["a"][0], *shown["b"][0], 1));
}

BOOST_AUTO_TEST_CASE(gives_a_record_for_the_same_pair_until_it_is_told_to_forget_it) {
  const auto origin =
      std::make_shared<const traffic::RecordOrigin>(traffic::RecordOrigin{"shop/a"});
  const traffic::NodePtr node = fakes::MakeNode("10.0.0.1");
  traffic::EntryBatch entries(node);
  traffic::TrafficPair pair;
  pair.client = entries.Add(fakes::EntryBuilder::Client().entry());
  SharedRecords shared;
  RecordBatch made(origin);
  RecordBatch given(origin);
  BOOST_TEST(!shared.Give(1, pair, &given));
  shared.Add(1, pair, {&node, 1}, nullptr, &made);
  BOOST_TEST(!shared.Give(2, pair, &given));
  auto other = pair;
  other.orphan_reason = traffic::OrphanReason::kNeverArrived;
  BOOST_TEST(!shared.Give(1, other, &given));
  shared.Seal();  // another lane has had enough
  BOOST_TEST(shared.Give(1, pair, &given));
  BOOST_TEST(Share(made, given));
  // As after a record that one tap had no time to redact.
  shared.Forget();
  BOOST_TEST(!shared.Give(1, pair, &given));
  BOOST_TEST(given.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
