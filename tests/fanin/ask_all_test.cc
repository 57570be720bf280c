// SPDX-License-Identifier: Apache-2.0
#include "fanin/ask_all.h"

#include <boost/test/unit_test.hpp>

#include "fanin/fake_pairer.h"

namespace traffictap {
namespace fanin {
namespace {

struct Fixture {
  std::shared_ptr<FakePairer> a = std::make_shared<FakePairer>();
  std::shared_ptr<FakePairer> b = std::make_shared<FakePairer>();
  std::vector<Pairer> pairers = {{"a:1", a}, {"b:1", b}};
  kube::HttpRequest request;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ask_all, Fixture)

BOOST_AUTO_TEST_CASE(all_are_asked_the_same) {
  request.target = "/api/v1/taps?x=1";
  request.authorization = "Bearer mine";
  a->Answer(200, "A");
  b->Answer(201, "B");
  const Asked asked = AskAll({pairers}, request, base::kSecond);
  BOOST_REQUIRE(asked.answers.size() == 2u);
  BOOST_TEST(asked.answers[0].body == "A");
  BOOST_TEST(asked.answers[1].body == "B");
  BOOST_TEST((asked.answered == std::vector<std::string>{"a:1", "b:1"}));
  BOOST_TEST(asked.missing.empty());
  BOOST_TEST(!asked.refusal);
  for (const auto& pairer : {a, b}) {
    BOOST_REQUIRE(pairer->requests().size() == 1u);
    BOOST_TEST(pairer->requests()[0].target == request.target);
    BOOST_TEST(pairer->requests()[0].authorization == "Bearer mine");
  }
}

BOOST_AUTO_TEST_CASE(those_that_are_away_slow_or_refuse_are_missing) {
  a->SetAway(true);
  b->Answer(404, R"({"message":"no such tap"})");
  auto c = std::make_shared<FakePairer>();
  auto d = std::make_shared<FakePairer>();
  d->SetHangs(true);
  pairers.push_back({"c:1", c});
  pairers.push_back({"d:1", d});
  const Asked asked = AskAll({pairers}, request, base::kSecond);
  BOOST_TEST(asked.answers.size() == 1u);
  BOOST_TEST((asked.answered == std::vector<std::string>{"c:1"}));
  BOOST_TEST(!asked.refusal);
  BOOST_TEST(MissingJson(asked.missing) ==
             R"([{"pairer":"a:1","reason":"it cannot be reached"},)"
             R"({"pairer":"b:1","reason":"no such tap"},)"
             R"({"pairer":"d:1","reason":"it does not answer in time"}])");
}

BOOST_AUTO_TEST_CASE(those_that_cannot_be_asked_are_missing_and_names_go_before_addresses) {
  pairers[0].name = "pairer-0";
  a->SetAway(true);
  const KnownPairers known{pairers, {Absent("pairer-2")}};
  const Asked asked = AskAll(known, request, base::kSecond);
  BOOST_TEST((asked.answered == std::vector<std::string>{"b:1"}));
  BOOST_TEST(MissingJson(asked.missing) ==
             R"([{"pairer":"pairer-0","reason":"it cannot be reached"},)"
             R"({"pairer":"pairer-2","reason":"it has no address: its pod does not run"}])");
  b->SetAway(true);
  BOOST_TEST(AskAll(known, request, base::kSecond).refusal.value().body.find("pairer-0: ") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(where_none_answers_the_caller_gets_the_refusal_that_says_most) {
  a->SetAway(true);
  b->Answer(403, "no right");
  BOOST_TEST(AskAll({pairers}, request, base::kSecond).refusal.value().body == "no right");
  b->SetAway(true);
  BOOST_TEST(AskAll({pairers}, request, base::kSecond).refusal.value().code == 503);
  BOOST_TEST(AskAll({}, request, base::kSecond).refusal.value().code == 503);
}

BOOST_AUTO_TEST_CASE(one_is_enough_where_all_say_the_same) {
  a->SetAway(true);
  b->Answer(200, "words");
  BOOST_TEST(AskOne(pairers, request, base::kSecond).value().body == "words");
  a->SetAway(false);
  a->Answer(503, "");
  BOOST_TEST(AskOne(pairers, request, base::kSecond).value().body == "words");
  a->Answer(401, "who?");
  BOOST_TEST(AskOne(pairers, request, base::kSecond).value().body == "who?");
  BOOST_TEST(absl::IsUnavailable(AskOne({}, request, base::kSecond).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
