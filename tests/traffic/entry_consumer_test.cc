// SPDX-License-Identifier: Apache-2.0
#include "traffic/entry_consumer.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(entry_consumer)

BOOST_AUTO_TEST_CASE(names_every_reason_to_reject_an_entry) {
  std::set<std::string> names;
  for (size_t i = 0; i < traffic::kRejectReasonCount; ++i) {
    names.insert(ToString(static_cast<traffic::RejectReason>(i)));
  }
  BOOST_CHECK(names == (std::set<std::string>{"MalformedEntry", "MalformedMessage", "NoIdentifier",
                                              "QueueFull"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
