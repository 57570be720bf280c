// SPDX-License-Identifier: Apache-2.0
#include "cli/print/visible_text.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using cli::print::FitText;
using cli::print::PadText;
using cli::print::TextColumns;
using cli::print::VisibleJson;
using cli::print::VisibleText;

BOOST_AUTO_TEST_SUITE(visible_text)

BOOST_AUTO_TEST_CASE(plain_and_wide_characters_stay) {
  for (const char* text : {"", "/cart/42?a=b", "grüße", "日本", "→…"}) {
    BOOST_TEST(VisibleText(text) == text);
    BOOST_TEST(VisibleJson(text) == text);
  }
}

BOOST_AUTO_TEST_CASE(what_steers_a_terminal_is_shown_as_its_code) {
  BOOST_TEST(VisibleText("\x1b[2J") == "\\u{1b}[2J");
  BOOST_TEST(VisibleText("a\r\nb\tc\b\x7f") == "a\\u{0d}\\u{0a}b\\u{09}c\\u{08}\\u{7f}");
  BOOST_TEST(VisibleText("\xc2\x9b") == "\\u{9b}");                             // C1 CSI
  BOOST_TEST(VisibleText("\xe2\x80\xae\xe2\x81\xa6") == "\\u{202e}\\u{2066}");  // bidi
  BOOST_TEST(VisibleText("\xe2\x80\x8b\xef\xbb\xbf") == "\\u{200b}\\u{feff}");  // nothing to see
  BOOST_TEST(VisibleText("\xe2\x80\xa8") == "\\u{2028}");
  BOOST_TEST(VisibleText("e\xcc\x81") == "e\\u{301}");          // combining
  BOOST_TEST(VisibleText("\xf3\xa0\x81\x81") == "\\u{e0041}");  // tag character
  BOOST_TEST(VisibleText(std::string(1, '\0')) == "\\u{00}");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_become_the_replacement_character) {
  BOOST_TEST(VisibleText("a\xff\xc3z") == "a\xef\xbf\xbd\xef\xbf\xbdz");
  BOOST_TEST(VisibleText("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // surrogate
}

BOOST_AUTO_TEST_CASE(json_keeps_its_meaning) {
  BOOST_TEST(VisibleJson("{\"a\":\"\xe2\x80\xae\"}") == "{\"a\":\"\\u202e\"}");
  BOOST_TEST(VisibleJson("\"\xf3\xa0\x81\x81\"") == "\"\\udb40\\udc41\"");
}

BOOST_AUTO_TEST_CASE(every_byte_there_is_leaves_no_control_behind) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      for (const unsigned char c : VisibleText(text)) BOOST_REQUIRE(c >= 0x20 && c != 0x7f);
    }
  }
}

BOOST_AUTO_TEST_CASE(columns_are_those_of_a_terminal) {
  BOOST_TEST(TextColumns("abc") == 3);
  BOOST_TEST(TextColumns("grüße") == 5);
  BOOST_TEST(TextColumns("日本") == 4);
}

BOOST_AUTO_TEST_CASE(a_long_text_is_cut_in_its_middle) {
  BOOST_TEST(FitText("/a/long/path/to/42", 18) == "/a/long/path/to/42");
  BOOST_TEST(FitText("/a/long/path/to/42", 9) == "/a/l…o/42");
  BOOST_TEST(FitText("abc", 1) == "…");
  BOOST_TEST(FitText("abc", 0) == "");
  for (size_t columns = 0; columns < 12; ++columns) {
    BOOST_TEST(TextColumns(FitText("日本語のパス/日本語", columns)) <= columns);
  }
}

BOOST_AUTO_TEST_CASE(padding_counts_columns_and_not_bytes) {
  BOOST_TEST(PadText("日", 4) == "日  ");
  BOOST_TEST(PadText("abcd", 2) == "abcd");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
