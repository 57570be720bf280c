// SPDX-License-Identifier: Apache-2.0
#include "apiserver/serving_certificate.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tls/certificates.h"

namespace traffictap::apiserver {
namespace {

constexpr base::Nanos kClockDifference = 300 * base::kSecond;
constexpr size_t kCommonNameMax = 64;  // X.520 ub-common-name
constexpr size_t kLabelMax = 63;       // RFC 1123

using tls::Certificate;
using Extension = std::unique_ptr<X509_EXTENSION, tls::FreeBy<X509_EXTENSION_free>>;

bool AddExtension(X509* certificate, int nid, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetNames(X509* certificate, const std::vector<std::string>& dns_names) {
  X509_NAME* const name = X509_get_subject_name(certificate);
  const std::string common = dns_names[0].substr(0, kCommonNameMax);
  const bool named =
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common.data()),
                                 static_cast<int>(common.size()), -1, 0) == 1 &&
      X509_set_issuer_name(certificate, name) == 1;
  const std::string alternatives = fmt::format("DNS:{}", fmt::join(dns_names, ",DNS:"));
  return named && AddExtension(certificate, NID_subject_alt_name, alternatives) &&
         AddExtension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         AddExtension(certificate, NID_key_usage, "critical,digitalSignature") &&
         AddExtension(certificate, NID_ext_key_usage, "serverAuth");
}

bool SetSerial(X509* certificate) {
  unsigned char random[8] = {};
  if (RAND_bytes(random, sizeof(random)) != 1) return false;
  uint64_t serial = 0;
  for (const unsigned char byte : random) serial = serial << 8 | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1;
}

Certificate Sign(EVP_PKEY* key, const std::vector<std::string>& dns_names, base::Nanos begins,
                 base::Nanos expires) {
  Certificate out(X509_new());
  const bool good = out && X509_set_version(out.get(), X509_VERSION_3) == 1 &&
                    SetSerial(out.get()) &&
                    ASN1_TIME_set(X509_getm_notBefore(out.get()), begins / base::kSecond) &&
                    ASN1_TIME_set(X509_getm_notAfter(out.get()), expires / base::kSecond) &&
                    X509_set_pubkey(out.get(), key) == 1 && SetNames(out.get(), dns_names) &&
                    X509_sign(out.get(), key, EVP_sha256()) > 0;
  return good ? std::move(out) : nullptr;
}

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kLabelMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

StatusOr<ServingCertificate> MakeServingCertificate(const std::vector<std::string>& dns_names,
                                                    base::Nanos now, base::Nanos lifetime) {
  const auto failed = absl::UnavailableError("make a serving certificate: OpenSSL fails");
  const tls::Key key(EVP_EC_gen("P-256"));
  if (!key || dns_names.empty()) return failed;
  ServingCertificate out;
  out.expires = now + lifetime;
  const auto certificate = Sign(key.get(), dns_names, now - kClockDifference, out.expires);
  const tls::Memory certificate_text(BIO_new(BIO_s_mem()));
  const tls::Memory key_text(BIO_new(BIO_s_secmem()));
  if (!certificate || !certificate_text || !key_text ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return failed;
  }
  out.certificate = tls::TextOf(certificate_text.get());
  out.key = tls::TextOf(key_text.get());
  return out;
}

StatusOr<std::vector<std::string>> ServiceDnsNames(const std::string& service) {
  const size_t dot = service.find('.');
  const std::string name = service.substr(0, dot);
  const std::string ns = dot == std::string::npos ? "" : service.substr(dot + 1);
  if (!IsLabel(name) || !IsLabel(ns)) {
    return absl::InvalidArgumentError(
        fmt::format("--api-service \"{}\": use the NAME.NAMESPACE of the Service that leads here, "
                    "for example traffictap-collector.traffictap-system",
                    service));
  }
  const std::string base = fmt::format("{}.{}", name, ns);
  return std::vector<std::string>{base + ".svc", base + ".svc.cluster.local", base};
}

}  // namespace traffictap::apiserver
