// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using namespace base;  // NOLINT: the names of the unit under test

BOOST_AUTO_TEST_SUITE(rfc3339)

BOOST_AUTO_TEST_CASE(reads_zones_and_fractions) {
  BOOST_TEST(ParseRfc3339("1970-01-01T00:00:01Z").value_or(0) == kSecond);
  BOOST_TEST(ParseRfc3339("1970-01-01T01:00:00.5+01:00").value_or(0) == kSecond / 2);
  BOOST_TEST(ParseRfc3339("2026-01-31T12:00:00.000000001Z").value_or(0) ==
             1'769'860'800 * kSecond + 1);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_time_and_what_nanoseconds_cannot_count) {
  for (const char* text : {"", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z",
                           "1969-12-31T23:59:59Z", "2300-01-01T00:00:00Z", "infinite-future"}) {
    BOOST_TEST(!ParseRfc3339(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(writes_what_it_reads) {
  BOOST_TEST(FormatRfc3339(1'769'860'800 * kSecond + 999) == "2026-01-31T12:00:00Z");
  BOOST_TEST(*ParseRfc3339(FormatRfc3339(1'769'860'800 * kSecond)) == 1'769'860'800 * kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
