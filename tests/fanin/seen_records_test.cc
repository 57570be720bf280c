// SPDX-License-Identifier: Apache-2.0
#include "fanin/seen_records.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::fanin {

BOOST_AUTO_TEST_SUITE(seen_records)

BOOST_AUTO_TEST_CASE(a_copy_of_another_pairer_is_shown_where_it_says_more) {
  SeenRecords seen(8);
  traffic::RecordMark half{.id = "1", .tap = "t", .sides = 1};
  traffic::RecordMark whole{.id = "1", .tap = "t", .sides = 2};
  BOOST_TEST(seen.Take(1, half));
  BOOST_TEST(!seen.Take(2, half));
  BOOST_TEST(seen.Take(2, whole));
  BOOST_TEST(!seen.Take(1, half));
  BOOST_TEST(!seen.Take(1, whole));
  BOOST_TEST(seen.Take(2, half));  // its own
  whole.tap = "u";
  BOOST_TEST(seen.Take(1, whole));
}

BOOST_AUTO_TEST_CASE(a_stream_that_goes_on_at_another_pairer_is_shown) {
  SeenRecords seen(8);
  traffic::RecordMark record{.id = "1", .sides = 2, .open = true, .duration = 10};
  BOOST_TEST(seen.Take(1, record));
  record.duration = 20;
  BOOST_TEST(seen.Take(2, record));
  record.open = false;
  BOOST_TEST(seen.Take(1, record));
  BOOST_TEST(!seen.Take(2, record));
}

BOOST_AUTO_TEST_CASE(it_remembers_no_more_than_it_may) {
  SeenRecords seen(2);
  for (const char* id : {"1", "2", "3"}) BOOST_TEST(seen.Take(1, {.id = id}));
  BOOST_TEST(seen.Take(2, {.id = "1"}));  // forgotten
  BOOST_TEST(!seen.Take(2, {.id = "3"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::fanin
