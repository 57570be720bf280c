// SPDX-License-Identifier: Apache-2.0
#include "kube/line_splitter.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(line_splitter)

BOOST_AUTO_TEST_CASE(lines_come_out_whole_however_they_are_cut) {
  const std::string text = "one\n\ntwo\nthree";
  for (size_t step = 1; step <= text.size(); ++step) {
    kube::LineSplitter splitter(100);
    std::string lines;
    for (size_t at = 0; at < text.size(); at += step) {
      const Status fed =
          splitter.Feed(std::string_view(text).substr(at, step), [&lines](const std::string& line) {
            lines += line + "|";
            return absl::OkStatus();
          });
      BOOST_TEST(fed.ok());
    }
    BOOST_TEST(lines == "one|two|");
  }
}

BOOST_AUTO_TEST_CASE(a_line_over_the_limit_is_an_error_and_so_is_what_the_reader_says) {
  const auto fine = [](const std::string&) { return absl::OkStatus(); };
  kube::LineSplitter splitter(3);
  BOOST_TEST(splitter.Feed("abc\nab", fine).ok());
  BOOST_TEST(absl::IsResourceExhausted(splitter.Feed("cd", fine)));
  kube::LineSplitter other(10);
  const auto bad = [](const std::string&) { return absl::InternalError("bad"); };
  BOOST_TEST(absl::IsInternal(other.Feed("a\nb\n", bad)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
