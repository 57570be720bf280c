// SPDX-License-Identifier: Apache-2.0
#include "apiserver/serving_certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "web/server_tls.h"

namespace traffictap {

using apiserver::MakeServingCertificate;
using apiserver::ServiceDnsNames;

BOOST_AUTO_TEST_SUITE(serving_certificate)

BOOST_AUTO_TEST_CASE(it_is_a_servers_for_the_services_names_and_for_its_lifetime) {
  const base::Nanos now = 1'700'000'000 * base::kSecond;
  const auto made =
      MakeServingCertificate(ServiceDnsNames("tap.system").value(), now, 3600 * base::kSecond)
          .value();
  BOOST_TEST(made.expires == now + 3600 * base::kSecond);
  BIO* text = BIO_new_mem_buf(made.certificate.data(), static_cast<int>(made.certificate.size()));
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text, nullptr, nullptr, nullptr), &X509_free);
  BIO_free(text);
  BOOST_REQUIRE(certificate);
  for (const char* name : {"tap.system.svc", "tap.system.svc.cluster.local"}) {
    BOOST_TEST(X509_check_host(certificate.get(), name, 0, 0, nullptr) == 1, name);
  }
  BOOST_TEST(X509_check_host(certificate.get(), "other.system.svc", 0, 0, nullptr) == 0);
  BOOST_TEST(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_SERVER, 0) == 1);
  BOOST_TEST(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) == 0);
  BOOST_TEST(X509_check_ca(certificate.get()) == 0);
  time_t ends = (now + 3600 * base::kSecond) / base::kSecond;
  time_t begins = now / base::kSecond;
  BOOST_TEST(ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate.get()), ends) == 0);
  BOOST_TEST(ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate.get()), begins) < 0);
}

BOOST_AUTO_TEST_CASE(a_server_can_use_it_and_each_is_another) {
  const auto first = MakeServingCertificate({"a"}, 0, base::kSecond).value();
  const auto second = MakeServingCertificate({"a"}, 0, base::kSecond).value();
  BOOST_TEST(web::ServerTls::Make({first.certificate, first.key, ""}).ok());
  BOOST_TEST(first.certificate != second.certificate);
  BOOST_TEST(first.key != second.key);
}

BOOST_AUTO_TEST_CASE(a_service_is_a_name_and_a_namespace) {
  BOOST_TEST(ServiceDnsNames("tap.system").value()[0] == "tap.system.svc");
  for (const char* bad :
       {"", "tap", ".system", "tap.", "tap.system.svc", "Tap.system", "a b.c", "a,DNS:evil.b"}) {
    BOOST_TEST(Message(ServiceDnsNames(bad).status()).starts_with("--api-service"), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
