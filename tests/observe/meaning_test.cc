// SPDX-License-Identifier: Apache-2.0
#include "observe/meaning.h"

#include <boost/test/unit_test.hpp>

#include "traffic/traffic_pair.h"

namespace traffictap {

using namespace observe;

BOOST_AUTO_TEST_SUITE(meaning)

BOOST_AUTO_TEST_CASE(every_flag_that_this_build_knows_has_one) {
  for (size_t number = 1; number <= 28; ++number) {
    const std::string name = traffic::ShortName(static_cast<traffic::ResponseFlag>(number));
    BOOST_TEST(!FlagMeaning(name).empty(), name);
  }
  BOOST_TEST(traffic::ShortName(static_cast<traffic::ResponseFlag>(29)).starts_with("FLAG"));
}

BOOST_AUTO_TEST_CASE(every_verdict_and_every_reason_has_one) {
  for (size_t i = 0; i < traffic::kVerdictCount; ++i) {
    BOOST_TEST(!VerdictMeaning(ToString(static_cast<traffic::Verdict>(i))).empty());
  }
  for (size_t i = 1; i < traffic::kOrphanReasonCount; ++i) {
    BOOST_TEST(!OrphanMeaning(ToString(static_cast<traffic::OrphanReason>(i))).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_newer_word_has_none) {
  BOOST_TEST(FlagMeaning("FLAG40").empty());
  BOOST_TEST(VerdictMeaning("").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
