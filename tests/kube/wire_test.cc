// SPDX-License-Identifier: Apache-2.0
#include "kube/wire.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(a_query_leaves_out_what_is_empty) {
  BOOST_TEST(kube::WithQuery("/a", {}) == "/a");
  BOOST_TEST(kube::WithQuery("/a", {{"b", ""}, {"c", "d e"}, {"f", "g"}}) == "/a?c=d%20e&f=g");
}

BOOST_AUTO_TEST_CASE(a_version_is_sent_with_the_first_page_alone) {
  const kube::ListOptions options{.resource_version = "5", .page_size = 0};
  BOOST_TEST(kube::ListTarget(kube::kPods, options, "") ==
             "/api/v1/pods?resourceVersion=5&resourceVersionMatch=NotOlderThan");
  BOOST_TEST(kube::ListTarget(kube::kPods, options, "c") == "/api/v1/pods?continue=c");
}

BOOST_AUTO_TEST_CASE(the_answers_code_wins_over_what_its_body_says) {
  const auto error = kube::ParseApiError(
      {503, std::nullopt, R"({"kind":"Status","code":200,"reason":"X","message":"m",
                              "details":{"retryAfterSeconds":4}})"});
  BOOST_TEST(error.code == 503);
  BOOST_TEST(error.reason == "X");
  BOOST_TEST(error.retry_after.value_or(0) == 4 * base::kSecond);
  BOOST_TEST(kube::ParseApiError({500, std::nullopt, ""}).message == "no reason given");
  BOOST_TEST(kube::ParseApiError({500, std::nullopt, std::string(9000, 'x')}).message.size() ==
             200u);
}

BOOST_AUTO_TEST_CASE(events_are_known_by_their_type) {
  const auto parse = [](const std::string& line) {
    return kube::ParseWatchEvent(line, kube::kPods).status();
  };
  BOOST_TEST(parse(R"({"type":"ADDED","object":{}})").ok());
  BOOST_TEST(kube::IsGone(parse(R"({"type":"ERROR","object":{"code":410,"reason":"Expired"}})")));
  BOOST_TEST(absl::IsUnimplemented(parse(R"({"type":"NEWS","object":{}})")));
  for (const char* line : {"", "7", "{}", R"({"type":"ADDED"})", R"({"type":7,"object":{}})"}) {
    BOOST_TEST(absl::IsUnavailable(parse(line)), line);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
