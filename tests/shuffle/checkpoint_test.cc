// SPDX-License-Identifier: Apache-2.0
#include "shuffle/checkpoint.h"

#include <boost/test/unit_test.hpp>

#include "base/crc32c.h"
#include "traffic/byte_codec.h"

namespace traffictap {

using base::kSecond;
using shuffle::Checkpoint;

namespace {

Checkpoint Sample() {
  Checkpoint out;
  out.next_offset = 1'000'000'000'000;
  out.read_from = out.next_offset - 40;
  out.clock.now = 1'700'000'000 * kSecond;
  out.clock.latest = out.clock.now + kSecond;
  out.clock.receivers = {{"receiver-a/1", out.clock.now, out.clock.latest, -5, 7}};
  out.last_arrival = out.clock.now - 1;
  out.last_loss = 3;
  out.longest_window = 5 * kSecond;
  out.sequences = {{"receiver-a/1", {17, 5}}, {"receiver-b/1", {0, 6}}};
  out.counters.received = 12;
  out.counters.lost = 3;
  out.joins.kept = 12;
  out.joins.pairs = 4;
  out.joins.orphans[3] = 1;
  for (size_t i = 0; i < 3; ++i) {
    out.waiting.push_back({out.last_arrival - static_cast<base::Nanos>(10 * i), 0,
                           shuffle::PositionOf(out.read_from + static_cast<int64_t>(i), 3 * i)});
  }
  out.skipped = {out.read_from + 1, out.read_from + 30};
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  const Checkpoint in = Sample();
  const Checkpoint out = shuffle::DecodeCheckpoint(shuffle::Encode(in)).value();
  BOOST_TEST(out.next_offset == in.next_offset);
  BOOST_TEST(out.read_from == in.read_from);
  BOOST_TEST((out.clock == in.clock));
  BOOST_TEST(out.last_arrival == in.last_arrival);
  BOOST_TEST(out.last_loss == in.last_loss);
  BOOST_TEST(out.longest_window == in.longest_window);
  BOOST_TEST((out.sequences == in.sequences));
  BOOST_TEST((out.counters == in.counters));
  BOOST_TEST(out.joins.kept == 12u);
  BOOST_TEST(out.joins.pairs == 4u);
  BOOST_TEST(out.joins.orphans[3] == 1u);
  BOOST_TEST(out.skipped == in.skipped, boost::test_tools::per_element());
  BOOST_REQUIRE(out.waiting.size() == 3u);
  for (size_t i = 0; i < 3; ++i) {
    BOOST_TEST(out.waiting[i].position == in.waiting[i].position);
    BOOST_TEST(out.waiting[i].arrival == in.waiting[i].arrival);
  }
}

BOOST_AUTO_TEST_CASE(a_half_that_waits_takes_a_few_bytes) {
  Checkpoint many = Sample();
  const size_t before = shuffle::Encode(many).size();
  auto half = many.waiting.back();
  for (int i = 0; i < 10'000; ++i) {
    half.position += 2;
    half.arrival += 1'000;
    many.waiting.push_back(half);
  }
  BOOST_TEST(shuffle::Encode(many).size() - before < 40'000u);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_checkpoint_are_refused) {
  const std::string bytes = shuffle::Encode(Sample());
  for (size_t length = 0; length < bytes.size(); ++length) {
    BOOST_TEST(absl::IsDataLoss(shuffle::DecodeCheckpoint(bytes.substr(0, length)).status()));
    std::string changed = bytes;
    changed[length] = static_cast<char>(changed[length] ^ 1);
    BOOST_TEST(absl::IsDataLoss(shuffle::DecodeCheckpoint(changed).status()));
  }
}

BOOST_AUTO_TEST_CASE(offsets_that_make_no_sense_are_refused) {
  Checkpoint wrong = Sample();
  wrong.read_from = wrong.next_offset + 1;
  BOOST_TEST(absl::IsDataLoss(shuffle::DecodeCheckpoint(shuffle::Encode(wrong)).status()));
}

// As a pairer wrote it that skipped no blocks yet.
BOOST_AUTO_TEST_CASE(a_checkpoint_that_ends_before_what_was_skipped_is_read) {
  Checkpoint in = Sample();
  in.skipped.clear();
  std::string body = shuffle::Encode(in).substr(4);
  BOOST_TEST(body.back() == '\0');
  body.pop_back();
  traffic::ByteWriter checksum;
  checksum.Fixed(base::Crc32c(body), 4);
  const auto out = shuffle::DecodeCheckpoint(checksum.Take() + body);
  BOOST_REQUIRE(out.ok());
  BOOST_TEST(out->skipped.empty());
  BOOST_TEST(out->waiting.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
