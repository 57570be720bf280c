// SPDX-License-Identifier: Apache-2.0
#include "apiserver/registration.h"

#include <boost/test/unit_test.hpp>

#include "apiserver/discovery.h"
#include "apiserver/serving_certificate.h"
#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"
#include "kube/base64.h"

namespace traffictap {

using apiserver::Registration;

struct RegistrationTest {
  static constexpr kube::Resource kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles",
                                                "ClusterRole", false};
  const kube::ObjectKey key{"", apiserver::kApiService};
  fakes::FakeKubeClient kube;
  fakes::ManualClock clock;
  const std::string own = Certificate();
  Registration registration{{"tap.system", "owner"}, &kube, &clock};

  RegistrationTest() { SeedOwner(); }
  void SeedOwner() {
    kube.Seed(kClusterRoles, kube::Object(kube::Json{{"metadata", {{"name", "owner"}}}}));
  }
  std::string Certificate() {
    return apiserver::MakeServingCertificate({"tap.system.svc"}, clock.Wall(), 3600 * base::kSecond)
        .value()
        .certificate;
  }
  StatusOr<kube::Object> Service() { return kube.Get(kube::kApiServices, key, {}); }
  std::string Bundle() {
    return kube::DecodeBase64(Service().value().Text("/spec/caBundle")).value_or("");
  }
  std::string OwnerUid() {
    const auto owners = Service().value().owner_references();
    return owners.size() == 1 ? owners[0].uid : "";
  }
  std::string RoleUid() { return kube.Get(kClusterRoles, {"", "owner"}, {}).value().uid(); }
  // Refreshes every 5 s until it is there again; for how long that took.
  base::Nanos RemoveAndWait() {
    kube.Purge(kube::kApiServices, key);
    const base::Nanos begin = clock.Monotonic();
    while (!registration.Refresh(own).ok()) {
      clock.Advance(5 * base::kSecond);
      BOOST_REQUIRE(clock.Monotonic() - begin < 3600 * base::kSecond);
    }
    return clock.Monotonic() - begin;
  }
};

BOOST_FIXTURE_TEST_SUITE(registration, RegistrationTest)

BOOST_AUTO_TEST_CASE(it_is_made_with_all_that_the_api_server_asks_for_and_goes_with_its_owner) {
  BOOST_TEST(registration.Refresh(own).ok());
  const auto service = Service().value();
  BOOST_TEST(service.Text("/spec/group") == "tap.traffictap.io");
  BOOST_TEST(service.Text("/spec/version") == "v1alpha1");
  BOOST_TEST(service.Text("/spec/service/name") == "tap");
  BOOST_TEST(service.Text("/spec/service/namespace") == "system");
  BOOST_TEST((*service.Find("/spec/service/port") == 443));
  BOOST_TEST(service.label("app.kubernetes.io/managed-by") == "traffictap");
  BOOST_TEST(Bundle() == own);
  BOOST_TEST(OwnerUid() == RoleUid());
  kube.Purge(kClusterRoles, {"", "owner"});
  kube.CollectGarbage(kube::kApiServices);
  BOOST_TEST(kube::IsNotFound(Service().status()));
}

BOOST_AUTO_TEST_CASE(what_stands_is_not_written_again) {
  BOOST_TEST(registration.Refresh(own).ok());
  kube.ClearWrites();
  BOOST_TEST(registration.Refresh(own).ok());
  BOOST_TEST(kube.writes().empty());
}

BOOST_AUTO_TEST_CASE(a_new_certificate_comes_first_and_the_earlier_one_stays) {
  BOOST_TEST(registration.Refresh(own).ok());
  const std::string newer = Certificate();
  BOOST_TEST(registration.Refresh(newer).ok());
  BOOST_TEST(Bundle() == newer + own);
  BOOST_TEST(Service().value().Text("/spec/group") == "tap.traffictap.io");
}

