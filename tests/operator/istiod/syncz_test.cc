// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using istiod::ProxySyncs;
using istiod::ReadSyncz;

namespace {

ProxySyncs Read(const std::string& json) {
  ProxySyncs out;
  BOOST_REQUIRE(ReadSyncz(json, &out).ok());
  return out;
}

std::string Listeners(const std::string& fields) {
  return R"([{"proxy":"cart-0.shop","listener_sent":"x","listener_acked":"y","resources":{)"
         R"("type.googleapis.com/envoy.config.listener.v3.Listener":{)" +
         fields + "}}}]";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(syncz)

BOOST_AUTO_TEST_CASE(equal_nonces_are_an_acknowledgement_with_the_time_of_the_push) {
  const auto proxies =
      Read(Listeners(R"("sent":"n1","acked":"n1","sentTime":"2026-11-24T22:28:34.812723465Z")"));
  const auto& proxy = proxies.at("cart-0.shop");
  BOOST_TEST(proxy.acknowledged);
  BOOST_TEST(proxy.sent == 1795559314812723465);
  BOOST_TEST(proxy.refusal.empty());
}

BOOST_AUTO_TEST_CASE(another_nonce_is_none_yet) {
  BOOST_TEST(!Read(Listeners(R"("sent":"n2","acked":"n1")")).at("cart-0.shop").acknowledged);
}

BOOST_AUTO_TEST_CASE(an_error_is_a_refusal_in_the_proxys_own_words) {
  const auto proxy =
      Read(Listeners(R"("sent":"n2","acked":"n1","lastError":"log_name: too short")"))
          .at("cart-0.shop");
  BOOST_TEST(!proxy.acknowledged);
  BOOST_TEST(proxy.refusal == "log_name: too short");
}

BOOST_AUTO_TEST_CASE(an_istiod_without_resources_tells_by_its_older_fields) {
  const auto proxies = Read(
      R"([{"proxy":"a.shop","listener_sent":"n","listener_acked":"n"},{"proxy":"b.shop","listener_sent":"n"}])");
  BOOST_TEST(proxies.at("a.shop").acknowledged);
  BOOST_TEST(proxies.at("a.shop").sent == 0);
  BOOST_TEST(!proxies.at("b.shop").acknowledged);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_was_sent_nothing_has_acknowledged_nothing) {
  BOOST_TEST(!Read(R"([{"proxy":"a.shop"}])").at("a.shop").acknowledged);
}

BOOST_AUTO_TEST_CASE(what_is_no_list_of_proxies_is_refused_and_odd_elements_are_skipped) {
  ProxySyncs out;
  BOOST_TEST(!ReadSyncz("unauthorized", &out).ok());
  BOOST_TEST(!ReadSyncz("{}", &out).ok());
  BOOST_TEST(Read(R"([1,null,{"proxy":7},{"proxy":"a.shop","resources":[]}])").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
