// SPDX-License-Identifier: Apache-2.0
#include "als/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::als {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

Bio Open(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Certificates of a text, in their order.
std::vector<Certificate> ReadCertificates(const std::string& text) {
  std::vector<Certificate> out;
  const Bio bio = Open(text);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) out.emplace_back(one);
  ERR_clear_error();
  return out;
}

StatusOr<std::string> ReadFile(const char* what, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  if (file.good()) return out.str();
  return absl::InvalidArgumentError(
      fmt::format("read {} \"{}\": no such file, or no right to", what, path));
}

Status UseCertificate(const std::string& text, SSL_CTX* context) {
  auto chain = ReadCertificates(text);
  if (chain.empty() || SSL_CTX_use_certificate(context, chain[0].get()) != 1) {
    return absl::InvalidArgumentError("read the TLS certificate: it is none in PEM");
  }
  for (size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  return absl::OkStatus();
}

Status UseKey(const std::string& text, SSL_CTX* context) {
  // An empty password: OpenSSL would ask for one on the terminal.
  char no_password[] = "";
  const Key key(PEM_read_bio_PrivateKey(Open(text).get(), nullptr, nullptr, no_password));
  const bool fits = key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "read the TLS key: it is none in PEM without a password, or not that of the certificate");
}

Status AskForClients(const std::string& text, SSL_CTX* context) {
  const auto authorities = ReadCertificates(text);
  if (authorities.empty()) {
    return absl::InvalidArgumentError("read the client CA: it has no certificate in PEM");
  }
  for (const auto& authority : authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
    // Tells the client whose certificates are welcome, so that it does not show another one.
    SSL_CTX_add_client_CA(context, authority.get());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
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

struct TlsContext::Texts {
  std::string certificate;
  std::string key;
  std::string client_ca;

  bool operator==(const Texts&) const = default;
};

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
  out->texts_ = std::make_unique<const Texts>(*std::move(texts));
  out->read_at_ = clock->Monotonic();
  return out;
}

StatusOr<TlsContext::Texts> TlsContext::Read(const TlsFiles& files) {
  auto certificate = ReadFile("TLS certificate", files.certificate);
  if (!certificate.ok()) return certificate.status();
  auto key = ReadFile("TLS key", files.key);
  if (!key.ok()) return key.status();
  auto client_ca = ReadFile("client CA", files.client_ca);
  if (!client_ca.ok()) return client_ca.status();
  return Texts{*std::move(certificate), *std::move(key), *std::move(client_ca)};
}

StatusOr<TlsContext::Context> TlsContext::Make(const Texts& texts) {
  Context out(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(out.get(), TLS1_2_VERSION);
  // No resumption: it would carry a client's name over a change of the client CA.
  SSL_CTX_set_options(out.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
  // An idle connection keeps no buffers, and what waits to be written may move in memory.
  SSL_CTX_set_mode(out.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(out.get(), ChooseProtocol, nullptr);
  TT_RETURN_IF_ERROR(UseCertificate(texts.certificate, out.get()));
  TT_RETURN_IF_ERROR(UseKey(texts.key, out.get()));
  if (!texts.client_ca.empty()) TT_RETURN_IF_ERROR(AskForClients(texts.client_ca, out.get()));
  return out;
}

TlsContext::Context TlsContext::Current() {
  absl::MutexLock lock(&mutex_);
  const base::Nanos now = clock_->Monotonic();
  if (now - read_at_ < refresh_) return context_;
  read_at_ = now;
  auto texts = Read(files_);
  if (texts.ok() && *texts == *texts_) return context_;
  // While they are being replaced, one may be new and the other not: the next time both are.
  auto made = texts.ok() ? Make(*texts) : StatusOr<Context>(texts.status());
  if (!made.ok()) {
    log::For("als").warn(
        "the TLS files have changed and do not fit, the former ones stay err=\"{}\"",
        Message(made.status()));
    return context_;
  }
  context_ = *std::move(made);
  texts_ = std::make_unique<const Texts>(*std::move(texts));
  return context_;
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
