// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "als/connection.h"
#include "als/grpc_session.h"
#include "als/identity_gate.h"
#include "als/zone_table.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "traffic/entry_consumer.h"

namespace traffictap::als {

struct AlsServerOptions {
  std::string address = "127.0.0.1:9001";  // host:port; port 0: any
  // TLS: both files, or neither. With client_ca_file clients must show a certificate of it.
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;
  // Who may speak for which proxy. kCertificate needs client_ca_file.
  IdentityOptions identity;
  uint64_t descriptors_reserved = 256;  // that connections leave to the rest of the process
  SessionLimits limits;
  ConnectionTimes times;
  // A stream that is older ends right after a message, so that its proxy opens another, perhaps elsewhere; 0: never.
  base::Nanos stream_age_max = 0;
  int threads = 0;  // event loops; 0: one for each core, at most 16
};

// envoy.service.accesslog.v3.AccessLogService. Streams share a fixed number of threads.
class AlsServer {
 public:
  // Listens at once. kUnavailable: the address is taken; kInvalidArgument: an address that cannot
  // be read, bad TLS files, or an identity that they cannot tell.
  // `consumer`, `zones` and `ages` outlive the server, which outlives `metrics`' scrapes. `zones` may be null;
  // so may `ages`, by which streams grow old: then by the process's clock.
  static StatusOr<std::unique_ptr<AlsServer>> Start(const AlsServerOptions& options,
                                                    traffic::EntryConsumer* consumer,
                                                    base::MetricsRegistry* metrics,
                                                    const ZoneTable* zones = nullptr,
                                                    const base::Clock* ages = nullptr);
  ~AlsServer();

  // The port in use.
  int port() const;
  // Tells clients to go (GOAWAY), reads on for `read_on`, then ends what is left. Returns when all
  // streams ended. With `move` each ends as soon as a message of it has come, for where there are others to go to.
  void Stop(base::Nanos read_on, bool move = false);

 private:
  AlsServer(const AlsServerOptions& options, traffic::EntryConsumer* consumer,
            const ZoneTable* zones, const base::Clock* ages);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::als
