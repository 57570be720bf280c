// SPDX-License-Identifier: Apache-2.0
#include "tls/server_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/test/unit_test.hpp>

#include "als/certificates.h"
#include "tls/certificates.h"

namespace traffictap::tls {

struct ServerContextTest {
  const als::Certificates& files = als::Certificates::Get();
  ServerTexts texts{files.Read("mesh.pem"), files.Read("mesh.key"), files.Read("mesh-ca.pem")};

  std::shared_ptr<SSL_CTX> Make(WithoutCertificate without = WithoutCertificate::kServed) const {
    return MakeServerContext(texts, without).value();
  }
  std::string Error() const {
    return Message(MakeServerContext(texts, WithoutCertificate::kServed).status());
  }
};

BOOST_FIXTURE_TEST_SUITE(server_context, ServerContextTest)

BOOST_AUTO_TEST_CASE(begins_at_tls_12_and_resumes_and_renegotiates_nothing) {
  const auto context = Make();
  BOOST_TEST(SSL_CTX_get_min_proto_version(context.get()) == TLS1_2_VERSION);
  const auto options = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION;
  BOOST_TEST((SSL_CTX_get_options(context.get()) & options) == options);
  BOOST_TEST(SSL_CTX_get_session_cache_mode(context.get()) == SSL_SESS_CACHE_OFF);
}

BOOST_AUTO_TEST_CASE(clients_are_asked_where_there_is_a_client_ca) {
  BOOST_TEST(SSL_CTX_get_verify_mode(Make().get()) == SSL_VERIFY_PEER);
  BOOST_TEST(SSL_CTX_get_verify_mode(Make(WithoutCertificate::kRefused).get()) ==
             (SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT));
  BOOST_TEST(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(Make().get())) == 1);
  texts.client_ca.clear();
  BOOST_TEST(SSL_CTX_get_verify_mode(Make(WithoutCertificate::kRefused).get()) == SSL_VERIFY_NONE);
}

BOOST_AUTO_TEST_CASE(the_certificates_behind_the_servers_own_are_its_chain) {
  texts.certificate += texts.client_ca;
  STACK_OF(X509)* chain = nullptr;
  const auto context = Make();
  SSL_CTX_get0_chain_certs(context.get(), &chain);
  BOOST_TEST(sk_X509_num(chain) == 1);
}

BOOST_AUTO_TEST_CASE(unusable_texts_are_named_and_leave_no_error_behind) {
  const ServerTexts good = texts;
  texts.certificate = "none";
  BOOST_TEST(Error().starts_with("read the certificate"));
  texts = good;
  texts.key = files.Read("foreign.key");
  BOOST_TEST(Error().starts_with("read the key"));
  texts = good;
  texts.client_ca = "none";
  BOOST_TEST(Error().starts_with("read the client CA"));
  BOOST_TEST(ERR_peek_error() == 0u);
}

BOOST_AUTO_TEST_CASE(reads_the_certificates_of_a_text_in_their_order) {
  BOOST_TEST(ReadCertificates("").empty());
  BOOST_TEST(ReadCertificates(texts.key).empty());
  const auto read = ReadCertificates(texts.certificate + "words between\n" + texts.client_ca);
  BOOST_TEST(read.size() == 2u);
  BOOST_TEST(X509_self_signed(read.at(0).get(), 0) == 0);
  BOOST_TEST(X509_self_signed(read.at(1).get(), 0) == 1);
  BOOST_TEST(ERR_peek_error() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::tls
