// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/tap_reader.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

namespace {

using kube::Json;
using mesh::TapReader;

TapReader::ObjectPtr TapOf(const std::string& name, const std::string& path = "/",
                           const std::string& deleted = "") {
  Json tap = Json::parse(R"({"apiVersion":"traffictap.io/v1alpha1","kind":"TrafficTap",
      "metadata":{"namespace":"shop"},"spec":{"targets":[{"kind":"Namespace"}],
      "match":{"paths":[{}]},"outputs":[{"name":"out","type":"Stdout"}]}})");
  tap["metadata"]["name"] = name;
  tap["spec"]["match"]["paths"][0]["exact"] = path;
  if (!deleted.empty()) tap["metadata"]["deletionTimestamp"] = deleted;
  return std::make_shared<const kube::Object>(std::move(tap));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_reader)

BOOST_AUTO_TEST_CASE(a_tap_that_did_not_change_is_not_parsed_again) {
  TapReader reader;
  const auto a = TapOf("a");
  const auto b = TapOf("b");
  const auto first = reader.Read({a, b});
  BOOST_REQUIRE(first.size() == 2u);
  BOOST_REQUIRE(first[0].faults.empty());
  BOOST_REQUIRE(first[0].spec != nullptr);
  const auto second = reader.Read({b, a});
  BOOST_REQUIRE(second.size() == 2u);
  BOOST_TEST(second[0].name == "b");
  BOOST_TEST((second[0].spec == first[1].spec));
  BOOST_TEST((second[1].spec == first[0].spec));
  BOOST_TEST((reader.Read({a, b})[0].spec == first[0].spec));
}

BOOST_AUTO_TEST_CASE(a_tap_that_changed_is_parsed_whatever_its_name) {
  TapReader reader;
  const auto before = reader.Read({TapOf("a", "/before")});
  const auto after = reader.Read({TapOf("a", "/after")});
  BOOST_REQUIRE(after.size() == 1u);
  BOOST_TEST((after[0].spec != before[0].spec));
  BOOST_TEST(!after[0].spec->match.paths.empty());
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_being_deleted_is_left_out) {
  TapReader reader;
  const auto going = TapOf("going", "/", "2026-01-02T03:04:05Z");
  const auto taps = reader.Read({going, TapOf("stays")});
  BOOST_REQUIRE(taps.size() == 1u);
  BOOST_TEST(taps[0].name == "stays");
  BOOST_TEST(reader.Read({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
