// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/plan_board.h"

#include <boost/test/unit_test.hpp>
#include <tuple>

namespace traffictap {

using reconcilers::PatchStates;
using reconcilers::PlanBoard;

namespace {

constexpr base::Nanos kNow = 1'000 * base::kSecond;

plan::MeshPlan OneTap() {
  plan::MeshPlan plan;
  plan::TapOutcome outcome;
  outcome.key = "shop/a";
  outcome.in_force = true;
  outcome.pods_meshed = 2;
  outcome.proxies = {"cart-0.shop", "cart-1.shop"};
  outcome.patches = {"EnvoyFilter/shop/p"};
  plan.outcomes.push_back(outcome);
  return plan;
}

PatchStates AppliedAt(base::Nanos time, const std::string& content = "") {
  return {{"EnvoyFilter/shop/p", {time, "", content}}};
}

constexpr const char* kIstiod = "10.0.0.1:15014";

// Written when istiod had made that many pushes.
PatchStates AppliedAfter(uint64_t pushes, const std::string& content) {
  auto out = AppliedAt(kNow, content);
  out["EnvoyFilter/shop/p"].before = {{kIstiod, {kNow, pushes}}};
  return out;
}

// Both proxies have acknowledged what was sent after the patch was written.
istiod::ProxySyncs Pushed(uint64_t first, uint64_t second, const std::string& istiod = kIstiod) {
  istiod::ProxySyncs out;
  const base::Nanos sent = kNow + base::kSecond;
  out["cart-0.shop"] = {true, sent, "", istiod, istiod::PushVersion{kNow, first}};
  out["cart-1.shop"] = {true, sent, "", istiod, istiod::PushVersion{kNow, second}};
  return out;
}

istiod::ProxySyncs Synced(base::Nanos sent) {
  return {{"cart-0.shop", {true, sent, ""}}, {"cart-1.shop", {true, sent, ""}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plan_board)

BOOST_AUTO_TEST_CASE(a_peer_whose_patch_is_refused_is_not_attached) {
  PlanBoard board;
  auto plan = OneTap();
  plan.outcomes[0].peers = {
      {"shop", "Deployment", "db", true, "Attached", "", "EnvoyFilter/shop/q"}};
  board.SetPlan(plan, {{"EnvoyFilter/shop/q", {kNow, "no right to", ""}}});
  const auto view = board.Find("shop/a");
  BOOST_TEST(view->patch_error.empty());
  BOOST_TEST(!view->outcome.peers[0].attached);
  BOOST_TEST(view->outcome.peers[0].reason == "PatchRefused");
  BOOST_TEST(view->outcome.peers[0].message.ends_with("no right to"));
}

BOOST_AUTO_TEST_CASE(proxies_count_that_took_a_push_sent_after_the_patch) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow));
  board.SetProxies(Synced(kNow + 2 * base::kSecond), kNow + 3 * base::kSecond);
  const auto view = board.Find("shop/a");
  BOOST_TEST(view->proxies.known);
  BOOST_TEST(view->proxies.acknowledged == 2u);
  BOOST_TEST(!board.Waits());
}

BOOST_AUTO_TEST_CASE(istiods_silence_is_told_from_a_question_that_is_under_way) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow));
  BOOST_TEST(board.Find("shop/a")->proxies.asking);
  board.SetProxies(Synced(kNow - 2 * base::kSecond), kNow - base::kSecond);
  BOOST_TEST(board.Find("shop/a")->proxies.asking);
  board.MissProxies(kNow);
  board.MissProxies(kNow + 6 * base::kSecond);
  BOOST_TEST(!board.Find("shop/a")->proxies.asking);
  BOOST_TEST(!board.Find("shop/a")->proxies.known);
}

BOOST_AUTO_TEST_CASE(one_lost_answer_of_istiod_changes_nothing) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow));
  board.MissProxies(kNow);
  BOOST_TEST(board.Find("shop/a")->proxies.asking);
  board.SetProxies(Synced(kNow + base::kSecond), kNow + base::kSecond);
  board.MissProxies(kNow + 60 * base::kSecond);
  board.MissProxies(kNow + 61 * base::kSecond);
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 2u);
}

BOOST_AUTO_TEST_CASE(an_older_push_is_not_the_patch) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow));
  board.SetProxies(Synced(kNow - 60 * base::kSecond), kNow + base::kSecond);
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 0u);
  BOOST_TEST(board.Waits());
}

BOOST_AUTO_TEST_CASE(a_write_that_changed_owners_alone_waits_for_no_push) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow, "uid/1"));
  board.SetPlan(OneTap(), AppliedAt(kNow + 9 * base::kSecond, "uid/1"));
  board.SetProxies(Synced(kNow + base::kSecond), kNow + 10 * base::kSecond);
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 2u);
  board.SetPlan(OneTap(), AppliedAt(kNow + 9 * base::kSecond, "uid/2"));
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 0u);
}

BOOST_AUTO_TEST_CASE(what_was_made_before_the_patch_and_sent_after_it_is_no_acknowledgement) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAfter(5, "uid/1"));
  const base::Nanos asked = kNow + 2 * base::kSecond;
  for (const auto& [first, second, acknowledged] :
       {std::tuple{4, 5, 0u}, std::tuple{5, 6, 1u}, std::tuple{6, 7, 2u}}) {
    board.SetProxies(Pushed(first, second), asked);
    BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == acknowledged);
    BOOST_TEST(board.Waits() == (acknowledged < 2u));
  }
}

