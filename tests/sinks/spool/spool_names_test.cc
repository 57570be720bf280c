// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_names.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(spool_names)

BOOST_AUTO_TEST_CASE(a_segments_name_is_its_number_and_sorts_by_it) {
  BOOST_TEST(sinks::SegmentName(0x1f) == "000000000000001f.segment");
  BOOST_TEST(sinks::SegmentName(9) < sinks::SegmentName(10));
  BOOST_TEST(sinks::SegmentNumber("000000000000001f.segment").value_or(0) == 0x1fu);
}

BOOST_AUTO_TEST_CASE(other_names_are_none) {
  for (const char* name :
       {"", "ledger", "1f.segment", "000000000000001f", "0000000000000000.segment",
        "000000000000001F.segment", "000000000000001f.segment.part"}) {
    BOOST_TEST(!sinks::SegmentNumber(name).has_value(), name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
