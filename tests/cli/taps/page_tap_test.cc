// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/page_tap.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

std::string Refusal(const kube::Json& form, const std::string& ns = "shop") {
  return Message(cli::ReadPageTap(form.dump(), ns).status());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_tap)

BOOST_AUTO_TEST_CASE(a_form_is_the_tap_of_the_same_command_line) {
  const auto asked = cli::ReadPageTap(
      R"({"namespace":"shop","target":"cart, deploy/web","duration":"90s","attach-peers":"none",
          "response-code":"500,599","method":"GET","path":"/pay","min-duration":"1s",
          "direction":"in","user-agent":""})",
      "shop");
  BOOST_TEST_REQUIRE(asked.ok(), Message(asked.status()));
  const kube::Object tap = cli::TemporaryTap(*asked, "jane");
  BOOST_TEST(tap.ns() == "shop");
  BOOST_TEST(tap.Text("/spec/targets/0/name") == "cart");
  BOOST_TEST(tap.Text("/spec/targets/1/kind") == "Deployment");
  BOOST_TEST(tap.Text("/spec/limits/duration") == "1m30s");
  BOOST_TEST(tap.Text("/spec/peers/attach") == "None");
  BOOST_TEST(tap.Text("/spec/match/methods/0") == "GET");
  BOOST_TEST(tap.Text("/spec/match/minDuration") == "1s");
  BOOST_TEST(tap.Find("/spec/match/responseCodes") != nullptr);
  BOOST_TEST(tap.Find("/spec/match/paths") != nullptr);
  BOOST_TEST(tap.Find("/spec/match/userAgents") == nullptr);
  BOOST_TEST((asked->filter.parameters.size() == 5u));
}

BOOST_AUTO_TEST_CASE(a_page_of_all_namespaces_says_which_one_and_another_only_its_own) {
  const auto whole = cli::ReadPageTap(R"({"namespace":"bank"})", "");
  BOOST_TEST_REQUIRE(whole.ok(), Message(whole.status()));
  BOOST_TEST(whole->choice.ns == "bank");
  BOOST_TEST(whole->choice.targets.empty());
  BOOST_TEST(Refusal({{"target", "cart"}}, "").starts_with("namespace: must be given"));
  BOOST_TEST(Refusal({{"namespace", "bank"}}).starts_with("namespace: this page shows namespace"));
  BOOST_TEST(Refusal({{"target", "ns/bank"}}).starts_with("target: "));
  BOOST_TEST(Refusal({{"namespace", "shop"}, {"target", "ns/a ns/b"}}, "") ==
             "target: must be of one namespace");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_its_field) {
  BOOST_TEST(Refusal({{"target", "nokind/cart"}}).starts_with("target: \"nokind/cart\""));
  BOOST_TEST(Refusal({{"duration", "1ms"}}) == "duration: must be at least 1s");
  BOOST_TEST(Refusal({{"response-code", "999"}}).starts_with("response-code: "));
  BOOST_TEST(Refusal({{"path", "/a?b=c"}}).starts_with("path: a TrafficTap cannot hold this"));
  BOOST_TEST(Refusal({{"duration", 5}}) == "duration: must be a text");
  // Neither what steers the connection nor what only a reader's filter has.
  for (const char* name : {"token", "as", "kubeconfig", "with-peers", "wait", "not-path", "text",
                           "source", "code", "all-namespaces"}) {
    BOOST_TEST(Refusal({{name, "x"}}) ==
               std::string(name) + ": a tap that the page starts has no such field");
  }
  BOOST_TEST(Message(cli::ReadPageTap("[]", "shop").status()) ==
             "the body must be a JSON object of texts");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
