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

// Those of the usual form are read by our own code, the others by Abseil's.
BOOST_AUTO_TEST_CASE(reads_the_usual_form_as_it_reads_the_same_time_in_another) {
  for (const char* text : {"1970-01-01T00:00:00",
                           "1999-12-31T23:59:59",
                           "2000-02-29T12:30:45.000000001",
                           "2024-02-29T00:00:00.5",
                           "2026-10-05T08:09:10.123456789",
                           "2026-01-31T12:00:00.100",
                           "2100-03-01T00:00:00.999999999",
                           "2026-02-29T00:00:00",
                           "2026-04-31T00:00:00",
                           "2026-00-10T00:00:00",
                           "2026-12-00T00:00:00",
                           "2026-12-01T24:00:00",
                           "2026-12-01T23:60:00",
                           "2016-12-31T23:59:60",
                           "2026-12-01T23:59:59.",
                           "2026-12-01T23:59:59.x",
                           "2026-12-01T23:59:59.1234567891",
                           "2256-01-01T00:00:00",
                           "2026-12-01t23:59:59",
                           "2026-12-01 23:59:59"}) {
    const auto usual = ParseRfc3339(text + std::string("Z"));
    const auto other = ParseRfc3339(text + std::string("+00:00"));
    BOOST_TEST((usual == other), text);
  }
}

BOOST_AUTO_TEST_CASE(writes_what_it_reads) {
  BOOST_TEST(FormatRfc3339(1'769'860'800 * kSecond + 999) == "2026-01-31T12:00:00Z");
  BOOST_TEST(*ParseRfc3339(FormatRfc3339(1'769'860'800 * kSecond)) == 1'769'860'800 * kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
