#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace grpc {
class ServerCredentials;
}

namespace traffictap::rpc {

// PEM files. Neither certificate nor key: plain text. With client_ca clients must show a
// certificate signed by it.
struct ServerTlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;
};

// Reads the files again whenever they change (once a minute), so that rotated certificates need no
// restart. kInvalidArgument: a file is missing, cannot be read, or only one of certificate and key
// is given.
StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const ServerTlsFiles& files);

}  // namespace traffictap::rpc
