// SPDX-License-Identifier: Apache-2.0
#include "rpc/credentials.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>
#include <fstream>

#include "fmt/format.h"
#include "rpc/callback_threads.h"

namespace traffictap::rpc {
namespace {

constexpr unsigned kRefreshSeconds = 60;

Status CheckReadable(const char* what, const std::string& path) {
  if (path.empty() || std::ifstream(path).good()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("read {} \"{}\": no such file, or no right to", what, path));
}

}  // namespace

StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const ServerTlsFiles& files) {
  KeepCallbackThreads();
  if (files.certificate.empty() != files.key.empty()) {
    return absl::InvalidArgumentError("TLS needs both a certificate and its key");
  }
  if (files.certificate.empty()) {
    if (files.client_ca.empty()) return grpc::InsecureServerCredentials();
    return absl::InvalidArgumentError("a client CA needs a certificate and a key as well");
  }
  TT_RETURN_IF_ERROR(CheckReadable("TLS certificate", files.certificate));
  TT_RETURN_IF_ERROR(CheckReadable("TLS key", files.key));
  TT_RETURN_IF_ERROR(CheckReadable("client CA", files.client_ca));
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.client_ca, kRefreshSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (!files.client_ca.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentials(
    const ClientTlsFiles& files) {
  KeepCallbackThreads();
  if (files.certificate.empty() != files.key.empty()) {
    return absl::InvalidArgumentError("TLS needs both a certificate and its key");
  }
  if (files.ca.empty()) {
    if (files.certificate.empty()) return grpc::InsecureChannelCredentials();
    return absl::InvalidArgumentError("a client certificate needs the server's CA as well");
  }
  TT_RETURN_IF_ERROR(CheckReadable("server CA", files.ca));
  TT_RETURN_IF_ERROR(CheckReadable("TLS certificate", files.certificate));
  TT_RETURN_IF_ERROR(CheckReadable("TLS key", files.key));
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.ca, kRefreshSeconds);
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider);
  options.watch_root_certs();
  if (!files.certificate.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

std::string SystemAuthorities() {
  constexpr const char* kPlaces[] = {"/etc/ssl/certs/ca-certificates.crt",
                                     "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
  if (const char* chosen = std::getenv("SSL_CERT_FILE")) return chosen;
  for (const char* place : kPlaces) {
    if (std::ifstream(place).good()) return place;
  }
  return kPlaces[0];
}

}  // namespace traffictap::rpc
