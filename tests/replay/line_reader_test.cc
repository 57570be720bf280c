#include "replay/line_reader.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap {
namespace {

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

std::vector<std::string> Lines(replay::LineReader& reader) {
  std::vector<std::string> out;
  std::string_view line;
  while (*reader.Next(&line)) out.emplace_back(line);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(line_reader)

BOOST_AUTO_TEST_CASE(lines_come_whole_whatever_the_blocks) {
  for (size_t block = 1; block < 12; ++block) {
    replay::LineReader reader(std::make_unique<Blocks>("one\n\nthree\nlast", block));
    BOOST_TEST(Lines(reader) == (std::vector<std::string>{"one", "", "three", "last"}));
  }
}

BOOST_AUTO_TEST_CASE(a_line_beyond_the_bound_is_passed_over_and_counted) {
  const std::string text =
      "a\n" + std::string(3 * replay::LineReader::kLineBytesMax, 'x') + "\nb\n";
  replay::LineReader reader(std::make_unique<Blocks>(text, 1 << 16));
  BOOST_TEST(Lines(reader) == (std::vector<std::string>{"a", "b"}));
  BOOST_TEST(reader.too_long() == 1);
}

BOOST_AUTO_TEST_CASE(an_error_comes_once_and_what_was_read_before_it_too) {
  replay::LineReader reader(std::make_unique<Blocks>("a\nb", 2, absl::DataLossError("torn")));
  std::string_view line;
  BOOST_TEST(*reader.Next(&line));
  BOOST_TEST(line == "a");
  BOOST_TEST(!reader.Next(&line).ok());
  BOOST_TEST(*reader.Next(&line));
  BOOST_TEST(line == "b");
  BOOST_TEST(!*reader.Next(&line));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
