// SPDX-License-Identifier: Apache-2.0
#include "tls/server_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "tls/certificates.h"

namespace traffictap::tls {
namespace {

Status UseCertificate(const std::string& text, SSL_CTX* context) {
  const auto chain = ReadCertificates(text);
  if (chain.empty() || SSL_CTX_use_certificate(context, chain[0].get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("read the certificate: it is none in PEM");
  }
  for (size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  return absl::OkStatus();
}

Status UseKey(const std::string& text, SSL_CTX* context) {
  // An empty password: OpenSSL would ask for one on the terminal.
  char no_password[] = "";
  const Key key(PEM_read_bio_PrivateKey(ReadFrom(text).get(), nullptr, nullptr, no_password));
  const bool fits = key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "read the key: it is none in PEM without a password, or not that of the certificate");
}

Status AskForClients(const std::string& text, int verify, SSL_CTX* context) {
  const auto authorities = ReadCertificates(text);
  if (authorities.empty()) {
    return absl::InvalidArgumentError("read the client CA: it has no certificate in PEM");
  }
  for (const auto& authority : authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
    // Tells the client whose certificates are welcome, so that it does not show another one.
    SSL_CTX_add_client_CA(context, authority.get());
  }
  SSL_CTX_set_verify(context, verify, nullptr);
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::shared_ptr<ssl_ctx_st>> MakeServerContext(const ServerTexts& texts,
                                                        WithoutCertificate without_certificate) {
  const std::shared_ptr<SSL_CTX> out(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  TT_CHECK(out != nullptr);
  SSL_CTX_set_min_proto_version(out.get(), TLS1_2_VERSION);
  // No resumption: it would carry a client's name over a change of the client CA.
  SSL_CTX_set_options(out.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
  // An idle connection keeps no buffers, and what waits to be written may move in memory.
  SSL_CTX_set_mode(out.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  TT_RETURN_IF_ERROR(UseCertificate(texts.certificate, out.get()));
  TT_RETURN_IF_ERROR(UseKey(texts.key, out.get()));
  if (texts.client_ca.empty()) return out;
  const bool refused = without_certificate == WithoutCertificate::kRefused;
  TT_RETURN_IF_ERROR(
      AskForClients(texts.client_ca,
                    SSL_VERIFY_PEER | (refused ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), out.get()));
  return out;
}

}  // namespace traffictap::tls
