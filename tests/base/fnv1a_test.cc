// SPDX-License-Identifier: Apache-2.0
#include "base/fnv1a.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(fnv1a)

// The authors' own test vectors.
BOOST_AUTO_TEST_CASE(is_the_published_function) {
  BOOST_TEST(base::Fnv1a("") == 0xcbf29ce484222325u);
  BOOST_TEST(base::Fnv1a("a") == 0xaf63dc4c8601ec8cu);
  BOOST_TEST(base::Fnv1a("foobar") == 0x85944171f73967e8u);
}

BOOST_AUTO_TEST_CASE(goes_on_where_it_ended) {
  BOOST_TEST(base::Fnv1a("bar", base::Fnv1a("foo")) == base::Fnv1a("foobar"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
