// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recorder_ring.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using base::kSecond;
using pipeline::RecordedPart;
using pipeline::RecorderRing;

namespace {

// A part of one record, which came at `second`.
RecordedPart Part(int second, size_t bytes = 1000) {
  return {std::string(bytes, 'x'), {1}, second * kSecond};
}

std::vector<base::Nanos> TakeAll(RecorderRing* ring) {
  std::vector<base::Nanos> out;
  while (auto part = ring->Take()) out.push_back(part->at / kSecond);
  return out;
}

using Seconds = std::vector<base::Nanos>;

}  // namespace

BOOST_AUTO_TEST_SUITE(recorder_ring)

BOOST_AUTO_TEST_CASE(a_dump_has_what_came_before_and_what_comes_while_it_is_open_in_order) {
  RecorderRing ring(100'000, nullptr);
  for (int i = 1; i <= 4; ++i) ring.Add(Part(i));
  ring.OpenDump(3 * kSecond);
  ring.Add(Part(5));
  ring.CloseDump();
  ring.Add(Part(6));
  BOOST_TEST(TakeAll(&ring) == (Seconds{3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(ring.held() == 3u);
  ring.OpenDump(0);
  BOOST_TEST(TakeAll(&ring) == (Seconds{1, 2, 6}), boost::test_tools::per_element());
  BOOST_TEST(ring.held() == 0u);
  BOOST_TEST(ring.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_ring_overwrites_the_oldest_and_knows_from_when_they_were) {
  RecorderRing ring(3 * Part(0).bytes(), nullptr);
  for (int i = 1; i <= 5; ++i) ring.Add(Part(i));
  BOOST_TEST(ring.held() == 3u);
  BOOST_TEST(ring.overwritten() == 2u);
  BOOST_TEST(ring.OverwrittenSince(2 * kSecond) == 1u);
  BOOST_TEST(ring.OverwrittenSince(3 * kSecond) == 0u);
  ring.OpenDump(0);
  BOOST_TEST(TakeAll(&ring) == (Seconds{3, 4, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_dump_that_nobody_takes_loses_its_oldest_and_counts_them) {
  RecorderRing ring(3 * Part(0).bytes(), nullptr);
  ring.Add(Part(1));
  ring.OpenDump(0);
  for (int i = 2; i <= 5; ++i) ring.Add(Part(i));
  BOOST_TEST(ring.dump_overwritten() == 2u);
  BOOST_TEST(TakeAll(&ring) == (Seconds{3, 4, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_part_that_is_larger_than_the_ring_is_counted_as_overwritten) {
  RecorderRing ring(2000, nullptr);
  ring.Add(Part(1));
  ring.Add(Part(2, 5000));
  BOOST_TEST(ring.held() == 0u);
  BOOST_TEST(ring.overwritten() == 2u);
  BOOST_TEST(ring.OverwrittenSince(2 * kSecond) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_held_is_charged_to_the_memory_of_outputs_and_given_back) {
  const auto pool = std::make_shared<sinks::MemoryPool>(12'000);
  RecorderRing ring(100'000, pool->Open("shop/a"));
  for (int i = 0; i < 100; ++i) ring.Add(Part(i));
  BOOST_TEST(pool->bytes() == ring.bytes());
  BOOST_TEST(ring.bytes() > 1000u);
  BOOST_TEST(ring.bytes() <= 12'000u);
  BOOST_TEST(ring.held() + ring.overwritten() == 100u);
  ring.Clear();
  BOOST_TEST(pool->bytes() == 0u);
  BOOST_TEST(ring.overwritten() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
