// SPDX-License-Identifier: Apache-2.0
#include "traffic/packed_entry.h"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <set>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

constexpr const char* kId = "11111111-2222-4333-8444-555555555555";

}  // namespace

BOOST_AUTO_TEST_SUITE(packed_entry)

BOOST_AUTO_TEST_CASE(unpacks_to_what_was_packed) {
  const SampleEntry sample = FullEntry(Reporter::kDestination);
  PackedSample packed(sample);
  const AccessEntry entry = Unpack(*packed.get());
  BOOST_TEST(std::memcmp(&entry.facts, &packed.get()->facts, sizeof(EntryFacts)) == 0);
  BOOST_TEST(entry.facts.start_time == sample.entry.facts.start_time);
  for (size_t i = 0; i < kTextCount; ++i) {
    BOOST_TEST(entry.texts[i] == sample.entry.texts[i]);
    BOOST_TEST(packed.get()->text(static_cast<Text>(i)) == sample.entry.texts[i]);
  }
}

BOOST_AUTO_TEST_CASE(the_other_end_is_the_one_of_the_reporters_own_socket) {
  SampleEntry sample;
  auto& facts = sample.entry.facts;
  facts.upstream_remote = ParseSocketAddress("10.0.0.2", 80).value();
  facts.downstream_direct_remote = ParseSocketAddress("10.0.0.1", 4000).value();
  facts.reporter = Reporter::kSource;
  BOOST_TEST(PeerAddress(*PackedSample(sample).get()).IpString() == "10.0.0.2");
  facts.reporter = Reporter::kDestination;
  BOOST_TEST(PeerAddress(*PackedSample(sample).get()).IpString() == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(says_its_own_size_and_keeps_the_next_entry_aligned) {
  SampleEntry sample;
  for (size_t length = 0; length < 20; ++length) {
    sample.Set(Text::kPath, std::string(length, 'x'));
    PackedSample packed(sample);
    BOOST_TEST(packed.get()->bytes == PackedSize(sample.entry));
    BOOST_TEST(packed.get()->bytes % alignof(PackedEntry) == 0);
    BOOST_TEST(packed.get()->bytes >= sizeof(PackedEntry) + length);
  }
}

BOOST_AUTO_TEST_CASE(cuts_a_text_at_its_bound_and_no_earlier) {
  SampleEntry sample;
  sample.Set(Text::kPath, std::string(AccessEntry::kTextBytesMax, 'a'));
  sample.Set(Text::kReferer, std::string(AccessEntry::kTextBytesMax + 1, 'b'));
  sample.Set(Text::kUserAgent, "after");
  PackedSample packed(sample);
  BOOST_TEST(packed.get()->text(Text::kPath).size() == AccessEntry::kTextBytesMax);
  BOOST_TEST(packed.get()->text(Text::kReferer).size() == AccessEntry::kTextBytesMax);
  BOOST_TEST(packed.get()->text(Text::kUserAgent) == "after");
}

BOOST_AUTO_TEST_CASE(the_far_end_is_the_socket_s_or_who_opened_the_tunnel) {
  SampleEntry sample(Reporter::kDestination);
  sample.facts().upstream_remote = *ParseSocketAddress("10.0.0.3", 3);
  sample.facts().downstream_remote = *ParseSocketAddress("10.0.0.1", 1);
  const auto far = [&] { return FarAddress(*PackedSample(sample).get()).ToString(); };
  BOOST_TEST(far() == "10.0.0.1:1");
  // It is the caller's own word then.
  sample.Set(Text::kForwardedFor, "10.0.0.1");
  BOOST_TEST(far() == SocketAddress{}.ToString());
  sample.facts().downstream_direct_remote = *ParseSocketAddress("10.0.0.2", 2);
  BOOST_TEST(far() == "10.0.0.2:2");
  sample.facts().reporter = Reporter::kSource;
  BOOST_TEST(far() == "10.0.0.3:3");
}

BOOST_AUTO_TEST_CASE(begins_with_no_tap_no_arrival_and_the_ids_hash) {
  SampleEntry sample;
  sample.Set(Text::kRequestId, kId);
  PackedSample packed(sample);
  BOOST_TEST(packed.get()->taps.empty());
  BOOST_TEST(packed.get()->arrival == 0);
  BOOST_TEST(packed.get()->request_id_hash == HashRequestId(kId));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hash_request_id)

BOOST_AUTO_TEST_CASE(does_not_see_the_version_digit_that_envoy_rewrites) {
  std::string id = kId;
  for (const char digit : {'4', '9', 'a', 'b'}) {
    id[14] = digit;
    BOOST_TEST(HashRequestId(id) == HashRequestId(kId));
  }
}

BOOST_AUTO_TEST_CASE(sees_every_other_character_and_the_length) {
  std::set<uint64_t> hashes = {HashRequestId(kId)};
  for (size_t i = 0; i < std::strlen(kId); ++i) {
    std::string id = kId;
    id[i] = 'x';
    if (i != 14) hashes.insert(HashRequestId(id));
    hashes.insert(HashRequestId(std::string_view(kId).substr(0, i + 1)));
  }
  // All but the whole id, which is one of its own beginnings.
  BOOST_TEST(hashes.size() == 1 + 35 + 35);
}

BOOST_AUTO_TEST_CASE(what_is_behind_the_digit_stays_of_a_uuid_and_all_of_other_ids) {
  BOOST_TEST(StablePart("3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f60") == "d5e-9a57-1d2c3b4a5f60");
  for (const char* other : {"", "request-7", "3f1f4b0e-8c1d-4d5e-9a57-1d2c3b4a5f6g",
                            "/a/path/of/thirty/six/characters/xyz"}) {
    BOOST_TEST(StablePart(other) == other);
  }
}

BOOST_AUTO_TEST_CASE(is_zero_for_no_id_alone) {
  BOOST_TEST(HashRequestId("") == 0);
  for (int i = 0; i < 10'000; ++i) BOOST_TEST_REQUIRE(HashRequestId(std::to_string(i)) != 0);
}

BOOST_AUTO_TEST_CASE(stays_the_same_over_builds) {
  // Sampling and Kafka keys depend on it: a change here is a breaking change.
  BOOST_TEST(HashRequestId(kId) == 5849290475293621616ULL);
  BOOST_TEST(HashRequestId("a") == 49551699497781147ULL);
}

BOOST_AUTO_TEST_CASE(spreads_ids_evenly) {
  constexpr int kIds = 40'000;
  int lower = 0;
  for (int i = 0; i < kIds; ++i) {
    if (HashRequestId("00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + i)) <
        UINT64_MAX / 4)
      ++lower;
  }
  // Four standard deviations around a quarter.
  BOOST_TEST(lower > kIds / 4 - 350);
  BOOST_TEST(lower < kIds / 4 + 350);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
