// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(crc32c)

BOOST_AUTO_TEST_CASE(agrees_with_the_values_of_the_rfc) {
  BOOST_TEST(base::Crc32c("") == 0u);
  BOOST_TEST(base::Crc32c("123456789") == 0xe3069283u);
  BOOST_TEST(base::Crc32c(std::string(32, '\0')) == 0x8a9136aau);
  BOOST_TEST(base::Crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
