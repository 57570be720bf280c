// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "tls/server_context.h"

struct ssl_st;  // OpenSSL's SSL

namespace traffictap::als {

// PEM files.
struct TlsFiles {
  std::string certificate;  // the server's, then those that lead to its CA
  std::string key;
  std::string client_ca;  // of those who sign clients, which then must show a certificate; or empty
};

// TLS 1.2 and later for a server of HTTP/2, from files that may be replaced while it runs. Connections keep
// the certificate that they began with; whether their clients may stay is asked again. Thread-safe.
class TlsContext {
 public:
  // Reads the files again for a new connection, where `refresh` has passed since the last time; files
  // that do not fit are logged, and those before stay. kInvalidArgument: a file is missing, cannot
  // be read, or does not fit; only one of certificate and key is given. `clock` outlives this.
  static StatusOr<std::unique_ptr<TlsContext>> Load(const TlsFiles& files, base::Nanos refresh,
                                                    const base::Clock* clock);

  ~TlsContext();

  // The server's end of a new connection over `socket`, which it does not own; SSL_free() it.
  ssl_st* NewConnection(int socket);

  // Another number whenever the client CA was replaced, for which the files are looked at as for a new
  // connection. To be asked for before the connection is made: it then has these authorities, or newer
  // ones.
  uint64_t Authorities();
  // Whether the client CA of now has signed what the client of a connection showed, whose handshake is
  // done; true without a client CA. A certificate that has expired since is as good as it was.
  bool Trusts(ssl_st* connection);

 private:
  using Context = std::shared_ptr<ssl_ctx_st>;
  TlsContext(TlsFiles files, base::Nanos refresh, const base::Clock* clock);
  static StatusOr<tls::ServerTexts> Read(const TlsFiles& files);
  static StatusOr<Context> Make(const tls::ServerTexts& texts);
  Context Current();

  const TlsFiles files_;
  const base::Nanos refresh_;
  const base::Clock* const clock_;
  absl::Mutex mutex_;
  Context context_ ABSL_GUARDED_BY(mutex_);
  tls::ServerTexts texts_ ABSL_GUARDED_BY(mutex_);
  base::Nanos read_at_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t authorities_ ABSL_GUARDED_BY(mutex_) = 1;
};

// The URIs among the alternative names of the certificate that a connection's client has shown and
// that was verified.
std::vector<std::string> VerifiedUris(ssl_st* connection);

}  // namespace traffictap::als
