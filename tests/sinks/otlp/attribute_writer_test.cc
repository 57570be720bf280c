// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/attribute_writer.h"

#include <boost/test/unit_test.hpp>

#include "traffic/access_entry.h"

namespace traffictap {

using sinks::AttributeWriter;
using sinks::ToUtf8;

BOOST_AUTO_TEST_SUITE(attribute_writer)

BOOST_AUTO_TEST_CASE(what_is_empty_zero_or_absent_is_left_out) {
  AttributeWriter::Attributes out;
  AttributeWriter writer(&out);
  writer.Text("a", "");
  writer.Texts("b", {});
  writer.Number("c", 0);
  writer.Milliseconds("d", traffic::kAbsent);
  BOOST_TEST(out.size() == 0);
}

BOOST_AUTO_TEST_CASE(writes_each_kind_of_value_under_its_key) {
  AttributeWriter::Attributes out;
  AttributeWriter writer(&out);
  writer.Text("text", "x");
  writer.Texts("texts", {"y", "z"});
  writer.Number("number", 7);
  writer.Milliseconds("zero", 0);
  writer.Difference("negative", -1'500 * base::kMicrosecond);
  writer.Decimal("decimal", 2.5);
  BOOST_REQUIRE(out.size() == 6);
  BOOST_TEST(out[0].key() == "text");
  BOOST_TEST(out[0].value().string_value() == "x");
  BOOST_TEST(out[1].value().array_value().values(1).string_value() == "z");
  BOOST_TEST(out[2].value().int_value() == 7);
  BOOST_TEST(out[3].value().double_value() == 0.0);
  BOOST_TEST(out[4].value().double_value() == -1.5);
  BOOST_TEST(out[5].value().double_value() == 2.5);
}

BOOST_AUTO_TEST_CASE(an_absent_mark_is_a_value_like_any_other_in_a_difference) {
  AttributeWriter::Attributes out;
  AttributeWriter(&out).Difference("d", traffic::kAbsent);
  BOOST_TEST(out.size() == 1);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_are_replaced_one_by_one) {
  BOOST_TEST(ToUtf8("plain") == "plain");
  BOOST_TEST(ToUtf8("\xc3\xa4") == "\xc3\xa4");
  BOOST_TEST(ToUtf8("a\xff\xc3z") == "a\xef\xbf\xbd\xef\xbf\xbdz");
  BOOST_TEST(ToUtf8("\xed\xa0\x80").find('\xed') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
