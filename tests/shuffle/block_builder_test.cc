// SPDX-License-Identifier: Apache-2.0
#include "shuffle/block_builder.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "traffic/sample_entries.h"

namespace traffictap::shuffle {
namespace {

struct Emitted {
  uint32_t partition = 0;
  uint32_t count = 0;
  BlockHeader header;
};

// A builder of two partitions that has said in both that it is there.
class Bench {
 public:
  explicit Bench(size_t block_bytes_max = 256 * 1024)
      : builder(Options(block_bytes_max),
                [this](uint32_t partition, const std::string& block, uint32_t count) {
                  const auto header = DecodeHeader(block);
                  BOOST_REQUIRE_MESSAGE(header.ok(), header.status());
                  blocks.push_back({partition, count, *header});
                }) {
    builder.SetTapsHash(7);
    builder.Advance(clock.Monotonic());
    greeting = std::exchange(blocks, {});
  }

  void Add(uint32_t partition) {
    sample_.get()->arrival = clock.Monotonic();
    const uint64_t tap = 1;
    builder.Add(partition, *sample_.get(), sample_.node(), {&tap, 1}, base::kSecond,
                clock.Monotonic());
  }
  void Advance(base::Nanos by) {
    clock.Advance(by);
    builder.Advance(clock.Monotonic());
  }

  fakes::ManualClock clock;
  std::vector<Emitted> blocks;
  std::vector<Emitted> greeting;
  BlockBuilder builder;

 private:
  static BlockBuilderOptions Options(size_t block_bytes_max) {
    BlockBuilderOptions out;
    out.receiver = "receiver-1";
    out.partitions = 2;
    out.block_bytes_max = block_bytes_max;
    return out;
  }

  traffic::PackedSample sample_{traffic::FullEntry(traffic::Reporter::kSource)};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(block_builder)

BOOST_AUTO_TEST_CASE(a_receiver_says_first_that_it_is_there) {
  const Bench bench;
  BOOST_REQUIRE(bench.greeting.size() == 2u);
  BOOST_TEST(bench.greeting[1].partition == 1u);
  BOOST_TEST(bench.greeting[1].count == 0u);
  BOOST_TEST(bench.greeting[1].header.partition == 1u);
  BOOST_TEST(bench.greeting[1].header.first_sequence == 1u);
  BOOST_TEST(bench.greeting[1].header.receiver == "receiver-1");
  BOOST_TEST(bench.greeting[1].header.taps_hash == 7u);
}

BOOST_AUTO_TEST_CASE(a_block_is_sealed_when_its_first_half_has_waited_long_enough) {
  Bench bench;
  bench.Add(0);
  bench.Advance(30 * base::kMillisecond);
  bench.Add(0);
  bench.Advance(19 * base::kMillisecond);
  BOOST_TEST(bench.blocks.empty());
  BOOST_TEST(bench.builder.pending() == 2u);
  bench.Advance(base::kMillisecond);
  BOOST_REQUIRE(bench.blocks.size() == 1u);
  BOOST_TEST(bench.blocks[0].partition == 0u);
  BOOST_TEST(bench.blocks[0].count == 2u);
  BOOST_TEST(bench.blocks[0].header.count == 2u);
  BOOST_TEST(bench.blocks[0].header.greatest_age == 50 * base::kMillisecond);
  BOOST_TEST(bench.blocks[0].header.sealed == bench.clock.Monotonic());
  BOOST_TEST(bench.builder.pending() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_block_is_sealed_at_once) {
  Bench bench(1);
  bench.Add(1);
  BOOST_REQUIRE(bench.blocks.size() == 1u);
  BOOST_TEST(bench.blocks[0].count == 1u);
  BOOST_TEST(bench.builder.pending() == 0u);
}

BOOST_AUTO_TEST_CASE(each_partition_numbers_its_own_halves) {
  Bench bench(1);
  bench.Add(0);
  bench.Add(1);
  bench.Add(1);
  bench.Add(0);
  std::vector<uint64_t> sequences;
  for (const auto& block : bench.blocks) sequences.push_back(block.header.first_sequence);
  BOOST_TEST(sequences == (std::vector<uint64_t>{1, 1, 2, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_silent_partition_says_twice_a_second_which_number_comes_next) {
  Bench bench;
  bench.Add(0);
  bench.Advance(50 * base::kMillisecond);
  bench.blocks.clear();
  bench.Advance(450 * base::kMillisecond);
  BOOST_REQUIRE(bench.blocks.size() == 1u);
  BOOST_TEST(bench.blocks[0].partition == 1u);
  BOOST_TEST(bench.blocks[0].header.first_sequence == 1u);
  bench.Advance(50 * base::kMillisecond);
  BOOST_REQUIRE(bench.blocks.size() == 2u);
  BOOST_TEST(bench.blocks[1].partition == 0u);
  BOOST_TEST(bench.blocks[1].header.first_sequence == 2u);
  BOOST_TEST(bench.blocks[1].header.count == 0u);
  BOOST_TEST(bench.blocks[1].header.greatest_age == 0);
}

BOOST_AUTO_TEST_CASE(a_goodbye_brings_what_is_pending_and_comes_in_every_partition) {
  Bench bench;
  bench.Add(1);
  bench.builder.Bye(bench.clock.Monotonic());
  BOOST_REQUIRE(bench.blocks.size() == 2u);
  BOOST_TEST(bench.blocks[0].count == 0u);
  BOOST_TEST(bench.blocks[0].header.bye);
  BOOST_TEST(bench.blocks[1].count == 1u);
  BOOST_TEST(bench.blocks[1].header.bye);
  BOOST_TEST(bench.builder.pending() == 0u);
}

BOOST_AUTO_TEST_CASE(new_taps_are_told_from_the_next_block_on) {
  Bench bench(1);
  bench.Add(0);
  bench.builder.SetTapsHash(8);
  bench.Add(0);
  BOOST_REQUIRE(bench.blocks.size() == 2u);
  BOOST_TEST(bench.blocks[0].header.taps_hash == 7u);
  BOOST_TEST(bench.blocks[1].header.taps_hash == 8u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::shuffle
