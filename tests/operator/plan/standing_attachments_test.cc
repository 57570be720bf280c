// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/standing_attachments.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using plan::MeshSnapshot;
using plan::Note;
using Names = std::set<std::string>;

constexpr const char* kLabel = plan::kAttachmentLabel;

struct Mesh {
  plan::Namespace& Add(const std::string& name, tap::Labels labels) {
    snapshot.namespaces.push_back({name, std::move(labels), "uid-" + name, {}});
    return snapshot.namespaces.back();
  }
  std::map<std::string, plan::StandingAttachment> Run() {
    faults.clear();
    return StandingAttachments(plan::MeshIndex(snapshot), &faults);
  }

  MeshSnapshot snapshot;
  std::vector<Note> faults;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(standing_attachments, Mesh)

BOOST_AUTO_TEST_CASE(no_namespace_stands_attached_unless_somebody_says_so) {
  Add("shop", {{"team", "a"}});
  BOOST_TEST(Run().empty());
  snapshot.mesh.standing = tap::LabelSelector{{{"team", "a"}}, {}};
  BOOST_TEST(Run().contains("shop"));
  BOOST_TEST(faults.empty());
}

BOOST_AUTO_TEST_CASE(a_namespaces_own_word_goes_before_the_selector) {
  snapshot.mesh.standing = tap::LabelSelector{{{"team", "a"}}, {}};
  Add("no", {{"team", "a"}, {kLabel, "OnDemand"}});
  Add("yes", {{"team", "b"}, {kLabel, "Standing"}});
  const auto found = Run();
  BOOST_TEST(!found.contains("no"));
  BOOST_TEST(found.contains("yes"));
}

BOOST_AUTO_TEST_CASE(a_namespace_says_how_often_its_proxies_tell_of_open_streams) {
  auto& shop = Add("shop", {{kLabel, "Standing"}});
  BOOST_TEST(Run().at("shop").headers.open_streams == 0);
  shop.annotations[plan::kStandingOpenStreams] = "30s";
  BOOST_TEST(Run().at("shop").headers.open_streams == 30 * base::kSecond);
  BOOST_TEST(faults.empty());
  for (const char* wrong : {"", "10", "500ms", "2h", "often"}) {
    shop.annotations[plan::kStandingOpenStreams] = wrong;
    BOOST_TEST(Run().at("shop").headers.open_streams == 0);
    BOOST_REQUIRE(faults.size() == 1u);
    BOOST_TEST(faults[0].reason == "AttachmentInvalid");
    BOOST_TEST(faults[0].message.find("from 1s to 1h") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(without_its_own_word_on_open_streams_a_namespace_goes_by_the_installations) {
  snapshot.mesh.standing_open_streams = 10 * base::kSecond;
  Add("plain", {{kLabel, "Standing"}});
  Add("own", {{kLabel, "Standing"}}).annotations = {{plan::kStandingOpenStreams, "1m"}};
  Add("none", {{kLabel, "Standing"}}).annotations = {{plan::kStandingOpenStreams, "0s"}};
  auto found = Run();
  BOOST_TEST(faults.empty());
  BOOST_TEST(found.at("plain").headers.open_streams == 10 * base::kSecond);
  BOOST_TEST(found.at("own").headers.open_streams == 60 * base::kSecond);
  BOOST_TEST(found.at("none").headers.open_streams == 0);
  Add("wrong", {{kLabel, "Standing"}}).annotations = {{plan::kStandingOpenStreams, "2h"}};
  found = Run();
  BOOST_TEST(found.at("wrong").headers.open_streams == 10 * base::kSecond);
  BOOST_TEST(faults.size() == 1u);
}

BOOST_AUTO_TEST_CASE(any_other_word_is_told_and_counts_as_on_demand) {
  snapshot.mesh.standing = tap::LabelSelector{{{"team", "a"}}, {}};
  Add("shop", {{"team", "a"}, {kLabel, "standing"}});
  BOOST_TEST(Run().empty());
  BOOST_REQUIRE(faults.size() == 1u);
  BOOST_TEST(faults[0].subject == "shop");
  BOOST_TEST(faults[0].message.find("'standing'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(annotations_take_the_place_of_the_installations_headers) {
  snapshot.mesh.standing_request_headers = {"x-common"};
  snapshot.mesh.standing_response_headers = {"x-cache"};
  Add("plain", {{kLabel, "Standing"}});
  Add("own", {{kLabel, "Standing"}}).annotations = {
      {plan::kStandingRequestHeaders, " X-Tenant ,,x-user\n"},
      {plan::kStandingResponseHeaders, ""}};
  const auto found = Run();
  BOOST_TEST((found.at("plain").headers.request == Names{"x-common"}));
  BOOST_TEST((found.at("plain").headers.response == Names{"x-cache"}));
  BOOST_TEST((found.at("own").headers.request == Names{"x-tenant", "x-user"}));
  BOOST_TEST(found.at("own").headers.response.empty());
  BOOST_TEST(faults.empty());
}

BOOST_AUTO_TEST_CASE(bad_and_credential_headers_are_reported_and_the_others_taken) {
  Add("shop", {{kLabel, "Standing"}}).annotations = {
      {plan::kStandingRequestHeaders, "x a, authorization, x-user, Traceparent"},
      {plan::kStandingResponseHeaders, "grpc-status, x-cache"}};
  const auto found = Run();
  BOOST_TEST((found.at("shop").headers.request == Names{"x-user"}));
  BOOST_TEST((found.at("shop").headers.response == Names{"x-cache"}));
  BOOST_TEST(faults.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
