// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace traffictap::tls {

// Owns what one of OpenSSL's functions frees.
template <auto free>
struct FreeBy {
  template <typename T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, FreeBy<BIO_free>>;

// Reads from `text`, which outlives it.
Memory ReadFrom(const std::string& text);

// What has been written into `memory`.
std::string TextOf(BIO* memory);

// The certificates of a text in PEM, in their order; it ends at the first that is none.
std::vector<Certificate> ReadCertificates(const std::string& text);

}  // namespace traffictap::tls