BOOST_AUTO_TEST_CASE(one_that_another_collector_left_gets_the_owner_of_now) {
  BOOST_TEST(registration.Refresh(own).ok());
  kube.Purge(kClusterRoles, {"", "owner"});
  SeedOwner();
  Registration next({"tap.system", "owner"}, &kube, &clock);
  const std::string newer = Certificate();
  BOOST_TEST(next.Refresh(newer).ok());
  BOOST_TEST(OwnerUid() == RoleUid());
  BOOST_TEST(Bundle() == newer + own);
}

BOOST_AUTO_TEST_CASE(without_its_owner_it_is_not_made_and_the_option_is_named) {
  kube.Purge(kClusterRoles, {"", "owner"});
  const Status refused = registration.Refresh(own);
  BOOST_TEST(Message(refused).starts_with("--api-owner owner: "));
  BOOST_TEST(kube::IsNotFound(Service().status()));
}

BOOST_AUTO_TEST_CASE(who_removes_it_soon_is_given_way_to_for_longer_each_time) {
  BOOST_TEST(registration.Refresh(own).ok());
  BOOST_TEST(RemoveAndWait() == 10 * base::kSecond);
  kube.Purge(kube::kApiServices, key);
  const Status waits = registration.Refresh(own);
  BOOST_TEST(absl::IsUnavailable(waits));
  BOOST_TEST(Message(waits).find("after 20 s") != std::string::npos);
  BOOST_TEST(RemoveAndWait() == 20 * base::kSecond);
  for (int i = 0; i < 6; ++i) RemoveAndWait();
  BOOST_TEST(RemoveAndWait() == Registration::kWaitMax);
  // Once it has stood for long, a removal is a slip of somebody's hand.
  clock.Advance(Registration::kStands);
  BOOST_TEST(RemoveAndWait() == 0);
  BOOST_TEST(RemoveAndWait() == Registration::kWaitMin);
}

BOOST_AUTO_TEST_CASE(it_is_removed_at_the_end) {
  registration.Remove();  // nothing was made
  BOOST_TEST(registration.Refresh(own).ok());
  registration.Remove();
  BOOST_TEST(kube::IsNotFound(Service().status()));
  registration.Remove();
  BOOST_TEST(kube.writes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_collector_that_has_taken_over_keeps_it) {
  BOOST_TEST(registration.Refresh(own).ok());
  Registration next({"tap.system", "owner"}, &kube, &clock);
  BOOST_TEST(next.Refresh(Certificate()).ok());
  registration.Remove();
  BOOST_TEST(Service().ok());
  next.Remove();
  BOOST_TEST(!Service().ok());
}

BOOST_AUTO_TEST_CASE(a_status_that_is_written_meanwhile_does_not_keep_it) {
  BOOST_TEST(registration.Refresh(own).ok());
  kube.Fail("delete", kube::kApiServices, kube::ToStatus({409, "Conflict"}, "delete", "it"), 2);
  registration.Remove();
  BOOST_TEST(!Service().ok());
}

BOOST_AUTO_TEST_CASE(without_an_owner_it_is_somebody_elses_but_for_the_certificate) {
  Registration guest({"tap.system", ""}, &kube, &clock);
  BOOST_TEST(kube::IsNotFound(guest.Refresh(own)));
  const kube::Object bare(
      kube::Json{{"metadata", {{"name", key.name}}}, {"spec", {{"group", "g"}}}});
  kube.Seed(kube::kApiServices, bare);
  BOOST_TEST(guest.Refresh(own).ok());
  BOOST_TEST(Bundle() == own);
  BOOST_TEST(Service().value().Text("/spec/group") == "g");
  BOOST_TEST(Service().value().owner_references().empty());
  kube.Seed(kube::kApiServices, bare);  // somebody takes it away
  BOOST_TEST(guest.Refresh(own).ok());
  BOOST_TEST(Bundle() == own);
  guest.Remove();
  BOOST_TEST(Service().ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
