// SPDX-License-Identifier: Apache-2.0
#include "cli/print/time_line.h"

#include <boost/test/unit_test.hpp>

#include "cli/print/printing.h"
#include "traffic/read_pair.h"

namespace traffictap {
namespace {

std::string Told(const std::string& line, const cli::print::Page& page = {}) {
  const auto pair = traffic::ReadPair(line);
  BOOST_REQUIRE_MESSAGE(pair.ok(), Message(pair.status()));
  return cli::print::TimeLineText(*pair, page);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(time_line)

BOOST_AUTO_TEST_CASE(a_pair_with_a_retry) {
  fakes::CheckGolden("explain-pair.txt", Told(fakes::Line("pair")));
}

BOOST_AUTO_TEST_CASE(a_half_says_why_the_other_one_is_missing) {
  fakes::CheckGolden("explain-orphan.txt", Told(fakes::Line("orphan")));
}

BOOST_AUTO_TEST_CASE(a_connection) {
  fakes::CheckGolden("explain-connection.txt", Told(fakes::Line("connection")));
}

BOOST_AUTO_TEST_CASE(texts_of_the_traffic_do_not_steer_the_terminal) {
  for (const unsigned char c : Told(fakes::Line("hostile"))) {
    BOOST_TEST((c == '\n' || (c >= 0x20 && c != 0x7f)));
  }
}

BOOST_AUTO_TEST_CASE(it_keeps_to_the_width_and_colours_on_demand) {
  for (const auto& line : fakes::SplitLines(Told(fakes::Line("pair"), {.columns = 60}))) {
    if (line.find("█") != std::string::npos) BOOST_TEST(line.size() < 60 * 3);
  }
  BOOST_TEST(Told(fakes::Line("pair"), {.color = true}).find("\x1b[31mMismatch\x1b[0m") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_record_with_next_to_nothing_is_told_too) {
  BOOST_TEST(!Told(R"({"request":{}})").empty());
  BOOST_TEST(Told(R"({"request":{},"client":{"reduced":true,"code":200}})").find("(hidden)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_attempts_show_as_many_sides_as_fit) {
  auto pair = *traffic::ReadPair(fakes::Line("pair"));
  for (int i = 0; i < 20; ++i) *pair.add_server() = pair.server(0);
  const std::string text = cli::print::TimeLineText(pair, {.columns = 80});
  BOOST_TEST(text.find("server, try 22") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
