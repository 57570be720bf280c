// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "tls/server_context.h"

namespace boost::asio::ssl {
class context;
}
struct ssl_st;  // OpenSSL's SSL

namespace traffictap::web {

// TLS for a server of HTTP. A client that shows no certificate is served without a name. Connections
// keep what they began with; new ones begin with what was set last. Thread-safe.
class ServerTls {
 public:
  // kInvalidArgument: a text cannot be used, or the key is not the certificate's.
  static StatusOr<std::shared_ptr<ServerTls>> Make(const tls::ServerTexts& texts);
  ~ServerTls();

  // As Make; after an error the old settings go on.
  Status Set(const tls::ServerTexts& texts);

  // What a new connection begins with.
  std::shared_ptr<boost::asio::ssl::context> context() const;

 private:
  ServerTls() = default;
  mutable absl::Mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_ ABSL_GUARDED_BY(mutex_);
};

// The common name of the certificate that the client of a connection has shown; none where it has
// shown none.
std::optional<std::string> VerifiedName(ssl_st* connection);

}  // namespace traffictap::web
