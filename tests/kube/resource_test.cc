// SPDX-License-Identifier: Apache-2.0
#include "kube/resource.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(resource)

BOOST_AUTO_TEST_CASE(paths_follow_group_namespace_and_subresource) {
  BOOST_TEST(kube::kPods.CollectionPath("") == "/api/v1/pods");
  BOOST_TEST(kube::kPods.ObjectPath({"shop", "web"}) == "/api/v1/namespaces/shop/pods/web");
  BOOST_TEST(kube::kTrafficTaps.ObjectPath({"shop", "tap"}, "status") ==
             "/apis/traffictap.io/v1alpha1/namespaces/shop/traffictaps/tap/status");
  BOOST_TEST(kube::kNamespaces.ObjectPath({"", "shop"}) == "/api/v1/namespaces/shop");
  BOOST_TEST(kube::kClusterTrafficTaps.CollectionPath("ignored") ==
             "/apis/traffictap.io/v1alpha1/clustertraffictaps");
}

BOOST_AUTO_TEST_CASE(no_name_reaches_another_path) {
  BOOST_TEST(kube::kPods.ObjectPath({"a/../b", "x?y"}) ==
             "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy");
}

BOOST_AUTO_TEST_CASE(names_are_as_in_rbac) {
  BOOST_TEST(kube::kPods.Name() == "pods");
  BOOST_TEST(kube::kEnvoyFilters.Name() == "envoyfilters.networking.istio.io");
  BOOST_TEST(kube::kPods.ApiVersion() == "v1");
  BOOST_TEST(kube::kLeases.ApiVersion() == "coordination.k8s.io/v1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
