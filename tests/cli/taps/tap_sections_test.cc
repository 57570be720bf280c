// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_sections.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using kube::Json;

kube::Object Tap() {
  return kube::Object(Json{
      {"status",
       {{"conditions",
         {{{"type", "Ready"}, {"status", "True"}, {"reason", "Capturing"}, {"message", "fine"}}}},
        {"targets",
         {{{"kind", "Service"},
           {"name", "cart"},
           {"state", "NotAttached"},
           {"reason", "NoPods"},
           {"message", "wait"}}}},
        {"verdicts", {{"Denied", 3}, {"Ok", 1200}, {"ServerError", 40}}},
        {"peers",
         {{{"namespace", "bank"},
           {"kind", "Deployment"},
           {"name", "ledger"},
           {"state", "NotAttached"},
           {"reason", "NoConsent"},
           {"message", "ask"}}}},
        {"patches", {"EnvoyFilter/shop/a"}},
        {"notVisible",
         {{{"subject", "shop/x"}, {"reason", "NotMeshed"}, {"message", "inject"}}}}}}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_sections)

BOOST_AUTO_TEST_CASE(each_list_has_its_heading_and_a_row_for_each) {
  BOOST_TEST(cli::ConditionSection(Tap()) == "\nConditions:\n  Ready  True  Capturing  fine\n");
  BOOST_TEST(cli::TargetSection(Tap()) ==
             "\nTargets:\n  Service/cart  NotAttached  NoPods  wait\n");
  BOOST_TEST(cli::VerdictSection(Tap()) ==
             "\nVerdicts:\n  Ok           1200\n  ServerError  40\n  Denied       3\n");
  BOOST_TEST(cli::PeerSection(Tap()) ==
             "\nPeers:\n  bank/Deployment/ledger  NotAttached  NoConsent  ask\n");
  BOOST_TEST(cli::ListSection(Tap(), "notVisible", "Hidden") ==
             "\nHidden:\n  shop/x  NotMeshed  inject\n");
  BOOST_TEST(cli::ListSection(Tap(), "patches", "Objects") == "\nObjects:\n  EnvoyFilter/shop/a\n");
}

BOOST_AUTO_TEST_CASE(what_the_status_does_not_have_is_no_text) {
  BOOST_TEST(cli::TargetSection(kube::Object()) == "");
  BOOST_TEST(cli::VerdictSection(kube::Object()) == "");
  BOOST_TEST(cli::ListSection(Tap(), "other", "Other") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
