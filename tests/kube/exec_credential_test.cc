// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_credential.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

constexpr char kVersion[] = "client.authentication.k8s.io/v1";

std::string Answer(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
         status + "}";
}

BOOST_AUTO_TEST_SUITE(exec_credential)

BOOST_AUTO_TEST_CASE(a_token_with_its_expiry_is_read) {
  const auto read = kube::ParseExecCredential(
      Answer(R"({"token":"t","expirationTimestamp":"2023-11-14T22:13:20Z"})"), kVersion);
  BOOST_TEST_REQUIRE(read.ok(), Message(read.status()));
  BOOST_TEST(read->token == "t");
  BOOST_TEST(read->expires_at.value_or(0) == 1'700'000'000 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_certificate_needs_its_key) {
  BOOST_TEST(kube::ParseExecCredential(
                 Answer(R"({"clientCertificateData":"c","clientKeyData":"k"})"), kVersion)
                 .ok());
  BOOST_TEST(!kube::ParseExecCredential(Answer(R"({"clientCertificateData":"c"})"), kVersion).ok());
}

BOOST_AUTO_TEST_CASE(other_answers_are_refused_without_being_repeated) {
  for (const std::string& text :
       {std::string("secret"), Answer("{}"), Answer(R"({"token":""})"),
        std::string(R"({"kind":"ExecCredential","apiVersion":"v0","status":{"token":"secret"}})"),
        Answer(R"({"token":"secret","expirationTimestamp":"tomorrow"})")}) {
    const auto read = kube::ParseExecCredential(text, kVersion);
    BOOST_TEST(absl::IsFailedPrecondition(read.status()), text);
    BOOST_TEST(Message(read.status()).find("secret") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_plugin_is_told_about_the_cluster_where_it_asks) {
  kube::ClusterAccess access;
  access.server = "https://api:6443";
  access.exec.command = "sh";
  access.exec.args = {"-c",
                      "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":"
                      "\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' "
                      "\"$(printf %s \"$KUBERNETES_EXEC_INFO\" | grep -o 'https://[a-z:0-9]*')\""};
  access.exec.api_version = kVersion;
  access.exec.provide_cluster_info = true;
  const auto ran = kube::RunExecPlugin(access);
  BOOST_TEST_REQUIRE(ran.ok(), Message(ran.status()));
  BOOST_TEST(ran->token == "https://api:6443");
}

BOOST_AUTO_TEST_CASE(a_plugin_that_is_missing_comes_with_its_hint) {
  kube::ClusterAccess access;
  access.exec.command = "/no/such/plugin";
  access.exec.install_hint = "get it from the cloud";
  const auto ran = kube::RunExecPlugin(access);
  BOOST_TEST(absl::IsFailedPrecondition(ran.status()));
  BOOST_TEST(Message(ran.status()).find("get it from the cloud") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
