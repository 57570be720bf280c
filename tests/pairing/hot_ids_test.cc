// SPDX-License-Identifier: Apache-2.0
#include "pairing/hot_ids.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "traffic/entry_batch.h"

namespace traffictap {

using base::kSecond;
using pairing::HotIds;

namespace {

struct Fixture {
  // As many entries that are looked at, with this id.
  void See(uint64_t samples, const std::string& id, bool client = true,
           const std::string& workload = "web") {
    const auto node = fakes::MakeNode("10.0.0.1", workload);
    traffic::EntryBatch batch(node);
    auto builder = client ? fakes::EntryBuilder::Client() : fakes::EntryBuilder::Server();
    auto* entry = batch.Add(builder.Id(id).entry());
    entry->node = node.get();
    for (uint64_t i = 0; i < samples * HotIds::kEach; ++i) ids.See(*entry);
  }
  void SeeOthers(int samples) {
    for (int i = 0; i < samples; ++i) See(1, fmt::format("other-{}", ++others));
  }
  std::optional<HotIds::Hot> NextPeriod() {
    ids.Look(now);  // begins the first one
    return ids.Look(now += HotIds::kPeriod);
  }

  HotIds ids;
  base::Nanos now = 1000 * kSecond;
  int others = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hot_ids, Fixture)

BOOST_AUTO_TEST_CASE(an_id_that_has_much_of_the_load_is_reported_with_a_client_of_it) {
  SeeOthers(200);
  See(100, "constant", false, "cart");
  See(100, "constant", true, "batch");
  See(100, "constant", false, "cart");
  SeeOthers(200);
  const auto hot = NextPeriod();
  BOOST_REQUIRE(hot.has_value());
  BOOST_TEST(hot->workload == "batch");
  BOOST_TEST(hot->ns == "shop");
  // What Misra and Gries may miss of it.
  BOOST_TEST(hot->share <= 300.0 / 700);
  BOOST_TEST(hot->share >= 300.0 / 700 - 1.0 / 32);
  BOOST_TEST(hot->entries <= 300 * HotIds::kEach);
}

BOOST_AUTO_TEST_CASE(ids_that_many_requests_share_among_many_others_are_not_reported) {
  for (int i = 0; i < 20; ++i) {
    See(5, "a call tree");
    SeeOthers(30);
  }
  BOOST_TEST(!NextPeriod().has_value());
}

BOOST_AUTO_TEST_CASE(entries_without_an_id_are_no_hot_id) {
  See(1000, "");
  BOOST_TEST(!NextPeriod().has_value());
}

BOOST_AUTO_TEST_CASE(where_little_comes_nothing_is_reported) {
  See(HotIds::kSamplesMin - 1, "constant");
  BOOST_TEST(!NextPeriod().has_value());
}

BOOST_AUTO_TEST_CASE(each_period_is_looked_at_once_and_by_itself) {
  See(600, "constant");
  BOOST_TEST(!ids.Look(now).has_value());
  BOOST_TEST(!ids.Look(now + HotIds::kPeriod - 1).has_value());
  BOOST_TEST(ids.Look(now + HotIds::kPeriod).has_value());
  BOOST_TEST(!ids.Look(now + 2 * HotIds::kPeriod).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
