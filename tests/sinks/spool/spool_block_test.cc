// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_block.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using sinks::BlockHead;
using sinks::MakeBlock;

BOOST_AUTO_TEST_SUITE(spool_block)

BOOST_AUTO_TEST_CASE(a_block_says_what_it_holds) {
  const std::string block = MakeBlock("records", 7, 1'700'000'000'123'456'789);
  BOOST_TEST(block.size() == BlockHead::kBytes + 7);
  const auto head = BlockHead::Read(block);
  BOOST_REQUIRE(head.has_value());
  BOOST_TEST(head->size == 7u);
  BOOST_TEST(head->records == 7u);
  BOOST_TEST(head->wall == 1'700'000'000'123'456'789);
  BOOST_TEST(head->block_size() == block.size());
  BOOST_TEST(head->Fits("records"));
  BOOST_TEST(!head->Fits("recordz"));
  BOOST_TEST(!head->Fits("record"));
}

BOOST_AUTO_TEST_CASE(a_head_with_any_byte_altered_or_missing_is_none) {
  const std::string block = MakeBlock("records", 7, 5);
  for (size_t at = 0; at < BlockHead::kBytes; ++at) {
    std::string altered = block;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    BOOST_TEST(!BlockHead::Read(altered).has_value(), at);
    BOOST_TEST(!BlockHead::Read(block.substr(0, at)).has_value(), at);
  }
  BOOST_TEST(!BlockHead::Read(std::string(64, '\0')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
