// SPDX-License-Identifier: Apache-2.0
#include "observe/time_parts.h"

#include <boost/test/unit_test.hpp>

#include "traffic/read_pair.h"

namespace traffictap {
namespace {

v1::TrafficPair Read(const std::string& line) {
  const auto pair = traffic::ReadPair(line);
  BOOST_REQUIRE_MESSAGE(pair.ok(), Message(pair.status()));
  return *pair;
}

const char kRetried[] =
    R"({"timings":{"clientMs":77,"serverMs":42.7,"clockOffsetMs":34},)"
    R"("client":{"durationMs":77,"attempts":2},"server":[)"
    R"({"pod":"a","startTime":"2026-01-31T14:03:59.000Z","durationMs":13.7},)"
    R"({"pod":"a","startTime":"2026-01-31T14:03:59.0337Z","durationMs":42.7}]})";

}  // namespace

BOOST_AUTO_TEST_SUITE(time_parts)

BOOST_AUTO_TEST_CASE(the_parts_add_up_to_what_the_client_saw) {
  const auto parts = observe::PartsOf(
      Read(R"({"timings":{"clientMs":10,"serverMs":7},"client":{"firstUpstreamTxByteMs":1},)"
           R"("server":[{}]})"));
  BOOST_REQUIRE(parts.size() == 3);
  BOOST_TEST(parts[0].ms == 1.0);
  BOOST_TEST(parts[1].ms == 7.0);
  BOOST_TEST(parts[2].ms == 2.0);
}

BOOST_AUTO_TEST_CASE(a_retry_is_split_into_its_tries_and_the_wait) {
  const auto parts = observe::PartsOf(Read(kRetried));
  BOOST_REQUIRE(parts.size() == 4);
  BOOST_TEST(parts[0].name == "try 1");
  BOOST_TEST(parts[1].ms == 20.0, boost::test_tools::tolerance(0.001));
  BOOST_TEST(parts[3].ms == 0.6, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(clocks_of_two_pods_are_not_compared) {
  std::string line = kRetried;
  line.replace(line.rfind(R"("pod":"a")"), 9, R"("pod":"b")");
  const auto parts = observe::PartsOf(Read(line));
  BOOST_REQUIRE(parts.size() == 3);
  BOOST_TEST(parts[2].ms == 20.6, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(without_both_times_there_are_no_parts) {
  BOOST_TEST(observe::PartsOf(Read(R"({"timings":{"clientMs":1}})")).empty());
}

BOOST_AUTO_TEST_CASE(phases_cover_a_side_whatever_its_moments_say) {
  const auto lanes = observe::LanesOf(Read(
      R"({"request":{},"client":{"durationMs":10,"firstUpstreamTxByteMs":1,"lastUpstreamTxByteMs":2,)"
      R"("firstUpstreamRxByteMs":50},"server":[{"durationMs":3}]})"));
  BOOST_REQUIRE(lanes.size() == 2);
  BOOST_TEST(lanes[0].phases.size() == 3);
  BOOST_TEST(lanes[0].phases.back().name == "waiting for the answer");
  BOOST_TEST(lanes[0].phases.back().end_ms == 10.0);
  BOOST_TEST(lanes[1].begin_ms == 1.0);
  BOOST_TEST(lanes[1].phases.size() == 1);
}

BOOST_AUTO_TEST_CASE(clocks_are_spoken_of_only_where_they_cannot_be_true) {
  const auto note = [](const std::string& offset) {
    return observe::ClockNote(
        Read(R"({"timings":{"clientMs":10,"serverMs":7,"clockOffsetMs":)" + offset + "}}"));
  };
  BOOST_TEST(note("0.3").empty());
  BOOST_TEST(note("-5").find("5.00 ms before") != std::string::npos);
  BOOST_TEST(note("60").find("60.00 ms after") != std::string::npos);
  BOOST_TEST(observe::ClockNote(Read(kRetried)).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