BOOST_AUTO_TEST_CASE(owners_that_change_leave_the_pushes_of_the_patch) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAfter(5, "uid/1"));
  board.SetPlan(OneTap(), AppliedAfter(9, "uid/1"));
  board.SetProxies(Pushed(6, 6), kNow + 2 * base::kSecond);
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 2u);
  board.SetPlan(OneTap(), AppliedAfter(9, "uid/2"));
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 0u);
}

BOOST_AUTO_TEST_CASE(where_pushes_are_not_known_the_time_decides) {
  PlanBoard board;
  const base::Nanos asked = kNow + 2 * base::kSecond;
  board.SetPlan(OneTap(), AppliedAt(kNow, "uid/1"));
  board.SetProxies(Pushed(1, 1), asked);
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 2u);
  board.SetPlan(OneTap(), AppliedAfter(5, "uid/2"));
  board.SetProxies(Pushed(1, 1, "10.0.0.2:15014"), asked);  // started since
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 2u);
  auto unversioned = Pushed(1, 1);
  for (auto& [proxy, sync] : unversioned) sync.push.reset();
  board.SetProxies(unversioned, asked);
  BOOST_TEST(board.Find("shop/a")->proxies.acknowledged == 2u);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_was_pushed_nothing_for_a_minute_has_what_there_is) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAfter(5, "uid/1"));
  board.SetProxies(Pushed(5, 5), kNow + 60 * base::kSecond);
  BOOST_TEST(board.Waits());
  board.SetProxies(Pushed(5, 5), kNow + 61 * base::kSecond);
  BOOST_TEST(!board.Waits());
}

BOOST_AUTO_TEST_CASE(a_refusal_of_what_was_made_before_the_patch_is_not_its_own) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAfter(5, "uid/1"));
  auto proxies = Pushed(5, 6);
  for (auto& [proxy, sync] : proxies) {
    sync.acknowledged = false;
    sync.refusal = "bad field";
  }
  board.SetProxies(proxies, kNow + 2 * base::kSecond);
  const auto view = board.Find("shop/a");
  BOOST_REQUIRE(view->proxies.refusals.size() == 1u);
  BOOST_TEST(view->proxies.refusals[0] == "cart-1.shop: bad field");
}

BOOST_AUTO_TEST_CASE(an_answer_of_before_istiod_makes_a_push_says_nothing) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow));
  board.SetProxies(Synced(kNow), kNow + 99 * base::kMillisecond);
  BOOST_TEST(!board.Find("shop/a")->proxies.known);
  BOOST_TEST(board.Find("shop/a")->proxies.asking);
  board.SetProxies(Synced(kNow), kNow + 100 * base::kMillisecond);
  BOOST_TEST(board.Find("shop/a")->proxies.known);
}

BOOST_AUTO_TEST_CASE(what_was_not_pushed_for_long_had_nothing_new) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow, "uid/1"));
  board.SetProxies(Synced(kNow - 60 * base::kSecond), kNow + 59 * base::kSecond);
  BOOST_TEST(board.Waits());
  board.SetProxies(Synced(kNow - 60 * base::kSecond), kNow + 61 * base::kSecond);
  BOOST_TEST(!board.Waits());
}

BOOST_AUTO_TEST_CASE(an_answer_from_before_the_patch_says_nothing_of_it) {
  PlanBoard board;
  board.SetProxies(Synced(kNow - 60 * base::kSecond), kNow - base::kSecond);
  board.SetPlan(OneTap(), AppliedAt(kNow));
  BOOST_TEST(!board.Find("shop/a")->proxies.known);
}

BOOST_AUTO_TEST_CASE(a_refusal_names_the_proxy) {
  PlanBoard board;
  board.SetPlan(OneTap(), AppliedAt(kNow));
  auto proxies = Synced(kNow + base::kSecond);
  proxies["cart-1.shop"] = {false, kNow + base::kSecond, "bad field"};
  board.SetProxies(proxies, kNow + 2 * base::kSecond);
  const auto view = board.Find("shop/a");
  BOOST_TEST(view->proxies.acknowledged == 1u);
  BOOST_REQUIRE(view->proxies.refusals.size() == 1u);
  BOOST_TEST(view->proxies.refusals[0] == "cart-1.shop: bad field");
}

BOOST_AUTO_TEST_CASE(a_silent_istiod_makes_it_unknown_again) {
  PlanBoard board;
  BOOST_TEST(!board.IsSilent());
  board.SetPlan(OneTap(), AppliedAt(kNow));
  board.SetProxies(Synced(kNow + base::kSecond), kNow + base::kSecond);
  board.MissProxies(kNow + 2 * base::kSecond);
  board.MissProxies(kNow + 8 * base::kSecond);
  BOOST_TEST(!board.Find("shop/a")->proxies.known);
  BOOST_TEST(board.IsSilent());
  board.SetProxies({}, kNow + 9 * base::kSecond);
  BOOST_TEST(!board.IsSilent());
}

BOOST_AUTO_TEST_CASE(a_patch_that_was_refused_is_the_taps_own_trouble) {
  PlanBoard board;
  board.SetPlan(OneTap(),
                {{"EnvoyFilter/shop/p", {0, "forbidden"}}, {"EnvoyFilter/shop/q", {0, "other"}}});
  BOOST_TEST(board.Find("shop/a")->patch_error == "forbidden");
  BOOST_TEST(!board.Find("shop/b").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
