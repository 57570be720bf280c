// SPDX-License-Identifier: Apache-2.0
#include "fanin/expected_pairers.h"

#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"

namespace traffictap::fanin {
namespace {

using kube::Json;

struct Fixture {
  fakes::FakeKubeClient kube;
  PairersStatefulSet of = ParsePairersStatefulSet("tap/pairer:9815").value();

  void Scale(const Json& spec) {
    Json json = {{"metadata", {{"namespace", "tap"}, {"name", "pairer"}}}, {"spec", spec}};
    json["spec"]["serviceName"] = "pairers";
    kube.Seed(kube::kStatefulSets, kube::Object(std::move(json)));
  }
  // A slice of the Service `service` with these endpoints.
  void Serve(const std::string& name, const Json& endpoints,
             const std::string& service = "pairers") {
    kube.Seed(kube::kEndpointSlices,
              kube::Object({{"metadata",
                             {{"namespace", "tap"},
                              {"name", name},
                              {"labels", {{"kubernetes.io/service-name", service}}}}},
                            {"endpoints", endpoints}}));
  }
  static Json Pod(const std::string& name, const std::string& address, bool ready = true) {
    return {{"addresses", {address}},
            {"conditions", {{"ready", ready}}},
            {"targetRef", {{"kind", "Pod"}, {"name", name}}}};
  }
  // "NAME=ADDRESS ".
  std::string Read() {
    const auto read = ReadExpectedPairers(&kube, of);
    if (!read.ok()) return Message(read.status());
    std::string out;
    for (const auto& [name, address] : *read) out += name + "=" + address + " ";
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(expected_pairers, Fixture)

BOOST_AUTO_TEST_CASE(each_pod_that_there_is_to_be_has_an_address_or_none) {
  Scale({{"replicas", 3}});
  Serve("a", Json::array({Pod("pairer-0", "10.0.0.1"), Pod("pairer-1", "fd00::1", false)}));
  Serve("other", Json::array({Pod("pairer-2", "10.0.0.9")}), "others");
  BOOST_TEST(Read() == "pairer-0=10.0.0.1:9815 pairer-1=[fd00::1]:9815 pairer-2= ");
}

BOOST_AUTO_TEST_CASE(one_that_is_scaled_away_is_known_until_it_has_gone) {
  Scale({{"replicas", 1}});
  Serve("a", Json::array({Pod("pairer-0", "10.0.0.1"), Pod("pairer-1", "10.0.0.2")}));
  BOOST_TEST(Read() == "pairer-0=10.0.0.1:9815 pairer-1=10.0.0.2:9815 ");
  Serve("a", Json::array({Pod("pairer-0", "10.0.0.1")}));
  BOOST_TEST(Read() == "pairer-0=10.0.0.1:9815 ");
  Scale({{"replicas", 0}});
  Serve("a", nullptr);  // as the API server writes an empty list
  BOOST_TEST(Read() == "");
}

BOOST_AUTO_TEST_CASE(the_number_and_the_first_ordinal_have_kubernetes_defaults) {
  Scale(Json::object());
  BOOST_TEST(Read() == "pairer-0= ");
  Scale({{"replicas", 2}, {"ordinals", {{"start", 5}}}});
  BOOST_TEST(Read() == "pairer-5= pairer-6= ");
  Scale({{"replicas", 4097}});
  BOOST_TEST(Read() == "StatefulSet tap/pairer has 4097 replicas, more than 4096");
}

BOOST_AUTO_TEST_CASE(a_pod_of_two_families_is_one_pairer_and_what_is_no_pod_is_none) {
  Scale({{"replicas", 1}});
  Json external = Pod("pairer-7", "10.0.0.7");
  external.erase("targetRef");
  Serve("a", Json::array({Pod("pairer-0", "10.0.0.1"), external, "text", Json::object()}));
  Serve("b", Json::array({Pod("pairer-0", "fd00::1")}));
  BOOST_TEST(Read() == "pairer-0=10.0.0.1:9815 ");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_not_known) {
  BOOST_TEST(absl::IsNotFound(ReadExpectedPairers(&kube, of).status()));
  Scale({{"replicas", 1}});
  kube.Fail("list", kube::kEndpointSlices, absl::PermissionDeniedError("no"));
  BOOST_TEST(absl::IsPermissionDenied(ReadExpectedPairers(&kube, of).status()));
  BOOST_TEST(ReadExpectedPairers(&kube, of).ok());
}

BOOST_AUTO_TEST_CASE(a_stateful_set_has_a_namespace_a_name_and_a_port) {
  const auto parsed = ParsePairersStatefulSet("traffictap-system/traffictap-pairer:9815").value();
  BOOST_TEST(parsed.key.ns == "traffictap-system");
  BOOST_TEST(parsed.key.name == "traffictap-pairer");
  BOOST_TEST(parsed.port == "9815");
  for (const char* bad : {"", "a", "a:1", "a/b", "/b:1", "a/:1", "a/b:", "a/b:0", "a/b:x",
                          "a/b/c:1", "a/b:c:1", "a:1/b"}) {
    BOOST_TEST(absl::IsInvalidArgument(ParsePairersStatefulSet(bad).status()), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::fanin
