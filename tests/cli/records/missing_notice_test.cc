// SPDX-License-Identifier: Apache-2.0
#include "cli/records/missing_notice.h"

#include <boost/test/unit_test.hpp>

#include "fakes/captured_console.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(missing_notice)

BOOST_AUTO_TEST_CASE(it_is_said_when_it_changes) {
  constexpr char kAway[] = R"({"missing":[{"pairer":"a:1","reason":"away"}]})";
  fakes::CapturedConsole console;
  cli::MissingNotice notice(&console);
  notice.Tell("{}");
  BOOST_TEST(console.said == "");
  notice.Tell(kAway);
  notice.Tell(kAway);
  BOOST_TEST(console.said == "warning: records are missing of the pairers a:1 (away)\n");
  console.said.clear();
  notice.Tell("{}");
  notice.Tell("{}");
  BOOST_TEST(console.said == "all pairers answer again: the records are complete\n");
  BOOST_TEST(cli::MissingOf(kAway) == "records are missing of the pairers a:1 (away)");
  BOOST_TEST(cli::MissingOf("{}") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
