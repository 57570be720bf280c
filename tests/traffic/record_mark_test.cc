// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_mark.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::traffic {

BOOST_AUTO_TEST_SUITE(record_mark)

BOOST_AUTO_TEST_CASE(tells_when_a_record_began_which_it_is_and_how_many_sides_it_has) {
  RecordMark mark;
  BOOST_REQUIRE(MarkRecord(
      R"({"schemaVersion":"v1","id":"00ff","tap":"shop/all","client":{"pod":"a"},
          "timings":{"startTime":"2026-01-31T12:00:00.250Z","clientMs":7,"serverMs":9.5},
          "server":[{"pod":"b"},{"reduced":true}]})",
      &mark));
  BOOST_TEST(mark.id == "00ff");
  BOOST_TEST(mark.tap == "shop/all");
  BOOST_TEST(mark.sides == 3u);
  BOOST_TEST(!mark.open);
  BOOST_TEST(mark.duration == 9.5);
  BOOST_TEST(mark.start == 1'769'860'800 * base::kSecond + 250 * base::kMillisecond);
  BOOST_REQUIRE(MarkRecord(R"({"id":"1","state":"Open","timings":{"clientMs":3}})", &mark));
  BOOST_TEST(mark.open);
  BOOST_TEST(mark.sides == 0u);
  BOOST_TEST(mark.start == 0);
  BOOST_TEST(mark.tap.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_record_has_no_mark) {
  RecordMark mark;
  for (const char* line :
       {"", "{", "[]", "7", R"({"type":"Gap"})", R"({"id":7})", R"({"id":""})"}) {
    BOOST_TEST(!MarkRecord(line, &mark), line);
  }
}

BOOST_AUTO_TEST_CASE(a_side_more_an_end_and_a_longer_time_of_an_open_stream_are_more) {
  const RecordMark whole{.sides = 2};
  const RecordMark half{.sides = 1};
  BOOST_TEST(SaysNoMore(half, whole));
  BOOST_TEST(SaysNoMore(whole, whole));
  BOOST_TEST(!SaysNoMore(whole, half));
  const RecordMark young{.sides = 2, .open = true, .duration = 1};
  const RecordMark old{.sides = 2, .open = true, .duration = 2};
  BOOST_TEST(SaysNoMore(young, old));
  BOOST_TEST(!SaysNoMore(old, young));
  BOOST_TEST(!SaysNoMore(half, old));
  BOOST_TEST(SaysNoMore(old, half));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::traffic
