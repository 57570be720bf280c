// SPDX-License-Identifier: Apache-2.0
#include "apiserver/discovery.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

web::HttpResponse Ask(const std::string& path, const std::string& accept = "application/json") {
  web::HttpRequest request;
  request.path = path;
  request.headers = {{"accept", accept}};
  return apiserver::AnswerDiscovery(request);
}

nlohmann::json Json(const std::string& path) { return nlohmann::json::parse(Ask(path).body); }

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery)

BOOST_AUTO_TEST_CASE(the_group_has_one_version) {
  const auto groups = Json("/apis");
  BOOST_TEST(groups["kind"] == "APIGroupList");
  BOOST_TEST(groups["groups"][0]["preferredVersion"]["groupVersion"] ==
             "tap.traffictap.io/v1alpha1");
  const auto group = Json("/apis/tap.traffictap.io");
  BOOST_TEST(group["kind"] == "APIGroup");
  BOOST_TEST(group["name"] == "tap.traffictap.io");
}

BOOST_AUTO_TEST_CASE(its_resources_cannot_be_both_listed_and_watched) {
  const auto list = Json("/apis/tap.traffictap.io/v1alpha1");
  BOOST_TEST(list["kind"] == "APIResourceList");
  std::vector<std::string> names;
  for (const auto& resource : list["resources"]) {
    names.push_back(resource["name"]);
    BOOST_TEST(resource["namespaced"] == true);
    BOOST_TEST(resource["verbs"].size() == 1u);
  }
  BOOST_TEST(names == (std::vector<std::string>{"pairs", "summaries", "taps", "files", "dumps"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_versions_behind_it_are_told_where_they_are_known) {
  web::HttpRequest request;
  request.path = "/apis/tap.traffictap.io/v1alpha1";
  const auto told = [&](const apiserver::ServedVersions& versions) {
    const auto answer = apiserver::AnswerDiscovery(request, versions);
    const auto list = nlohmann::json::parse(answer.body);
    BOOST_TEST(list["resources"].size() == 5u);
    return list.value("trafficTap", nlohmann::json()).dump();
  };
  BOOST_TEST(told({"0.1.0", "0.2.0"}) ==
             R"({"collectorVersion":"0.1.0","operatorVersion":"0.2.0"})");
  BOOST_TEST(told({"0.1.0", ""}) == R"({"collectorVersion":"0.1.0"})");
  BOOST_TEST(told({"0.1.0", "", {{"p-2", "it is away"}}}) ==
             R"({"collectorVersion":"0.1.0",)"
             R"("partial":{"missing":[{"pairer":"p-2","reason":"it is away"}]}})");
  BOOST_TEST(told({}) == "null");
}

BOOST_AUTO_TEST_CASE(who_accepts_it_gets_groups_and_resources_at_once) {
  const auto answer =
      Ask("/apis",
          "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
  BOOST_TEST(answer.content_type ==
             "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  const auto list = nlohmann::json::parse(answer.body);
  BOOST_TEST(list["items"][0]["metadata"]["name"] == "tap.traffictap.io");
  BOOST_TEST(list["items"][0]["versions"][0]["resources"].size() == 5u);
}

BOOST_AUTO_TEST_CASE(there_are_schemas_of_nothing_and_other_paths_are_not_found) {
  BOOST_TEST(Json("/openapi/v2")["swagger"] == "2.0");
  BOOST_TEST(Json("/openapi/v3")["paths"].empty());
  for (const char* path : {"/apis/apps", "/apis/tap.traffictap.io/v1", "/openapi/v1"}) {
    BOOST_TEST(Ask(path).code == 404);
    BOOST_TEST(Json(path)["kind"] == "Status");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
