// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(crc32c)

BOOST_AUTO_TEST_CASE(agrees_with_the_values_of_the_rfc) {
  BOOST_TEST(base::Crc32c("") == 0u);
  BOOST_TEST(base::Crc32c("123456789") == 0xe3069283u);
  BOOST_TEST(base::Crc32c(std::string(32, '\0')) == 0x8a9136aau);
  BOOST_TEST(base::Crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
}

BOOST_AUTO_TEST_CASE(bytes_count_alike_wherever_they_stand) {
  std::string bytes;
  for (int i = 0; i < 64; ++i) bytes.push_back(static_cast<char>(i * 37 + 201));
  for (size_t from = 0; from < 9; ++from) {
    for (size_t size = 0; from + size <= bytes.size(); ++size) {
      uint32_t expected = ~0u;
      for (const unsigned char byte : bytes.substr(from, size)) {
        expected ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
          expected = (expected >> 1) ^ ((expected & 1) * 0x82f63b78u);
        }
      }
      BOOST_TEST(base::Crc32c(std::string_view(bytes).substr(from, size)) == ~expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
