// SPDX-License-Identifier: Apache-2.0
#include "pipeline/paused_proxies.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "fakes/entry_builder.h"

namespace traffictap {
namespace {

using pipeline::PausedProxies;
using pipeline::PausedProxyPtr;

PausedProxyPtr At(const std::string& ip) {
  auto out = std::make_shared<pipeline::PausedProxy>();
  out->node = fakes::MakeNode(ip);
  return out;
}

bool Always() { return true; }

}  // namespace

BOOST_AUTO_TEST_SUITE(paused_proxies)

BOOST_AUTO_TEST_CASE(takes_out_those_that_are_wanted_once_and_marks_when) {
  PausedProxies proxies;
  const auto wanted = At("10.0.0.1");
  const auto other = At("10.0.0.2");
  BOOST_TEST(proxies.Add(wanted, Always));
  BOOST_TEST(proxies.Add(other, Always));
  const auto first = [](const traffic::Node& node) { return node.ip == "10.0.0.1"; };
  const auto taken = proxies.Take(first, 7);
  BOOST_REQUIRE(taken.size() == 1u);
  BOOST_TEST(taken[0] == wanted);
  BOOST_TEST(wanted->resumed == 7);
  BOOST_TEST(other->resumed == 0);
  BOOST_TEST(proxies.Take(first, 8).empty());
}

BOOST_AUTO_TEST_CASE(does_not_hold_one_that_was_removed_or_came_too_late) {
  PausedProxies proxies;
  const auto removed = At("10.0.0.1");
  BOOST_TEST(proxies.Add(removed, Always));
  proxies.Remove(removed);
  BOOST_TEST(!proxies.Add(At("10.0.0.2"), [] { return false; }));
  BOOST_TEST(proxies.Take([](const traffic::Node&) { return true; }, 1).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
