// SPDX-License-Identifier: Apache-2.0
#include "pairing/compact_entry.h"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test
using pairing::CompactBytes;
using pairing::CompactEntry;
using pairing::KnownOfEntry;

std::vector<std::byte> Made(const PackedEntry& entry, const KnownOfEntry& known) {
  const CompactEntry compact(entry, known);
  std::vector<std::byte> out(compact.size());
  compact.CopyTo(out.data());
  return out;
}

// The same bytes again, the padding among them.
void CheckSame(const PackedEntry& entry, const KnownOfEntry& known) {
  const std::vector<std::byte> compact = Made(entry, known);
  BOOST_REQUIRE_EQUAL(CompactBytes(compact.data()), compact.size());
  pairing::Slab slab;
  PackedEntry* const back = pairing::Expand(compact.data(), known, &slab);
  BOOST_REQUIRE_EQUAL(back->bytes, entry.bytes);
  BOOST_REQUIRE(std::memcmp(static_cast<const void*>(back), &entry, sizeof entry) == 0);
  for (size_t i = 0; i < kTextCount; ++i) {
    BOOST_REQUIRE_EQUAL(back->text(static_cast<Text>(i)), entry.text(static_cast<Text>(i)));
  }
  slab.Free(back, back->bytes);
}

KnownOfEntry Known(const PackedEntry& entry) { return {entry.node, entry.arrival}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(compact_entry)

BOOST_AUTO_TEST_CASE(an_entry_comes_back_as_it_was) {
  for (const Reporter reporter : {Reporter::kSource, Reporter::kDestination}) {
    PackedSample full(FullEntry(reporter));
    PackedEntry& entry = *full.get();
    entry.arrival = 77'123'456'789;
    entry.path_mark = 0xfedcba98;
    for (const size_t slot : {0, 1, 63, 64, 1023}) entry.taps.Add(slot);
    CheckSame(entry, Known(entry));
    // Of another node, and at another time than is known.
    CheckSame(entry, {nullptr, 77'123'000'000});
    CheckSame(entry, {entry.node, 99'000'000'000});
  }
  PackedSample empty{SampleEntry()};
  CheckSame(*empty.get(), Known(*empty.get()));
}

BOOST_AUTO_TEST_CASE(texts_of_any_length_come_back) {
  for (const size_t length : {0, 1, 7, 8, 255, 256, 4'000, 16'384}) {
    SampleEntry sample;
    sample.Set(Text::kRequestId, std::string(length, 'a'));
    sample.Set(Text::kResponseTrailers, std::string(length, '\xff'));
    PackedSample packed(sample);
    CheckSame(*packed.get(), Known(*packed.get()));
  }
}

// Whatever a field holds, a new one too: any bits in each of its words.
BOOST_AUTO_TEST_CASE(any_fixed_part_comes_back) {
  std::mt19937_64 random(5);
  PackedSample packed(FullEntry(Reporter::kSource));
  const PackedEntry whole = *packed.get();
  for (int i = 0; i < 2'000; ++i) {
    PackedEntry* const entry = packed.get();
    std::vector<uint64_t> words(CompactEntry::kWords);
    for (uint64_t& word : words) word = random() >> random() % 64;
    if (i % 2 == 0) words[random() % words.size()] = ~uint64_t{0};
    std::memcpy(static_cast<void*>(entry), words.data(), sizeof *entry);
    entry->bytes = whole.bytes;
    entry->text_lengths = whole.text_lengths;
    CheckSame(*entry, {whole.node, static_cast<base::Nanos>(random() >> 2)});
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_there_or_known_takes_no_room) {
  PackedSample empty{SampleEntry()};
  PackedEntry* const entry = empty.get();
  entry->arrival = 77'123'456'789;
  const size_t least = Made(*entry, Known(*entry)).size();
  // Its size and the lengths of its words are 36. The rest is the padding of its fields, which may be anything.
  BOOST_TEST(least <= 36u + 16u);
  BOOST_TEST(Made(*entry, {}).size() > least + 8);
  entry->taps.Add(3);
  entry->facts.duration = 60'000'000;
  BOOST_TEST(Made(*entry, Known(*entry)).size() == least + 1 + 4);
}

BOOST_AUTO_TEST_CASE(a_full_entry_takes_less_than_two_thirds) {
  PackedSample full(FullEntry(Reporter::kSource));
  BOOST_TEST(Made(*full.get(), Known(*full.get())).size() < full.get()->bytes * 2 / 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
