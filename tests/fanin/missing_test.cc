// SPDX-License-Identifier: Apache-2.0
#include "fanin/missing.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::fanin {

BOOST_AUTO_TEST_SUITE(missing)

BOOST_AUTO_TEST_CASE(a_pairer_is_missing_for_a_reason) {
  BOOST_TEST(MissingJson({}) == "[]");
  BOOST_TEST(MissingJson({{"a:1", "says \"no\""}}) ==
             R"([{"pairer":"a:1","reason":"says \"no\""}])");
  BOOST_TEST(WhyNot(absl::UnavailableError("secret path")) == "it cannot be reached");
  BOOST_TEST(WhyNot(absl::DeadlineExceededError("x")) == "it does not answer in time");
  BOOST_TEST(WhyNot(kube::HttpResponse{200}) == "the connection was cut");
  BOOST_TEST(WhyNot(kube::HttpResponse{503}) == "it answered 503");
  BOOST_TEST(WhyNot(kube::HttpResponse{404, {}, R"({"message":"no such tap"})"}) == "no such tap");
}

BOOST_AUTO_TEST_CASE(a_pairers_refusal_is_handed_on_as_it_is) {
  const auto refusal = RefusalOf("a:1", kube::HttpResponse{401, {}, "{\"code\":401}"});
  BOOST_TEST(refusal.code == 401);
  BOOST_TEST(refusal.body == "{\"code\":401}");
  const auto away = RefusalOf("a:1", absl::UnavailableError("x"));
  BOOST_TEST(away.code == 503);
  BOOST_TEST(away.body.find("a:1: it cannot be reached") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_pairer_says_for_itself_says_more) {
  const web::HttpResponse away{503}, no_tap{404}, no_right{403};
  BOOST_TEST(SaysMore(no_tap, away));
  BOOST_TEST(!SaysMore(away, no_tap));
  BOOST_TEST(SaysMore(no_right, no_tap));
  BOOST_TEST(!SaysMore(no_tap, no_right));
  BOOST_TEST(IsForAll(400));
  BOOST_TEST(!IsForAll(404));
  BOOST_TEST(!IsForAll(429));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::fanin
