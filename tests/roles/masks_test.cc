// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "roles/half_masks.h"
#include "roles/roles_fixture.h"
#include "traffic/header_list.h"

namespace traffictap {

using base::kSecond;
using tap::TapSpec;
using traffic::Text;

// The same traffic through a receiver and a pairer, and through a pipeline that does all.
struct MasksTest : RolesTest {
  MasksTest() {
    pipeline::PipelineOptions options;
    options.threaded = false;
    options.warm_up = 0;
    all = std::make_unique<pipeline::Pipeline>(options, &clock, &all_live);
  }

  static TapSpec Spec(const std::string& name) {
    TapSpec spec;
    spec.name = name;
    spec.ns = "shop";
    spec.content_hash = std::hash<std::string>()(name);
    return spec;
  }
  static TapSpec Keeps(const std::string& name) {
    TapSpec spec = Spec(name);
    spec.redaction.query_values = tap::QueryValues::kKeep;
    return spec;
  }
  static TapSpec Of(TapSpec spec, const std::string& workload) {
    spec.targets.push_back({tap::TargetKind::kWorkload, workload});
    return spec;
  }
  void Use(const std::vector<TapSpec>& specs) {
    std::vector<tap::TapSpecPtr> taps;
    for (const auto& spec : specs) taps.push_back(std::make_shared<const TapSpec>(spec));
    for (auto* one : {receiver_pipeline.get(), pairer_pipeline.get(), all.get()}) {
      for (const auto& fault : one->SetTaps(taps)) BOOST_FAIL(fault.tap);
    }
  }
  static std::string Headers() {
    std::string out;
    traffic::AppendHeader(&out, "x-tenant", "acme");
    traffic::AppendHeader(&out, "x-next", "https://u:pw5@shop/?t=hush");
    traffic::AppendHeader(&out, "authorization", "Bearer s3cret");
    return out;
  }
  // Both sides of a request.
  void Request(const std::string& path, const std::string& id = "") {
    for (const bool client : {true, false}) {
      auto builder = client ? fakes::EntryBuilder::Client() : fakes::EntryBuilder::Server();
      builder.facts().start_time += requests * kSecond;
      builder.Id(id).Path(path).Connection("10.0.0.1:1024", "10.0.0.2:80");
      builder.Set(Text::kReferer, "https://u:pw5@shop/?t=t0k3n");
      builder.Set(Text::kRequestHeaders, Headers());
      const auto node =
          client ? fakes::MakeNode("10.0.0.1", "client") : fakes::MakeNode("10.0.0.2", "server");
      for (auto* one : {receiver_pipeline.get(), all.get()}) {
        auto stream = one->consumer()->OpenStream(node);
        stream->Consume(builder.entry());
        stream->End(true);
      }
    }
    ++requests;
    Turns(kSecond);
    all->Step(0);
  }
  static std::vector<std::string> Lines(LaneTest::Live& from) {
    std::vector<std::string> out;
    absl::MutexLock lock(&from.mutex);
    for (const auto& batch : from.batches) {
      for (size_t i = 0; i < batch->size(); ++i) out.push_back(batch->json_line(i));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // The pairer's records, which are those of the one that does all.
  std::vector<std::string> Records() {
    const auto lines = Lines(live);
    const auto expected = Lines(all_live);
    BOOST_TEST(lines == expected, boost::test_tools::per_element());
    return lines;
  }
  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  bool InTopic(const std::string& part) const {
    for (const auto& [partition, messages] : topics.halves) {
      for (const auto& message : messages) {
        if (Has(message.bytes, part)) return true;
      }
    }
    return false;
  }

  int requests = 0;
  LaneTest::Live all_live;
  std::unique_ptr<pipeline::Pipeline> all;
};

// Each look at it takes 450 ms: more than patterns have of a second.
class SlowClock final : public base::Clock {
 public:
  base::Nanos Monotonic() const override { return at_ += 450 * base::kMillisecond; }
  base::Nanos Wall() const override { return 0; }

 private:
  mutable base::Nanos at_ = -440 * base::kMillisecond;
};

constexpr char kId[] = "00000001-0000-4000-8000-000000000000";

BOOST_FIXTURE_TEST_SUITE(masks_before_the_topic, MasksTest)

BOOST_AUTO_TEST_CASE(what_the_tap_masks_is_not_in_the_topic) {
  Use({Spec("a")});
  Request("/pay?card=4111", kId);
  const auto records = Records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(Has(records[0], "/pay?card=REDACTED"));
  BOOST_TEST(InTopic("/pay?card=REDACTED"));
  for (const char* secret : {"4111", "t0k3n", "hush", "acme", "pw5", "s3cret"}) {
    BOOST_TEST(!InTopic(secret), secret);
  }
}

BOOST_AUTO_TEST_CASE(what_the_tap_keeps_is_there_and_credentials_are_not) {
  TapSpec spec = Keeps("a");
  spec.capture.request_headers = {"x-next"};
  Use({spec});
  Request("/pay?card=4111", kId);
  const auto records = Records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(Has(records[0], "/pay?card=4111"));
  for (const char* kept : {"4111", "t0k3n", "hush"}) BOOST_TEST(InTopic(kept), kept);
  for (const char* secret : {"acme", "pw5", "s3cret"}) BOOST_TEST(!InTopic(secret), secret);
}

BOOST_AUTO_TEST_CASE(of_two_taps_the_one_that_shows_more_decides_and_each_shows_its_own) {
  TapSpec captures = Spec("b");
  captures.capture.request_headers = {"x-tenant"};
  Use({Keeps("a"), captures});
  Request("/pay?card=4111", kId);
  const auto records = Records();
  BOOST_REQUIRE(records.size() == 2u);
  const auto count = [&](const std::string& part) {
    return std::count_if(records.begin(), records.end(),
                         [&](const std::string& line) { return Has(line, part); });
  };
  BOOST_TEST(count("/pay?card=4111") == 1);
  BOOST_TEST(count("/pay?card=REDACTED") == 1);
  BOOST_TEST(count("acme") == 1);
  BOOST_TEST(InTopic("acme"));
  for (const char* secret : {"hush", "pw5", "s3cret"}) BOOST_TEST(!InTopic(secret), secret);
}

BOOST_AUTO_TEST_CASE(a_tap_that_does_not_want_the_half_does_not_unmask_it) {
  TapSpec other = Keeps("b");
  other.match.paths.push_back({tap::PathMatchKind::kPrefix, "/other"});
  Use({Spec("a"), other});
  Request("/pay?card=4111", kId);
  BOOST_TEST(Records().size() == 1u);
  BOOST_TEST(!InTopic("4111"));
}

BOOST_AUTO_TEST_CASE(sides_of_taps_that_differ_are_joined_all_the_same) {
  Use({Of(Keeps("a"), "client"), Of(Spec("b"), "server")});
  Request("/pay?card=4111");
  Request("/pay?card=4112", kId);
  BOOST_TEST(Records().size() == 4u);
  BOOST_TEST(pairer_pipeline->Snapshot().joins.pairs == 2u);
}

BOOST_AUTO_TEST_CASE(requests_of_a_connection_that_differ_in_what_is_masked_stay_apart) {
  Use({Spec("a")});
  Request("/pay?card=4111");
  Request("/pay?card=4112");
  BOOST_TEST(Records().size() == 2u);
  BOOST_TEST(pairer_pipeline->Snapshot().joins.pairs == 2u);
}

BOOST_AUTO_TEST_CASE(a_match_by_what_is_not_shown_still_holds) {
  TapSpec prefix = Spec("a");
  prefix.match.headers.push_back({"x-tenant", tap::HeaderMatch::Kind::kPrefix, "ac"});
  TapSpec without = Spec("b");
  without.match.headers.push_back({"x-tenant"});
  without.match.headers.back().invert = true;
  Use({prefix, without});
  Request("/pay", kId);
  const auto records = Records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(Has(records[0], "shop/a"));
  BOOST_TEST(!InTopic("acme"));
}

BOOST_AUTO_TEST_CASE(a_match_by_a_regex_gets_its_value_where_it_holds) {
  TapSpec spec = Spec("a");
  spec.match.headers.push_back({"x-tenant", tap::HeaderMatch::Kind::kRegex, "ac.*"});
  spec.match.headers.push_back({"x-next", tap::HeaderMatch::Kind::kRegex, "ftp:.*"});
  spec.match.headers.back().invert = true;
  Use({spec});
  Request("/pay", kId);
  BOOST_TEST(Records().size() == 1u);
  BOOST_TEST(InTopic("acme"));
  BOOST_TEST(!InTopic("hush"));
}

BOOST_AUTO_TEST_CASE(a_match_by_a_path_parameter_still_holds) {
  TapSpec exact = Spec("a");
  exact.match.paths.push_back({tap::PathMatchKind::kExact, "/pay;v=4711"});
  Use({exact});
  Request("/pay;v=4711?card=4111", kId);
  const auto records = Records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(Has(records[0], "/pay;v=REDACTED?card=REDACTED"));
  BOOST_TEST(!InTopic("4111"));
}

BOOST_AUTO_TEST_CASE(the_rules_of_a_tap_are_the_pairers) {
  TapSpec spec = Spec("a");
  spec.redaction.rules.push_back({"o", "oo"});
  Use({spec});
  Request("/foo", kId);
  const auto records = Records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(Has(records[0], "/foooo"));
}

BOOST_AUTO_TEST_CASE(what_a_pattern_has_no_time_for_is_hidden_and_counted) {
  const SlowClock slow;
  roles::HalfMasks masks(&slow);
  TapSpec spec = Spec("a");
  spec.match.paths.push_back({tap::PathMatchKind::kRegex, "/a;v=\\d"});
  const auto table = pipeline::TapTable::Create({std::make_shared<const TapSpec>(spec)}, {1});
  BOOST_REQUIRE(table.ok());
  masks.UseTable(*table);
  traffic::EntryBatch batch(fakes::MakeNode("10.0.0.1"));
  auto* entry = batch.Add(fakes::EntryBuilder::Client().Path("/a;v=1").entry());
  entry->taps.Add(0);
  entry->arrival = 7;
  masks.UseTaps(entry->taps);
  const traffic::PackedEntry& in_time = masks.Mask(*entry);
  BOOST_TEST(in_time.text(Text::kPath) == "/a;v=1");
  BOOST_TEST(in_time.path_mark != 0u);
  BOOST_TEST(in_time.arrival == 7);
  BOOST_TEST(in_time.taps.Contains(0));
  BOOST_TEST(in_time.node == entry->node);
  BOOST_TEST(masks.over_budget() == 0u);
  BOOST_TEST(masks.Mask(*entry).text(Text::kPath) == "/a;v=REDACTED");
  BOOST_TEST(masks.over_budget() == 1u);
  const auto metrics = MetricsOf(receiver);
  BOOST_TEST(Has(metrics, "traffictap_shuffle_halves_over_budget_total 0"), metrics);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
