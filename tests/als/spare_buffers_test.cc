// SPDX-License-Identifier: Apache-2.0
#include "als/spare_buffers.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

using als::SpareBuffers;

std::string Sized(size_t bytes) {
  std::string out;
  out.reserve(bytes);
  out = "used";
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(spare_buffers, SpareBuffers)

BOOST_AUTO_TEST_CASE(what_is_given_comes_back_empty_with_its_memory) {
  BOOST_TEST(Take().capacity() < kLeastBytes);
  Give(Sized(60'000));
  const std::string taken = Take();
  BOOST_TEST(taken.empty());
  BOOST_TEST(taken.capacity() >= 60'000u);
  BOOST_TEST(Take().capacity() < kLeastBytes);
}

BOOST_AUTO_TEST_CASE(neither_small_nor_huge_ones_are_kept_and_not_more_than_a_few) {
  Give(Sized(kLeastBytes / 2));
  Give(Sized(kMostBytes * 2));
  BOOST_TEST(count() == 0u);
  for (size_t i = 0; i < kBuffers + 3; ++i) Give(Sized(kLeastBytes));
  BOOST_TEST(count() == kBuffers);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
