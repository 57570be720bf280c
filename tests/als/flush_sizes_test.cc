// SPDX-License-Identifier: Apache-2.0
#include "als/flush_sizes.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

namespace traffictap {
namespace {

using als::FlushSizes;

struct Case {
  const char* what;
  std::vector<size_t> before;
  size_t bytes;
  bool timers;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.what; }

const std::vector<Case> kCases = {
    {"too little for any buffer", {}, 16'383, true},
    {"as much as the least buffer holds", {}, 16'384, false},
    {"a full one after others", {16'900, 3'000, 17'100}, 16'500, false},
    {"the rest of a burst", {16'900, 17'100}, 9'000, true},
    {"much, where the buffer is larger", {65'700, 66'100}, 30'000, true},
    {"a full one where the buffer is larger", {66'100, 30'000}, 65'600, false},
    {"always about as much: it may be full", {25'000, 25'500}, 24'500, false},
    {"nothing", {16'900}, 0, true},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flush_sizes)

BOOST_DATA_TEST_CASE(tells_what_the_timer_has_sent, kCases, one) {
  FlushSizes sizes;
  for (const size_t bytes : one.before) sizes.IsTimers(bytes);
  BOOST_TEST(sizes.IsTimers(one.bytes) == one.timers);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
