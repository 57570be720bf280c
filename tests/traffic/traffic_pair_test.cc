// SPDX-License-Identifier: Apache-2.0
#include "traffic/traffic_pair.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

// All names of an enum of `count` values.
template <typename Enum>
std::set<std::string> Names(size_t count) {
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) names.insert(ToString(static_cast<Enum>(i)));
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(traffic_pair)

BOOST_AUTO_TEST_CASE(names_every_verdict_and_reason) {
  BOOST_CHECK(Names<Verdict>(kVerdictCount) ==
              (std::set<std::string>{"Ok", "ServerError", "ClientAborted", "NetworkOrProxy",
                                     "Retried", "Mismatch", "Denied"}));
  BOOST_CHECK(Names<OrphanReason>(kOrphanReasonCount) ==
              (std::set<std::string>{"", "PeerNotMeshed", "PeerNotTapped", "FilteredOnOtherSide",
                                     "LateBeyondWindow", "NeverArrived", "LostInBuffer",
                                     "DrainingConnection"}));
}

BOOST_AUTO_TEST_CASE(names_protocols_and_methods_as_http_does) {
  BOOST_CHECK(Names<HttpVersion>(5) ==
              (std::set<std::string>{"", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"}));
  BOOST_CHECK(Names<Method>(10) ==
              (std::set<std::string>{"", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT",
                                     "OPTIONS", "TRACE", "PATCH"}));
  BOOST_TEST(ToString(Reporter::kSource) == std::string("source"));
  BOOST_TEST(ToString(Reporter::kDestination) == std::string("destination"));
}

BOOST_AUTO_TEST_CASE(a_verdict_is_found_by_its_name) {
  for (size_t i = 0; i < traffic::kVerdictCount; ++i) {
    const auto verdict = static_cast<traffic::Verdict>(i);
    BOOST_CHECK(traffic::ParseVerdict(ToString(verdict)) == verdict);
  }
  BOOST_CHECK(!traffic::ParseVerdict(""));
  BOOST_CHECK(!traffic::ParseVerdict("SomethingNew"));
}

BOOST_AUTO_TEST_CASE(a_value_beyond_an_enum_has_no_name) {
  BOOST_TEST(ToString(static_cast<Method>(99)) == std::string());
  BOOST_TEST(ToString(static_cast<HttpVersion>(99)) == std::string());
}

BOOST_AUTO_TEST_CASE(the_client_speaks_for_the_pair_and_else_the_last_server) {
  const SampleEntry client(Reporter::kSource);
  const SampleEntry first(Reporter::kDestination);
  const SampleEntry last(Reporter::kDestination);
  const SamplePair both(&client, {&first, &last});
  BOOST_TEST(&both.pair.principal() == both.pair.client);
  BOOST_TEST(both.pair.server() == both.pair.servers[1]);
  const SamplePair servers(nullptr, {&first, &last});
  BOOST_TEST(&servers.pair.principal() == servers.pair.servers[1]);
  const SamplePair alone(&client, {});
  BOOST_TEST(alone.pair.server() == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
