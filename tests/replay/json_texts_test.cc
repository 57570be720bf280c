// SPDX-License-Identifier: Apache-2.0
#include "replay/json_texts.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap {
namespace {

using Texts = std::vector<std::string>;

// Gives `text` in blocks of `block` bytes, then `end`.
class Blocks final : public replay::ByteSource {
 public:
  Blocks(std::string text, size_t block, Status end = absl::OkStatus())
      : text_(std::move(text)), block_(block), end_(std::move(end)) {}
  StatusOr<size_t> Read(std::span<char> to) override {
    const size_t count = std::min({to.size(), block_, text_.size() - at_});
    if (count == 0 && !end_.ok()) return end_;
    std::copy_n(text_.data() + at_, count, to.data());
    at_ += count;
    return count;
  }

 private:
  const std::string text_;
  const size_t block_;
  const Status end_;
  size_t at_ = 0;
};

struct Read {
  Texts texts;
  size_t passed_over = 0;
};

// As a reader does that takes whole objects alone: what has more in it is split.
Read ReadAll(const std::string& text, size_t block = 1 << 16) {
  Read out;
  replay::JsonTexts texts(std::make_unique<Blocks>(text, block));
  std::string_view next;
  while (*texts.Next(&next)) {
    const std::string taken(next);
    const auto braces =
        std::count(taken.begin(), taken.end(), '{') - std::count(taken.begin(), taken.end(), '}');
    const bool several = taken.find("}{") != std::string::npos ||
                         taken.find("} {") != std::string::npos || braces != 0;
    if (several && texts.SplitLast()) continue;
    out.texts.push_back(taken);
  }
  out.passed_over = texts.passed_over();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_texts)

BOOST_AUTO_TEST_CASE(an_object_a_line_comes_as_it_is_whatever_the_blocks) {
  for (size_t block = 1; block < 12; ++block) {
    const auto read = ReadAll("{\"a\": 1}\n\n{\"b\":2}\r\n{\"c\":3}", block);
    BOOST_TEST(read.texts == (Texts{"{\"a\": 1}", "{\"b\":2}", "{\"c\":3}"}));
    BOOST_TEST(read.passed_over == 0u);
  }
}

BOOST_AUTO_TEST_CASE(objects_of_many_lines_come_whole_and_short) {
  const std::string text =
      "{\n  \"a\": \"x { y\",\n  \"b\": {\n    \"c\": [\n      {\n        \"d\": \"\\\"}\"\n      "
      "}\n"
      "    ]\n  }\n}\n{\n\t\"e\": 1\n}\n";
  for (size_t block : {1, 3, 7, 1000}) {
    const auto read = ReadAll(text, block);
    BOOST_TEST(read.texts ==
               (Texts{"{\"a\":\"x { y\",\"b\":{\"c\":[{\"d\":\"\\\"}\"}]}}", "{\"e\":1}"}));
    BOOST_TEST(read.passed_over == 0u);
  }
}

BOOST_AUTO_TEST_CASE(arrays_give_their_objects) {
  const Texts wanted = {"{\"a\":1}", "{\"b\":[2]}"};
  for (const char* text :
       {"[{\"a\":1},{\"b\":[2]}]", "[{\"a\":1},\n{\"b\":[2]}]\n", "[\n{\"a\":1},\n{\"b\":[2]}\n]\n",
        "[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": [\n      2\n    ]\n  }\n]\n"}) {
    const auto read = ReadAll(text);
    BOOST_TEST(read.texts == wanted, text);
    BOOST_TEST(read.passed_over == 0u, text);
  }
}

BOOST_AUTO_TEST_CASE(objects_may_follow_each_other_on_a_line) {
  BOOST_TEST(ReadAll("{\"a\":1}{\"b\":2} {\"c\":3}\n").texts ==
             (Texts{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
}

BOOST_AUTO_TEST_CASE(what_stands_before_an_object_is_left_out) {
  for (const char* text :
       {"\xef\xbb\xbf{\"a\":1}\n", "data: {\"a\":1}\n", "[pod/collector-0/collector] {\"a\":1}\n",
        "2026-01-31T12:00:00.5Z stdout F {\"a\":1}\n", "\xef\xbb\xbf[{\"a\":1}]", "x {y} {\"a\":1}",
        "{app=\"collector\"} {\"a\":1}"}) {
    const auto read = ReadAll(text);
    BOOST_TEST(read.texts == Texts{"{\"a\":1}"}, text);
    BOOST_TEST(read.passed_over == 0u, text);
  }
}

BOOST_AUTO_TEST_CASE(lines_without_an_object_are_counted) {
  const auto read = ReadAll("info started\n{\"a\":1}\nwarn {x=1}\n\nevent: record\nid: 7\n:\n");
  BOOST_TEST(read.texts == Texts{"{\"a\":1}"});
  BOOST_TEST(read.passed_over == 2u);
}

BOOST_AUTO_TEST_CASE(one_that_is_cut_off_costs_no_other) {
  for (const char* torn : {"{\"a\":1,\"b\":\"x", "{\"a\":1,", "{\"a\":{\"b\":1},", "{\"a\":[1"}) {
    const std::string text = torn;
    auto read = ReadAll(text + "\n{\"c\":3}\n{\"d\":4}\n");
    BOOST_TEST(read.texts == (Texts{"{\"c\":3}", "{\"d\":4}"}), torn);
    BOOST_TEST(read.passed_over == 1u, torn);
    read = ReadAll("{\"c\":3}\n" + text);
    BOOST_TEST(read.texts == Texts{"{\"c\":3}"}, torn);
    BOOST_TEST(read.passed_over == 1u, torn);
    read = ReadAll(text + "\n2026-01-31 info {\"level\":1}\n{\"c\":3}\n");
    BOOST_TEST(read.texts == (Texts{"{\"level\":1}", "{\"c\":3}"}), torn);
  }
}

BOOST_AUTO_TEST_CASE(an_object_beyond_the_bound_is_passed_over_and_counted) {
  const std::string large =
      "{\"x\":\"" + std::string(replay::JsonTexts::kTextBytesMax + 10, 'x') + "\"}";
  for (const std::string& text :
       {"{\"a\":1}\n" + large + "\n{\"b\":2}\n", "[{\"a\":1}," + large + ",{\"b\":2}]"}) {
    const auto read = ReadAll(text);
    BOOST_TEST(read.texts == (Texts{"{\"a\":1}", "{\"b\":2}"}));
    BOOST_TEST(read.passed_over == 1u);
  }
}

BOOST_AUTO_TEST_CASE(an_array_on_one_line_may_be_longer_than_the_bound) {
  std::string text = "[";
  const std::string value(1000, 'x');
  const size_t count = 3 * replay::JsonTexts::kTextBytesMax / value.size();
  for (size_t i = 0; i < count; ++i) text += (i == 0 ? "{\"x\":\"" : ",{\"x\":\"") + value + "\"}";
  BOOST_TEST(ReadAll(text + "]").texts.size() == count);
}

BOOST_AUTO_TEST_CASE(an_error_comes_once_and_what_was_read_before_it_too) {
  replay::JsonTexts texts(
      std::make_unique<Blocks>("{\"a\":1}\n{\"b\"", 2, absl::DataLossError("torn")));
  std::string_view text;
  BOOST_TEST(*texts.Next(&text));
  BOOST_TEST(text == "{\"a\":1}");
  BOOST_TEST(absl::IsDataLoss(texts.Next(&text).status()));
  BOOST_TEST(!*texts.Next(&text));
  BOOST_TEST(texts.passed_over() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
