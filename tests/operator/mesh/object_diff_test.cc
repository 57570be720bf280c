// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/object_diff.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using kube::Json;
using kube::Object;

namespace {

Object Make(const std::string& name, const std::string& more = "{}") {
  Json object =
      Json::parse(R"({"kind":"EnvoyFilter","metadata":{"namespace":"shop","labels":{"l":"v"},
      "ownerReferences":[{"kind":"TrafficTap","name":"a","uid":"u1"}]},"spec":{"list":[1,2]}})");
  object["metadata"]["name"] = name;
  object.merge_patch(Json::parse(more));
  return Object(object);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(object_diff)

BOOST_AUTO_TEST_CASE(missing_ones_are_applied_and_foreign_ones_deleted) {
  const auto diff = mesh::Diff({Make("a"), Make("b")}, {Make("b"), Make("c")});
  BOOST_REQUIRE(diff.to_apply.size() == 1u);
  BOOST_TEST(diff.to_apply[0].name() == "a");
  BOOST_REQUIRE(diff.to_delete.size() == 1u);
  BOOST_TEST(diff.to_delete[0].name() == "c");
  BOOST_TEST(diff.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(what_others_added_beside_ours_is_left) {
  const auto live = Make(
      "a",
      R"({"metadata":{"labels":{"theirs":"x"},"annotations":{"k":"v"},"uid":"7"},"status":{}})");
  BOOST_TEST(mesh::Diff({Make("a")}, {live}).to_apply.empty());
}

BOOST_AUTO_TEST_CASE(every_change_of_ours_is_repaired) {
  for (const char* change :
       {R"({"spec":{"list":[2,1]}})", R"({"spec":{"more":1}})", R"({"spec":null})",
        R"({"metadata":{"labels":{"l":"other"}}})", R"({"metadata":{"labels":null}})",
        R"({"metadata":{"ownerReferences":null}})",
        R"({"metadata":{"ownerReferences":[{"kind":"TrafficTap","name":"a","uid":"u2"}]}})"}) {
    BOOST_TEST(mesh::Diff({Make("a")}, {Make("a", change)}).to_apply.size() == 1u, change);
  }
}

BOOST_AUTO_TEST_CASE(an_owner_too_many_is_taken_away) {
  const auto live =
      Make("a", R"({"metadata":{"ownerReferences":[{"kind":"TrafficTap","name":"a","uid":"u1"},
      {"kind":"TrafficTap","name":"b","uid":"u2"}]}})");
  BOOST_TEST(mesh::Diff({Make("a")}, {live}).to_apply.size() == 1u);
}

BOOST_AUTO_TEST_CASE(owners_are_compared_one_by_one_whatever_their_order) {
  const auto owned = [](const std::string& first, const std::string& second) {
    return Make("a", R"({"metadata":{"ownerReferences":[)" + first + "," + second + "]}}");
  };
  const std::string a = R"({"kind":"TrafficTap","name":"a","uid":"u1"})";
  const std::string b = R"({"kind":"TrafficTap","name":"b","uid":"u2"})";
  const std::string other_kind = R"({"kind":"ClusterTrafficTap","name":"b","uid":"u2"})";
  const std::string blocking =
      R"({"kind":"TrafficTap","name":"b","uid":"u2","blockOwnerDeletion":true})";
  BOOST_TEST(mesh::Diff({owned(a, b)}, {owned(b, a)}).unchanged == 1u);
  BOOST_TEST(mesh::Diff({owned(a, b)}, {owned(blocking, a)}).unchanged == 1u);
  BOOST_TEST(mesh::Diff({owned(a, b)}, {owned(a, other_kind)}).to_apply.size() == 1u);
  BOOST_TEST(mesh::Diff({owned(a, b)}, {owned(a, a)}).to_apply.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_being_deleted_is_left_alone) {
  const auto going = Make("a", R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})");
  const auto wanted = mesh::Diff({Make("a")}, {going});
  BOOST_TEST(wanted.to_apply.empty());
  const auto unwanted = mesh::Diff({}, {going});
  BOOST_TEST(unwanted.to_delete.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
