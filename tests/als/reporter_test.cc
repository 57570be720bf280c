// SPDX-License-Identifier: Apache-2.0
#include "als/reporter.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"

namespace traffictap {
namespace {

using fakes::Address;
using traffic::Reporter;
using traffic::ResponseFlag;
using traffic::Text;

// An entry by what its proxy saw; the proxy is at 10.0.0.2 and fd00::2.
struct Case {
  std::string why;
  std::string proxy;  // "sidecar", "waypoint", "router", or empty outside Istio
  std::string cluster;
  std::string from, called, dialed;  // downstream direct remote and local, upstream remote
  Reporter reporter;
  uint32_t code = 200;
  std::vector<ResponseFlag> flags = {};
  std::string tag = {};
  bool tcp = false;
  std::string termination = {};
  std::string details = "via_upstream";
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.why; }

traffic::Node NodeOf(const std::string& proxy) {
  traffic::Node node;
  node.proxy_type = proxy;
  if (proxy.empty()) return node;
  node.ip = "10.0.0.2";
  node.addresses = {*traffic::ParseSocketAddress("10.0.0.2", 0),
                    *traffic::ParseSocketAddress("fd00::2", 0)};
  return node;
}

const Reporter kServer = Reporter::kDestination, kClient = Reporter::kSource;
const std::string kOwn = "10.0.0.2:8080", kOther = "10.0.0.1:5000", kVip = "10.96.0.9:80";

const std::vector<Case> kTable = {
    {"Istio's name of a server's cluster", "sidecar", "inbound|8080||", kOther, kOwn, kOwn,
     kServer},
    {"the same after a rename of '|'", "", "inbound_8080__", kOther, kOwn, kOwn, kServer},
    {"a port that is not declared", "", "InboundPassthroughClusterIpv6", kOther, kOwn, kOwn,
     kServer},
    {"a service", "sidecar", "outbound|80||cart.shop.svc.cluster.local", kOwn, kVip, kOther,
     kClient},
    {"an address outside the mesh", "sidecar", "PassthroughCluster", kOwn, kVip, kOther, kClient},
    {"a waypoint's service", "waypoint", "inbound-vip|80|http|cart", kOther, kVip, kOther, kClient},
    {"a way out that the application asked its sidecar for by the pod's own address",
     "sidecar",
     "",
     "127.0.0.1:5000",
     kOwn,
     "",
     kClient,
     404,
     {ResponseFlag::kNoRouteFound}},
    {"a denied call from the pod to itself", "sidecar", "", "127.0.0.1:5000", kOwn, "", kServer,
     403},
    {"the tag is exact",
     "sidecar",
     "outbound|80||a",
     kOwn,
     kVip,
     kOther,
     kServer,
     200,
     {},
     "inbound"},
    {"in both directions",
     "sidecar",
     "inbound|80||",
     kOther,
     kOwn,
     kOwn,
     kClient,
     200,
     {},
     "outbound"},
    {"another tag says nothing",
     "sidecar",
     "inbound|80||",
     kOther,
     kOwn,
     kOwn,
     kServer,
     200,
     {},
     "x"},
    // A sidecar that answers by itself chose no host, so it names no cluster.
    {"called at the sidecar's address", "sidecar", "", kOther, kOwn, "", kServer, 403},
    {"called at its second address", "sidecar", "", "[fd00::9]:5000", "[fd00::2]:80", "", kServer,
     429},
    {"called as a Service by another pod", "sidecar", "", kOther, kVip, "", kServer, 403},
    {"called by its own pod", "sidecar", "", "10.0.0.2:5000", kVip, "", kClient, 404},
    {"called over the loopback", "sidecar", "", "127.0.0.1:5000", "127.0.0.1:80", "", kClient, 404},
    {"a cluster of somebody's own filter", "sidecar", "my-cluster", kOther, kOwn, kVip, kServer},
    {"the same, of its own pod", "sidecar", "my-cluster", "10.0.0.2:5000", kVip, kOther, kClient},
    {"a connection that was denied",
     "sidecar",
     "",
     kOther,
     kOwn,
     "",
     kServer,
     0,
     {},
     "",
     true,
     "rbac_access_denied_matched_policy[none]"},
    // Waypoints and gateways are between the two.
    {"a waypoint denies", "waypoint", "", kOther, kVip, "", kServer, 403},
    {"a gateway denies", "router", "", kOther, kOwn, "", kServer, 401},
    {"a gateway redirects", "router", "", kOther, kOwn, "", kServer, 301},
    {"a gateway denies a connection",
     "router",
     "",
     kOther,
     kOwn,
     "",
     kServer,
     0,
     {},
     "",
     true,
     "rbac_access_denied_matched_policy[none]"},
    {"a gateway has no healthy host",
     "router",
     "",
     kOther,
     kOwn,
     "",
     kClient,
     503,
     {ResponseFlag::kNoHealthyUpstream}},
    {"a gateway has no route",
     "router",
     "",
     kOther,
     kOwn,
     "",
     kClient,
     404,
     {ResponseFlag::kNoRouteFound}},
    {"a gateway's cluster sheds load",
     "router",
     "",
     kOther,
     kOwn,
     "",
     kClient,
     503,
     {},
     "",
     false,
     "",
     "drop_overload"},
    {"an Envoy's cluster sheds all load",
     "",
     "",
     kOther,
     kOwn,
     "",
     kClient,
     503,
     {},
     "",
     false,
     "",
     "unconditional_drop_overload"},
    {"a gateway passes on", "router", "outbound|80||cart", kOther, kOwn, kOther, kClient},
    // Envoy without Istio says neither its address nor its side.
    {"an application on the loopback", "", "app", kOther, kOwn, "127.0.0.1:9000", kServer},
    {"an application at the address that was called", "", "app", kOther, kOwn, "10.0.0.2:9000",
     kServer},
    {"all on the loopback", "", "app", "127.0.0.1:5000", "127.0.0.1:80", "127.0.0.1:90", kClient},
    {"Envoy's example", "", "local_service", kOther, kOwn, "10.0.0.7:9000", kServer},
    {"Consul's local application", "", "local_app", kOther, kOwn, "10.0.0.7:9000", kServer},
    {"Kuma's local application", "", "localhost:9000", kOther, kOwn, "10.0.0.7:9000", kServer},
    {"any other cluster", "", "service1", kOther, kOwn, "10.0.0.7:9000", kClient},
    {"an Envoy that denies another host", "", "", kOther, kOwn, "", kServer, 403},
    {"an Envoy that denies its own host", "", "", "127.0.0.1:5000", kOwn, "", kClient, 403},
    {"an Envoy without a host for it",
     "",
     "",
     kOther,
     kOwn,
     "",
     kClient,
     503,
     {ResponseFlag::kNoHealthyUpstream}},
    {"nothing known", "", "", "", "", "", kClient},
};

Reporter Of(const Case& one, const traffic::Node* node) {
  fakes::EntryBuilder builder;
  if (one.tcp) builder.Tcp();
  builder.Code(one.code).Set(Text::kUpstreamCluster, one.cluster);
  builder.Set(Text::kConnectionTermination, one.termination);
  builder.Set(Text::kResponseCodeDetails, one.details);
  for (const auto flag : one.flags) builder.Flag(flag);
  builder.facts().downstream_direct_remote = Address(one.from);
  builder.facts().downstream_local = Address(one.called);
  builder.facts().upstream_remote = Address(one.dialed);
  return als::ReporterOf(one.tag, builder.entry(), node);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reporter)

BOOST_DATA_TEST_CASE(the_first_rule_that_says_it_decides, kTable, one) {
  const auto node = NodeOf(one.proxy);
  BOOST_CHECK_EQUAL(traffic::ToString(Of(one, &node)), traffic::ToString(one.reporter));
}

BOOST_AUTO_TEST_CASE(a_sender_that_is_not_known_is_judged_by_cluster_and_neighbours) {
  BOOST_CHECK(Of(kTable[0], nullptr) == kServer);
  BOOST_CHECK(Of({"", "", "app", kOther, kOwn, "127.0.0.1:9000", kServer}, nullptr) == kServer);
  BOOST_CHECK(Of({"", "", "", "", "", "", kClient}, nullptr) == kClient);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
