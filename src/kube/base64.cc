// SPDX-License-Identifier: Apache-2.0
#include "kube/base64.h"

#include <memory>

#include "openssl/evp.h"

namespace traffictap::kube {

std::optional<std::string> DecodeBase64(const std::string& text) {
  const std::unique_ptr<EVP_ENCODE_CTX, decltype(&EVP_ENCODE_CTX_free)> context(
      EVP_ENCODE_CTX_new(), EVP_ENCODE_CTX_free);
  std::string out(text.size() + 3, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  int written = 0;
  int rest = 0;
  EVP_DecodeInit(context.get());
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DecodeUpdate(context.get(), bytes, &written, in, static_cast<int>(text.size())) < 0 ||
      EVP_DecodeFinal(context.get(), bytes + written, &rest) < 0) {
    return std::nullopt;
  }
  out.resize(static_cast<size_t>(written + rest));
  return out;
}

std::string EncodeBase64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

}  // namespace traffictap::kube
