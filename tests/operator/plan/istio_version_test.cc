// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/istio_version.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using plan::IsAtLeast;

BOOST_AUTO_TEST_SUITE(istio_version)

BOOST_AUTO_TEST_CASE(versions_are_compared_by_number) {
  BOOST_TEST(IsAtLeast("1.22.0", 1, 22));
  BOOST_TEST(IsAtLeast("1.31-dev", 1, 22));
  BOOST_TEST(IsAtLeast("2.0.1", 1, 22));
  BOOST_TEST(!IsAtLeast("1.21.6-distroless", 1, 22));
  BOOST_TEST(!IsAtLeast("1.9.9", 1, 22));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_new_enough) {
  for (const char* text : {"", "unknown", "1", "1.", "v1.2"})
    BOOST_TEST(IsAtLeast(text, 1, 22), text);
}

BOOST_AUTO_TEST_CASE(of_two_releases_the_earlier_is_older) {
  BOOST_TEST(plan::IsOlder("1.9.9", "1.10.0"));
  BOOST_TEST(plan::IsOlder("1.24.1", "1.24.3"));
  BOOST_TEST(!plan::IsOlder("1.24.3", "1.24.3"));
  BOOST_TEST(!plan::IsOlder("2.0", "1.31"));
}

BOOST_AUTO_TEST_CASE(a_build_without_a_release_is_newer_than_all_of_them) {
  BOOST_TEST(plan::IsOlder("1.31.0", "unknown"));
  BOOST_TEST(!plan::IsOlder("unknown", "1.9.0"));
  BOOST_TEST(!plan::IsOlder("unknown", "unknown"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
