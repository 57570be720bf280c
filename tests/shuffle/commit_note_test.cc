// SPDX-License-Identifier: Apache-2.0
#include "shuffle/commit_note.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using shuffle::CommitNote;
using shuffle::CrashGuard;

BOOST_AUTO_TEST_SUITE(commit_note)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_and_is_text_without_a_zero_byte) {
  const CommitNote notes[] = {{},
                              {123, {}},
                              {123, {1, CrashGuard::kNone, {}}},
                              {CrashGuard::kNone, {3, 0, {}}},
                              {7, {4, 12, {3, 900'000'000'000}}}};
  for (const auto& note : notes) {
    const std::string text = shuffle::Encode(note);
    BOOST_TEST(text.find('\0') == std::string::npos);
    BOOST_TEST((shuffle::DecodeCommitNote(text).value() == note), text);
  }
  BOOST_TEST(shuffle::Encode(notes[1]) == "traffictap-1 123");
  BOOST_TEST(shuffle::Encode(notes[4]) == "traffictap-1 7 4 12 3 900000000000");
}

BOOST_AUTO_TEST_CASE(another_programs_words_are_refused) {
  for (const char* other :
       {"", "123", "traffictap-1", "traffictap-1 ", "traffictap-1 x", "traffictap-1 -2",
        "traffictap-1 1 ", "traffictap-2 1", "traffictap-1 1 2", "traffictap-1 1 -2 3",
        "traffictap-1 1 2 x", "traffictap-1 1 2 3 x", "traffictap-1 1 2 3 5 4",
        "traffictap-1 1 99999999999 -"}) {
    BOOST_TEST(absl::IsDataLoss(shuffle::DecodeCommitNote(other).status()), other);
  }
}

BOOST_AUTO_TEST_CASE(owners_are_counted_until_one_goes_block_by_block) {
  CrashGuard guard;
  for (uint32_t owner = 1; owner <= CrashGuard::kCarefulFrom; ++owner) {
    BOOST_TEST(!guard.careful());
    guard = guard.Next();
    BOOST_TEST(guard.takeovers == owner);
    BOOST_TEST(guard.skipped.empty());
  }
  BOOST_TEST(guard.careful());
}

BOOST_AUTO_TEST_CASE(the_block_in_hand_is_skipped_and_owners_are_counted_anew) {
  const CrashGuard next = CrashGuard{5, 40, {7, 90}}.Next();
  BOOST_TEST((next == CrashGuard{1, CrashGuard::kNone, {7, 40, 90}}));
}

BOOST_AUTO_TEST_CASE(what_is_skipped_fits_into_a_commit) {
  CrashGuard guard;
  for (size_t i = 0; i < 2 * CrashGuard::kSkippedMax; ++i) {
    guard.in_hand = INT64_MAX - 1'000 + static_cast<int64_t>(i);
    guard = guard.Next();
  }
  BOOST_TEST(guard.skipped.size() == CrashGuard::kSkippedMax);
  BOOST_TEST(shuffle::Encode({INT64_MAX, guard}).size() < 4096u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
