// SPDX-License-Identifier: Apache-2.0
#include "traffic/entry_batch.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

}  // namespace

BOOST_AUTO_TEST_SUITE(entry_batch)

BOOST_AUTO_TEST_CASE(a_batch_keeps_many_entries_of_all_sizes) {
  const NodePtr node = SampleNode();
  EntryBatch batch(node);
  BOOST_TEST(batch.empty());
  for (size_t i = 0; i < 300; ++i) {
    SampleEntry sample;
    sample.Set(Text::kPath, std::string(i * 97 % 20'000, static_cast<char>('a' + i % 26)));
    BOOST_TEST(batch.Add(sample.entry)->node == node.get());
  }
  BOOST_REQUIRE(batch.entries().size() == 300);
  size_t bytes = 0;
  for (size_t i = 0; i < 300; ++i) {
    const auto path = batch.entries()[i]->text(Text::kPath);
    BOOST_TEST(path == std::string(std::min<size_t>(i * 97 % 20'000, AccessEntry::kTextBytesMax),
                                   static_cast<char>('a' + i % 26)));
    bytes += batch.entries()[i]->bytes;
  }
  BOOST_TEST(batch.bytes() >= bytes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
