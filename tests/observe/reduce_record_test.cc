// SPDX-License-Identifier: Apache-2.0
#include "observe/reduce_record.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"
#include "observe/sample_records.h"

namespace traffictap {
namespace observe {
namespace {

Access Of(std::set<std::string> namespaces) {
  return {.user = "somebody", .namespaces = std::move(namespaces)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reduce_record)

BOOST_AUTO_TEST_CASE(what_is_visible_depends_on_both_namespaces) {
  const auto batch = BatchBuilder().Get("/", 200, "bank").Build();
  const auto pair = batch->pair(0);
  std::set<std::string> unknown;
  BOOST_TEST((VisibilityOf(pair, Of({"shop", "bank"}), &unknown) == Visibility::kWhole));
  BOOST_TEST(unknown.empty());
  BOOST_TEST((VisibilityOf(pair, Of({"shop"}), &unknown) == Visibility::kOneSide));
  BOOST_TEST(unknown.contains("bank"));
  BOOST_TEST((VisibilityOf(pair, Of({"bank"}), nullptr) == Visibility::kOneSide));
  BOOST_TEST((VisibilityOf(pair, Of({"else"}), nullptr) == Visibility::kNothing));
}

BOOST_AUTO_TEST_CASE(the_request_is_told_as_the_visible_side_logged_it) {
  auto client = fakes::EntryBuilder::Client().Path("/asked").Code(504);
  auto server = fakes::EntryBuilder::Server().Path("/served").Code(200);
  const auto batch = BatchBuilder().Pair(client, server, "bank").Build();
  const auto banks = nlohmann::json::parse(ReducedLine(*batch, 0, Of({"bank"})));
  BOOST_TEST(banks["request"]["path"] == "/served");
  BOOST_TEST(banks["client"]["code"] == 504);
  BOOST_TEST(banks["verdict"] == "ServerError");
  BOOST_TEST(banks.dump().find("/asked") == std::string::npos);
  BOOST_TEST(banks.dump().find("frontend") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_status_of_a_hidden_side_is_that_of_the_call_where_it_is_one_of_grpc) {
  auto client = fakes::EntryBuilder::Client();
  auto server = fakes::EntryBuilder::Server();
  server.facts().grpc_status = traffic::GrpcStatus::kUnavailable;
  const auto batch = BatchBuilder().Pair(client, server, "bank").Get("/", 200, "bank").Build();
  const auto hidden = [&](size_t i) {
    return nlohmann::json::parse(ReducedLine(*batch, i, Of({"shop"})))["server"][0];
  };
  BOOST_TEST(hidden(0)["grpcStatus"] == "UNAVAILABLE");
  BOOST_TEST(hidden(0)["code"] == 200);
  BOOST_TEST(!hidden(1).contains("grpcStatus"));
}

BOOST_AUTO_TEST_CASE(a_policy_is_named_to_those_who_may_read_its_namespace) {
  const std::string details =
      "rbac_access_denied_matched_policy[ns[guard]-policy[secret-rule]-rule[3]]";
  const auto batch = BatchBuilder()
                         .Pair(fakes::EntryBuilder::Client().Code(403),
                               fakes::EntryBuilder::Server().Code(403).Set(
                                   traffic::Text::kResponseCodeDetails, details),
                               "bank")
                         .Build();
  const auto pair = batch->pair(0);
  const auto line = [&](const Access& access) {
    return VisibleLine(*batch, 0, VisibilityOf(pair, access, nullptr), access);
  };
  std::set<std::string> unknown;
  VisibilityOf(pair, Of({"shop", "bank"}), &unknown);
  BOOST_TEST(unknown.contains("guard"));
  const auto named = nlohmann::json::parse(line(Of({"shop", "bank", "guard"})));
  BOOST_TEST(named["denial"]["policy"] == "guard/secret-rule");
  BOOST_TEST(named["denial"]["rule"] == "3");
  for (const auto& access : {Of({"shop", "bank"}), Of({"bank"}), Of({"shop"})}) {
    const std::string hidden = line(access);
    BOOST_TEST(hidden.find("secret-rule") == std::string::npos, hidden);
    BOOST_TEST(hidden.find('\n') == hidden.size() - 1);
  }
  const auto hidden = nlohmann::json::parse(line(Of({"shop", "bank"})));
  BOOST_TEST(hidden["verdict"] == "Denied");
  BOOST_TEST(hidden["denial"]["by"] == "AuthorizationPolicy");
  BOOST_TEST(!hidden["denial"].contains("policy"));
}

BOOST_AUTO_TEST_CASE(so_is_a_policy_that_is_only_tried) {
  auto server = fakes::EntryBuilder::Server().Set(traffic::Text::kDryRunPolicy,
                                                  "ns[guard]-policy[secret-rule]-rule[3]");
  server.facts().dry_run = traffic::DryRunResult::kDenied;
  const auto batch = BatchBuilder().Pair(fakes::EntryBuilder::Client(), server).Build();
  const auto line = [&](const Access& access) {
    return VisibleLine(*batch, 0, Visibility::kWhole, access);
  };
  std::set<std::string> unknown;
  VisibilityOf(batch->pair(0), Of({"shop"}), &unknown);
  BOOST_TEST(unknown.contains("guard"));
  BOOST_TEST(nlohmann::json::parse(line(Of({"shop", "guard"})))["dryRun"]["policy"] ==
             "guard/secret-rule");
  const std::string hidden = line(Of({"shop"}));
  BOOST_TEST(hidden.find("secret-rule") == std::string::npos, hidden);
  BOOST_TEST(nlohmann::json::parse(hidden)["dryRun"]["result"] == "Denied");
}

BOOST_AUTO_TEST_CASE(a_reduced_line_is_one_line) {
  const auto batch = BatchBuilder().Get("/a\nb", 200, "bank").Build();
  const std::string line = ReducedLine(*batch, 0, Of({"shop"}));
  BOOST_TEST(line.find('\n') == line.size() - 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
