// SPDX-License-Identifier: Apache-2.0
#include "cli/print/distinct_records.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap::cli {
namespace {

v1::TrafficPair Record(const std::string& id, const std::string& tap, int servers = 0) {
  v1::TrafficPair out;
  out.set_id(id);
  out.set_tap(tap);
  for (int i = 0; i < servers; ++i) out.add_server();
  return out;
}

std::string Taps(const DistinctRecords& records) {
  std::string out;
  for (const auto& record : records.all()) out += record.tap();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distinct_records)

BOOST_AUTO_TEST_CASE(what_says_more_takes_the_place_of_the_first_of_its_id) {
  DistinctRecords records(3);
  for (const auto& record : {Record("1", "a", 1), Record("2", "b"), Record("1", "c"),
                             Record("1", "d", 2), Record("2", "e")}) {
    BOOST_TEST(records.Add(record).ok());
  }
  BOOST_TEST(Taps(records) == "db");
}

BOOST_AUTO_TEST_CASE(records_without_an_id_are_all_kept) {
  DistinctRecords records(3);
  BOOST_TEST(records.Add(Record("", "a")).ok());
  BOOST_TEST(records.Add(Record("", "b")).ok());
  BOOST_TEST(Taps(records) == "ab");
}

BOOST_AUTO_TEST_CASE(when_it_is_full_it_takes_what_replaces_others_alone) {
  DistinctRecords records(1);
  BOOST_TEST(records.Add(Record("1", "a")).ok());
  BOOST_TEST(absl::IsCancelled(records.Add(Record("2", "b"))));
  BOOST_TEST(absl::IsCancelled(records.Add(Record("", "c"))));
  BOOST_TEST(records.Add(Record("1", "d", 1)).ok());
  BOOST_TEST(Taps(records) == "d");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::cli
