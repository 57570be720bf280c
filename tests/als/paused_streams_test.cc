// SPDX-License-Identifier: Apache-2.0
#include "als/paused_streams.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

struct Stream final : als::PausedStream {
  void EndWell() override { ++ended; }
  int ended = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(paused_streams)

BOOST_AUTO_TEST_CASE(ends_each_stream_that_it_holds_once) {
  als::PausedStreams streams;
  const auto paused = std::make_shared<Stream>();
  const auto gone = std::make_shared<Stream>();
  BOOST_TEST(streams.Add(paused));
  BOOST_TEST(streams.Add(paused));
  BOOST_TEST(streams.Add(gone));
  streams.Remove(gone);
  streams.EndAll();
  streams.EndAll();
  BOOST_TEST(paused->ended == 1);
  BOOST_TEST(gone->ended == 0);
}

BOOST_AUTO_TEST_CASE(takes_none_once_all_are_to_end) {
  als::PausedStreams streams;
  streams.EndAll();
  const auto late = std::make_shared<Stream>();
  BOOST_TEST(!streams.Add(late));
  BOOST_TEST(late->ended == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
