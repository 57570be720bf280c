// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_query.h"

#include <boost/test/unit_test.hpp>

#include "base/rfc3339.h"

namespace traffictap::fanin {
namespace {

const base::Nanos kNow = base::ParseRfc3339("2026-01-31T12:00:30Z").value();

StatusOr<PairerQuery> Read(const std::string& query) { return ReadQuery(query, "watch", kNow); }

}  // namespace

BOOST_AUTO_TEST_SUITE(pairer_query)

BOOST_AUTO_TEST_CASE(filters_go_on_as_they_came) {
  const auto query =
      Read("tap=shop%2Fall&watch=true&path=%2Fa+b&limit=7&code=5xx&code=404").value();
  BOOST_TEST(query.text == "tap=shop%2Fall&watch=true&path=%2Fa%20b&limit=7&code=5xx&code=404");
  BOOST_TEST(query.follow);
  BOOST_TEST(query.limit.value() == 7u);
  BOOST_TEST(query.from.since == "");
  BOOST_TEST(!Read("watch=false").value().follow);
  BOOST_TEST(!Read("").value().follow);
}

BOOST_AUTO_TEST_CASE(a_time_that_counts_back_is_the_same_for_all_pairers) {
  const auto query = Read("since=30s").value();
  BOOST_TEST(query.text == "since=2026-01-31T12%3A00%3A00Z");
  BOOST_TEST(query.from.since == "2026-01-31T12:00:00Z");
  const auto later = Read("after=2026-01-31T12%3A00%3A00Z%7Ca%3A1%3Ep").value();
  BOOST_TEST(later.text == "since=2026-01-31T12%3A00%3A00Z");
  BOOST_TEST(later.from.of.at("a:1") == "p");
  BOOST_TEST(Read("after=%7Ca%3A1%3Ep").value().text == "");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused_here_or_left_to_the_pairers) {
  BOOST_TEST(absl::IsInvalidArgument(Read("path=%zz").status()));
  BOOST_TEST(absl::IsInvalidArgument(Read("after=17").status()));
  const auto query = Read("since=yesterday&limit=x&color=red").value();
  BOOST_TEST(query.text == "limit=x&color=red&since=yesterday");
  BOOST_TEST(!query.limit);
  BOOST_TEST(query.from.since == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::fanin
