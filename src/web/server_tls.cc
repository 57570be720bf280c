// SPDX-License-Identifier: Apache-2.0
#include "web/server_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

#include "fmt/format.h"

namespace traffictap::web {
namespace {

namespace ssl = boost::asio::ssl;

Status AskForClients(const std::string& client_ca, ssl::context* context) {
  boost::system::error_code error;
  context->add_certificate_authority(boost::asio::buffer(client_ca), error);
  if (error) {
    return absl::InvalidArgumentError(
        fmt::format("read the client CA: not a PEM certificate ({})", error.message()));
  }
  // Tells the client whose certificates are welcome, so that it does not show another one.
  X509_STORE* store = SSL_CTX_get_cert_store(context->native_handle());
  for (int i = 0; i < sk_X509_OBJECT_num(X509_STORE_get0_objects(store)); ++i) {
    X509* ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(X509_STORE_get0_objects(store), i));
    if (ca != nullptr) SSL_CTX_add_client_CA(context->native_handle(), ca);
  }
  context->set_verify_mode(ssl::verify_peer, error);
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<ssl::context>> MakeContext(const ServerTlsSettings& settings) {
  auto out = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const handle = out->native_handle();
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  // No resumption: it would carry a client's name over a change of the client CA.
  SSL_CTX_set_options(handle, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  boost::system::error_code error;
  out->use_certificate_chain(boost::asio::buffer(settings.certificate), error);
  if (error) {
    return absl::InvalidArgumentError(
        fmt::format("read the certificate: it is none in PEM ({})", error.message()));
  }
  out->use_private_key(boost::asio::buffer(settings.key), ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(handle) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        "read the key: it is none in PEM without a password, or not that of the certificate");
  }
  if (!settings.client_ca.empty()) {
    TT_RETURN_IF_ERROR(AskForClients(settings.client_ca, out.get()));
  }
  return out;
}

}  // namespace

ServerTls::~ServerTls() = default;

StatusOr<std::shared_ptr<ServerTls>> ServerTls::Make(const ServerTlsSettings& settings) {
  std::shared_ptr<ServerTls> out(new ServerTls);
  TT_RETURN_IF_ERROR(out->Set(settings));
  return out;
}

Status ServerTls::Set(const ServerTlsSettings& settings) {
  auto made = MakeContext(settings);
  if (!made.ok()) return made.status();
  absl::MutexLock lock(&mutex_);
  context_ = *std::move(made);
  return absl::OkStatus();
}

std::shared_ptr<ssl::context> ServerTls::context() const {
  absl::MutexLock lock(&mutex_);
  return context_;
}

std::optional<std::string> VerifiedName(ssl_st* connection) {
  X509* const certificate = SSL_get0_peer_certificate(connection);
  if (certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return std::nullopt;
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return std::string();
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return std::string();
  std::string out(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return out;
}

}  // namespace traffictap::web
