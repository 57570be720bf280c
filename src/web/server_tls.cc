// SPDX-License-Identifier: Apache-2.0
#include "web/server_tls.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

namespace traffictap::web {
namespace {

namespace ssl = boost::asio::ssl;

StatusOr<std::shared_ptr<ssl::context>> MakeContext(const tls::ServerTexts& texts) {
  auto made = tls::MakeServerContext(texts, tls::WithoutCertificate::kServed);
  if (!made.ok()) return made.status();
  SSL_CTX_up_ref(made->get());  // Asio frees what it is given
  return std::make_shared<ssl::context>(made->get());
}

}  // namespace

ServerTls::~ServerTls() = default;

StatusOr<std::shared_ptr<ServerTls>> ServerTls::Make(const tls::ServerTexts& texts) {
  std::shared_ptr<ServerTls> out(new ServerTls);
  TT_RETURN_IF_ERROR(out->Set(texts));
  return out;
}

Status ServerTls::Set(const tls::ServerTexts& texts) {
  auto made = MakeContext(texts);
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
