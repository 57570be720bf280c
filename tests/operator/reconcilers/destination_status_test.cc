// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/destination_status.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using reconcilers::DestinationStatus;

namespace {

kube::Object Destination(const kube::Json& status = {}) {
  kube::Json object{{"metadata", {{"name", "bus"}, {"generation", 3}}}};
  if (!status.is_null()) object["status"] = status;
  return kube::Object(object);
}

tap::ParseError Fault(const std::string& field, const std::string& message) {
  tap::ParseError fault;
  fault.field = field;
  fault.message = message;
  return fault;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(destination_status)

BOOST_AUTO_TEST_CASE(names_every_fault_with_its_field) {
  const auto status =
      DestinationStatus(Destination(), {Fault("spec.a", "is wrong"), Fault("spec.b", "too")}, 0);
  BOOST_REQUIRE(status);
  const auto& ready = (*status)["conditions"][0];
  BOOST_TEST(ready["status"] == "False");
  BOOST_TEST(ready["message"] == "spec.a: is wrong; spec.b: too");
  BOOST_TEST(ready["observedGeneration"] == 3);
}

BOOST_AUTO_TEST_CASE(says_nothing_twice_and_keeps_the_time_of_a_status_that_stays) {
  const auto first = DestinationStatus(Destination(), {}, base::kSecond);
  BOOST_REQUIRE(first);
  BOOST_TEST(!DestinationStatus(Destination(*first), {}, 9 * base::kSecond).has_value());
  const auto broken = DestinationStatus(Destination(*first), {Fault("a", "b")}, 9 * base::kSecond);
  BOOST_REQUIRE(broken);
  BOOST_TEST((*broken)["conditions"][0]["lastTransitionTime"] == "1970-01-01T00:00:09Z");
  const auto other = DestinationStatus(Destination(*broken), {Fault("c", "d")}, 20 * base::kSecond);
  BOOST_REQUIRE(other);
  BOOST_TEST((*other)["conditions"][0]["lastTransitionTime"] == "1970-01-01T00:00:09Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
