// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace traffictap::tls {

// PEM texts.
struct ServerTexts {
  std::string certificate;  // the server's, then those that lead to its CA
  std::string key;          // without a password
  std::string client_ca;    // of those who sign clients; empty: clients are not asked

  bool operator==(const ServerTexts&) const = default;
};

// Of a client that shows no certificate, where there is a client CA. One that shows the certificate
// of another CA is always broken off.
enum class WithoutCertificate { kServed, kRefused };

// TLS 1.2 and later, without resumption and renegotiation. kInvalidArgument: a text cannot be used, or
// the key is not the certificate's; the message begins with "read the certificate", "read the key"
// or "read the client CA".
StatusOr<std::shared_ptr<ssl_ctx_st>> MakeServerContext(const ServerTexts& texts,
                                                        WithoutCertificate without_certificate);

}  // namespace traffictap::tls
