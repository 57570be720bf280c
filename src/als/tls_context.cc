// SPDX-License-Identifier: Apache-2.0
#include "als/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "base/log.h"
#include "base/text_file.h"
#include "fmt/format.h"
#include "tls/certificates.h"

namespace traffictap::als {
namespace {

using Verification = std::unique_ptr<X509_STORE_CTX, tls::FreeBy<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, tls::FreeBy<GENERAL_NAMES_free>>;

constexpr size_t kFileBytesMax = 1 << 20;

StatusOr<std::string> ReadFile(const char* what, const std::string& path) {
  if (path.empty()) return std::string();
  auto text = base::ReadTextFile(path, kFileBytesMax);
  if (text.ok()) return text;
  return absl::InvalidArgumentError(fmt::format("{}: {}", what, Message(text.status())));
}

// RFC 7301: a client that names protocols must name HTTP/2.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                   unsigned int in_size, void*) {
  static constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), size, kHttp2,
                                          sizeof kHttp2, in, in_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsContext::TlsContext(TlsFiles files, base::Nanos refresh, const base::Clock* clock)
    : files_(std::move(files)), refresh_(refresh), clock_(clock) {}

TlsContext::~TlsContext() = default;

StatusOr<std::unique_ptr<TlsContext>> TlsContext::Load(const TlsFiles& files, base::Nanos refresh,
                                                       const base::Clock* clock) {
  if (files.certificate.empty() || files.key.empty()) {
    return absl::InvalidArgumentError("TLS needs both a certificate and its key");
  }
  auto texts = Read(files);
  if (!texts.ok()) return texts.status();
  auto made = Make(*texts);
  if (!made.ok()) return made.status();
  std::unique_ptr<TlsContext> out(new TlsContext(files, refresh, clock));
  absl::MutexLock lock(&out->mutex_);
  out->context_ = *std::move(made);
  out->texts_ = *std::move(texts);
  out->read_at_ = clock->Monotonic();
  return out;
}

StatusOr<tls::ServerTexts> TlsContext::Read(const TlsFiles& files) {
  auto certificate = ReadFile("TLS certificate", files.certificate);
  if (!certificate.ok()) return certificate.status();
  auto key = ReadFile("TLS key", files.key);
  if (!key.ok()) return key.status();
  auto client_ca = ReadFile("client CA", files.client_ca);
  if (!client_ca.ok()) return client_ca.status();
  return tls::ServerTexts{*std::move(certificate), *std::move(key), *std::move(client_ca)};
}

StatusOr<TlsContext::Context> TlsContext::Make(const tls::ServerTexts& texts) {
  auto out = tls::MakeServerContext(texts, tls::WithoutCertificate::kRefused);
  if (!out.ok()) return out;
  SSL_CTX_set_alpn_select_cb(out->get(), ChooseProtocol, nullptr);
  // Or each record is read from the socket by two calls, its head and the rest.
  SSL_CTX_set_read_ahead(out->get(), 1);
  return out;
}

TlsContext::Context TlsContext::Current() {
  absl::MutexLock lock(&mutex_);
  const base::Nanos now = clock_->Monotonic();
  if (now - read_at_ < refresh_) return context_;
  read_at_ = now;
  auto texts = Read(files_);
  if (texts.ok() && *texts == texts_) return context_;
  // While they are being replaced, one may be new and the other not: the next time both are.
  auto made = texts.ok() ? Make(*texts) : StatusOr<Context>(texts.status());
  if (!made.ok()) {
    log::For("als").warn(
        "the TLS files have changed and do not fit, the former ones stay err=\"{}\"",
        Message(made.status()));
    return context_;
  }
  if (texts->client_ca != texts_.client_ca) ++authorities_;
  context_ = *std::move(made);
  texts_ = *std::move(texts);
  return context_;
}

uint64_t TlsContext::Authorities() {
  Current();
  absl::MutexLock lock(&mutex_);
  return authorities_;
}

bool TlsContext::Trusts(ssl_st* connection) {
  const Context context = Current();
  if (SSL_CTX_get_verify_mode(context.get()) == SSL_VERIFY_NONE) return true;
  X509* const shown = SSL_get0_peer_certificate(connection);
  if (shown == nullptr) return false;
  const Verification verification(X509_STORE_CTX_new());
  TT_CHECK(verification != nullptr);
  bool trusted = X509_STORE_CTX_init(verification.get(), SSL_CTX_get_cert_store(context.get()),
                                     shown, SSL_get_peer_cert_chain(connection)) == 1 &&
                 X509_STORE_CTX_set_default(verification.get(), "ssl_client") == 1;
  if (trusted) {
    X509_STORE_CTX_set_flags(verification.get(), X509_V_FLAG_NO_CHECK_TIME);
    trusted = X509_verify_cert(verification.get()) == 1;
  }
  ERR_clear_error();
  return trusted;
}

ssl_st* TlsContext::NewConnection(int socket) {
  SSL* const out = SSL_new(Current().get());
  TT_CHECK(out != nullptr);
  SSL_set_fd(out, socket);
  SSL_set_accept_state(out);
  return out;
}

std::vector<std::string> VerifiedUris(ssl_st* connection) {
  std::vector<std::string> out;
  X509* const shown = SSL_get0_peer_certificate(connection);
  if (shown == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return out;
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(shown, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_STRING* const uri = name->d.uniformResourceIdentifier;
    out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                     static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return out;
}

}  // namespace traffictap::als
