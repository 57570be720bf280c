// SPDX-License-Identifier: Apache-2.0
#include "apiserver/ca_bundle.h"

#include <openssl/pem.h>

#include <algorithm>

#include "tls/certificates.h"

namespace traffictap::apiserver {
namespace {

using tls::Certificate;

std::string Pem(X509* certificate) {
  const tls::Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1) return {};
  return tls::TextOf(memory.get());
}

bool SameName(const X509* a, const X509* b) {
  return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0;
}

bool ExpiresLater(const Certificate& a, const Certificate& b) {
  return ASN1_TIME_compare(X509_get0_notAfter(a.get()), X509_get0_notAfter(b.get())) > 0;
}

}  // namespace

std::string MergeCaBundle(const std::string& bundle, const std::string& own, base::Nanos now) {
  const auto mine = tls::ReadCertificates(own);
  if (mine.empty()) return own;
  auto others = tls::ReadCertificates(bundle);
  time_t seconds = now / base::kSecond;
  std::erase_if(others, [&](const Certificate& other) {
    return !SameName(other.get(), mine[0].get()) || X509_cmp(other.get(), mine[0].get()) == 0 ||
           X509_cmp_time(X509_get0_notAfter(other.get()), &seconds) <= 0;
  });
  std::sort(others.begin(), others.end(), ExpiresLater);
  std::string out = own;
  for (size_t i = 0; i < std::min(others.size(), kEarlierMax); ++i) out += Pem(others[i].get());
  return out;
}

}  // namespace traffictap::apiserver
