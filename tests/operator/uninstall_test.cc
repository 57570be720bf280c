// SPDX-License-Identifier: Apache-2.0
#include "operator/uninstall.h"

#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"

namespace traffictap {

struct UninstallTest {
  void Seed(const kube::Resource& resource, const std::string& name, const char* owner) {
    kube.Seed(resource, kube::Object(kube::Json{{"metadata",
                                                 {{"namespace", "shop"},
                                                  {"name", name},
                                                  {"labels", {{mesh::kManagedByLabel, owner}}}}}}));
  }
  bool IsThere(const kube::Resource& resource, const kube::ObjectKey& key) {
    return kube.Get(resource, key, {}).ok();
  }
  fakes::FakeKubeClient kube;
  const mesh::Installation installation;
};

BOOST_FIXTURE_TEST_SUITE(uninstall, UninstallTest)

BOOST_AUTO_TEST_CASE(every_patch_of_ours_goes_and_nobody_elses) {
  Seed(kube::kEnvoyFilters, "ours", mesh::kManagedByValue);
  Seed(kube::kEnvoyFilters, "theirs", "Helm");
  Seed(kube::kTelemetries, "ours", mesh::kManagedByValue);
  BOOST_TEST(op::Uninstall(installation, &kube).value() == 2);
  BOOST_TEST(!IsThere(kube::kEnvoyFilters, {"shop", "ours"}));
  BOOST_TEST(!IsThere(kube::kTelemetries, {"shop", "ours"}));
  BOOST_TEST(IsThere(kube::kEnvoyFilters, {"shop", "theirs"}));
}

BOOST_AUTO_TEST_CASE(the_lease_goes_last) {
  kube.Seed(kube::kLeases,
            kube::Object(kube::Json{
                {"metadata", {{"namespace", installation.ns}, {"name", mesh::kLease}}}}));
  BOOST_TEST(op::Uninstall(installation, &kube).value() == 0);
  BOOST_TEST(!IsThere(kube::kLeases, {installation.ns, mesh::kLease}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
