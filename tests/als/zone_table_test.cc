// SPDX-License-Identifier: Apache-2.0
#include "als/zone_table.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(zone_table)

BOOST_AUTO_TEST_CASE(what_is_set_takes_the_place_of_what_was_there) {
  als::ZoneTable zones;
  BOOST_TEST(zones.ZoneOf("node-1").empty());
  zones.Set({{"node-1", "eu-1a"}, {"node-2", "eu-1b"}});
  BOOST_TEST(zones.ZoneOf("node-1") == "eu-1a");
  BOOST_TEST(zones.ZoneOf("").empty());
  zones.Set({{"node-2", "eu-1c"}});
  BOOST_TEST(zones.ZoneOf("node-1").empty());
  BOOST_TEST(zones.ZoneOf("node-2") == "eu-1c");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
