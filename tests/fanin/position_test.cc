// SPDX-License-Identifier: Apache-2.0
#include "fanin/position.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::fanin {

BOOST_AUTO_TEST_SUITE(position)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  const Position whole{"2026-01-31T12:00:00Z",
                       {{"10.0.0.1:9", "17;shop/all=3"}, {"[::1]:9", "18;shop/all=0;b=2"}}};
  for (const auto& position : {Position{}, Position{"", {{"a:1", ""}}}, whole}) {
    const auto read = ReadPosition(WritePosition(position));
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->since == position.since);
    BOOST_TEST((read->of == position.of));
  }
}

BOOST_AUTO_TEST_CASE(positions_of_others_are_refused) {
  for (const char* text : {"17;shop/all=3", "|", "|a:1", "|>p", "yesterday|a:1>p"}) {
    BOOST_TEST(absl::IsInvalidArgument(ReadPosition(text).status()), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::fanin
