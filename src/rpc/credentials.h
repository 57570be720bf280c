// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace traffictap::rpc {

// PEM files. Neither certificate nor key: plain text. With client_ca clients must show a
// certificate signed by it.
struct ServerTlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;
};

// PEM files. No ca: plain text. With certificate and key the client shows them.
struct ClientTlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Both read the files again whenever they change (once a minute), so that rotated certificates need
// no restart. kInvalidArgument: a file is missing, cannot be read, or only one of certificate and
// key is given.
StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const ServerTlsFiles& files);
StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentials(const ClientTlsFiles& files);

// The PEM file of the authorities that this system trusts: $SSL_CERT_FILE, or where distributions
// have it; Debian's place where none is there.
std::string SystemAuthorities();

}  // namespace traffictap::rpc
