// SPDX-License-Identifier: Apache-2.0
#include "tls/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace traffictap::tls {

Memory ReadFrom(const std::string& text) {
  return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TextOf(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return std::string(text, static_cast<size_t>(size));
}

std::vector<Certificate> ReadCertificates(const std::string& text) {
  std::vector<Certificate> out;
  const Memory memory = ReadFrom(text);
  while (X509* next = PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)) {
    out.emplace_back(next);
  }
  // The end of the text is an error too. Whoever asks OpenSSL next must not find it.
  ERR_clear_error();
  return out;
}

}  // namespace traffictap::tls
