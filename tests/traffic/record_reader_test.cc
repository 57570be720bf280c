// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_skim.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::traffic {

BOOST_AUTO_TEST_SUITE(record_skim)

BOOST_AUTO_TEST_CASE(tells_verdict_method_path_protocol_and_the_code_of_each_side) {
  RecordSkim skim;
  BOOST_REQUIRE(SkimRecord(R"({"verdict": "Retried", "request": {"method": "GET", "path": "/a?b"},
      "response": {"code": 404}, "client": {"code": 200}, "server": [{"flags": []}, {"code": 503}]})",
                           &skim));
  BOOST_TEST(skim.verdict == "Retried");
  BOOST_TEST(skim.method == "GET");
  BOOST_TEST(skim.path == "/a?b");
  BOOST_TEST(!skim.tcp);
  BOOST_TEST(skim.codes == (std::vector<uint32_t>{200, 0, 503}), boost::test_tools::per_element());
  BOOST_REQUIRE(SkimRecord(R"({"request": {"protocol": "TCP"}})", &skim));
  BOOST_TEST(skim.verdict.empty());
  BOOST_TEST(skim.method.empty());
  BOOST_TEST(skim.tcp);
  BOOST_TEST(skim.codes.empty());
}

BOOST_AUTO_TEST_CASE(leaves_what_is_not_as_expected_to_the_reader) {
  RecordSkim skim;
  for (const char* line : {"", "{", "[]", "7", R"({"type": "Gap"})", R"({"request": 1})",
                           R"({"request": {"method": 1}})", R"({"request": {}, "verdict": []})",
                           R"({"request": {}, "client": 1})", R"({"request": {}, "server": {}})",
                           R"({"request": {}, "server": [{"code": "503"}]})",
                           R"({"request": {}, "client": {"code": -1}})",
                           R"({"request": {}, "client": {"code": 4294967296}})"}) {
    BOOST_TEST(!SkimRecord(line, &skim), line);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::traffic
