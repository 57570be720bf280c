// SPDX-License-Identifier: Apache-2.0
#include "rpc/credentials.h"

#include <boost/test/unit_test.hpp>

#include "fakes/scoped_env.h"
#include "fakes/temp_dir.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(credentials)

BOOST_AUTO_TEST_CASE(no_files_at_all_are_plain_text) {
  const auto made = rpc::ServerCredentials({});
  BOOST_REQUIRE(made.ok());
  BOOST_TEST((*made != nullptr));
}

BOOST_AUTO_TEST_CASE(certificate_and_key_come_together_and_a_client_ca_with_both) {
  for (const rpc::ServerTlsFiles& files :
       {rpc::ServerTlsFiles{"c", "", ""}, rpc::ServerTlsFiles{"", "k", ""},
        rpc::ServerTlsFiles{"", "", "ca"}}) {
    const auto made = rpc::ServerCredentials(files);
    BOOST_TEST(made.status().code() == absl::StatusCode::kInvalidArgument);
    BOOST_TEST(Message(made.status()).find("certificate") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_is_named) {
  fakes::TempDir dir;
  dir.Write("cert.pem", "x");
  dir.Write("key.pem", "x");
  const std::string cert = dir / "cert.pem", key = dir / "key.pem", missing = dir / "missing.pem";
  for (const rpc::ServerTlsFiles& files :
       {rpc::ServerTlsFiles{missing, key, ""}, rpc::ServerTlsFiles{cert, missing, ""},
        rpc::ServerTlsFiles{cert, key, missing}}) {
    const auto made = rpc::ServerCredentials(files);
    BOOST_TEST(made.status().code() == absl::StatusCode::kInvalidArgument);
    BOOST_TEST(Message(made.status()).find("missing.pem") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_systems_authorities_are_where_the_environment_says) {
  BOOST_TEST(!rpc::SystemAuthorities().empty());
  const fakes::ScopedEnv chosen("SSL_CERT_FILE", "/chosen.pem");
  BOOST_TEST(rpc::SystemAuthorities() == "/chosen.pem");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
