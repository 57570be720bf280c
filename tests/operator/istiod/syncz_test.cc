// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using istiod::IsAfter;
using istiod::NewestPushes;
using istiod::ProxySyncs;
using istiod::PushVersion;
using istiod::ReadSyncz;

namespace {

constexpr const char* kIstiod = "10.0.0.1:15014";
constexpr const char* kUuid = "550e8400-e29b-41d4-a716-446655440000";

ProxySyncs Read(const std::string& json) {
  ProxySyncs out;
  BOOST_REQUIRE(ReadSyncz(json, kIstiod, &out).ok());
  return out;
}

std::string Listeners(const std::string& fields) {
  return R"([{"proxy":"cart-0.shop","listener_sent":"x","listener_acked":"y","resources":{)"
         R"("type.googleapis.com/envoy.config.listener.v3.Listener":{)" +
         fields + "}}}]";
}

std::optional<PushVersion> PushOf(const std::string& version) {
  const std::string json = R"([{"proxy":"a.shop","listener_sent":")" + version + kUuid + R"("}])";
  return Read(json).at("a.shop").push;
}

// A proxy that was sent its clusters and its listeners by two pushes.
std::string Sent(const std::string& proxy, const std::string& clusters,
                 const std::string& listeners) {
  return R"({"proxy":")" + proxy + R"(","cluster_sent":"2026-11-24T22:28:34Z/)" + clusters + kUuid +
         R"(","listener_sent":"2026-11-24T22:28:34Z/)" + listeners + kUuid + R"("})";
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

BOOST_AUTO_TEST_CASE(a_nonce_names_its_push) {
  const std::string sent = std::string("2026-11-24T22:28:34Z/35") + kUuid;
  const auto proxy = Read(Listeners(R"("sent":")" + sent + R"(","acked":"n")")).at("cart-0.shop");
  BOOST_TEST((proxy.push == PushVersion{1795559314 * base::kSecond, 35}));
  BOOST_TEST(proxy.istiod == kIstiod);
  BOOST_TEST((PushOf("2026-11-25T00:28:34+02:00/7") == PushVersion{1795559314 * base::kSecond, 7}));
}

BOOST_AUTO_TEST_CASE(a_nonce_without_a_version_names_none) {
  for (const char* version : {"", "/7", "soon/7", "2026-11-24T22:28:34Z", "2026-11-24T22:28:34Z/",
                              "2026-11-24T22:28:34Z/x", "Yy1UV1BMVQ=="}) {
    BOOST_TEST(!PushOf(version).has_value(), version);
  }
  BOOST_TEST(!Read(Listeners(R"("sent":"n","acked":"n")")).at("cart-0.shop").push.has_value());
}

BOOST_AUTO_TEST_CASE(a_push_is_after_another_by_its_number_or_that_of_a_later_life) {
  const PushVersion push{1'000 * base::kSecond, 9};
  BOOST_TEST(IsAfter({1'000 * base::kSecond, 10}, push));
  BOOST_TEST(IsAfter({1'001 * base::kSecond, 1}, push));
  BOOST_TEST(IsAfter({990 * base::kSecond, 10}, push));  // the clock was set
  BOOST_TEST(!IsAfter(push, push));
  BOOST_TEST(!IsAfter({1'000 * base::kSecond, 8}, push));
}

BOOST_AUTO_TEST_CASE(the_newest_push_of_an_istiod_is_that_of_any_proxy_and_type) {
  ProxySyncs proxies = Read("[" + Sent("a.shop", "7", "5") + "," + Sent("b.shop", "4", "6") + "]");
  BOOST_TEST(proxies.at("a.shop").push->number == 5u);
  BOOST_REQUIRE(ReadSyncz("[" + Sent("c.shop", "2", "3") + R"(,{"proxy":"d.shop"}])",
                          "10.0.0.2:15014", &proxies)
                    .ok());
  const auto newest = NewestPushes(proxies);
  BOOST_TEST(newest.size() == 2u);
  BOOST_TEST(newest.at(kIstiod).number == 7u);
  BOOST_TEST(newest.at("10.0.0.2:15014").number == 3u);
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
  BOOST_TEST(!ReadSyncz("unauthorized", kIstiod, &out).ok());
  BOOST_TEST(!ReadSyncz("{}", kIstiod, &out).ok());
  BOOST_TEST(Read(R"([1,null,{"proxy":7},{"proxy":"a.shop","resources":[]}])").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
