// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

std::string Encode(uint32_t code) {
  std::string out;
  const auto add = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    add(0xe0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3f));
  } else {
    add(0xf0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3f));
    add(0x80 | (code >> 6 & 0x3f));
  }
  if (code >= 0x80) add(0x80 | (code & 0x3f));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(knows_every_character_and_no_surrogate) {
  size_t wrong = 0;
  for (uint32_t code = 0; code < 0x110000; ++code) {
    const std::string text = Encode(code);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (base::Utf8SequenceLength(text) != (surrogate ? 0 : text.size())) ++wrong;
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_beyond_the_last_character) {
  BOOST_TEST(base::Utf8SequenceLength(Encode(0x110000)) == 0);
  BOOST_TEST(base::Utf8SequenceLength("\xf5\x80\x80\x80") == 0);
}

BOOST_AUTO_TEST_CASE(refuses_overlong_forms) {
  for (const char* text : {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"}) {
    BOOST_TEST(base::Utf8SequenceLength(text) == 0);
  }
}

BOOST_AUTO_TEST_CASE(refuses_what_is_cut_off_or_begins_in_the_middle) {
  for (const char* text : {"", "\x80", "\xbf", "\xc3", "\xe2\x80", "\xf0\x9f\x98",
                           "\xc3"
                           "A",
                           "\xff"}) {
    BOOST_TEST(base::Utf8SequenceLength(text) == 0);
  }
}

BOOST_AUTO_TEST_CASE(looks_at_the_front_alone) {
  BOOST_TEST(base::Utf8SequenceLength("\xc3\xa9 and more") == 2);
  BOOST_TEST(base::Utf8SequenceLength("a\xff") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
