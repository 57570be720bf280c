// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "als/access_log_stream.h"
#include "als/grpc_session.h"
#include "als/transport.h"
#include "base/clock.h"

namespace traffictap::als {

struct ConnectionTimes {
  base::Nanos handshake_timeout = 5 * base::kSecond;      // until the client's first SETTINGS
  base::Nanos connection_idle_max = 600 * base::kSecond;  // of connections without a stream
  base::Nanos keepalive_time = 20 * base::kSecond;        // without a byte: then a PING
  base::Nanos keepalive_timeout = 5 * base::kSecond;      // and no answer: then it is closed
  base::Nanos linger = base::kSecond;                     // for a client to close its end
  base::Nanos certificate_refresh = 60 * base::kSecond;   // of TlsContext
};

// What the connections of one loop share: memory for what is read and written meanwhile.
struct IoBuffers {
  std::vector<char> in = std::vector<char>(size_t{128} << 10);
  std::string out;
};

// One proxy's connection: its bytes into a session, the session's bytes out. A peer that does not
// read is not read from either. Of one loop's thread; each call that returns false says that the
// connection is to be destroyed, which closes it.
class Connection {
 public:
  // What all connections of a server have in common; outlives them.
  struct Shared {
    SessionLimits limits;
    ConnectionTimes times;
    KeptBytes* kept;
    AccessLogStream::Shared streams;
  };

  // `resume` is called by any thread, also after the connection is gone, and has its loop call
  // Resume.
  Connection(std::unique_ptr<Transport> transport, const Shared* shared,
             std::function<void(int32_t stream)> resume, base::Nanos now);

  // The socket may be read or written.
  bool OnReady(IoBuffers* buffers, base::Nanos now);
  // Some time has passed.
  bool OnTime(IoBuffers* buffers, base::Nanos now);
  bool Resume(int32_t stream, IoBuffers* buffers, base::Nanos now);
  // GrpcSession::Drain.
  bool Drain(IoBuffers* buffers, base::Nanos now);

  bool wants_read() const;
  bool wants_write() const;
  size_t streams() const { return session_.streams(); }
  const Transport& transport() const { return *transport_; }

 private:
  StatusOr<std::unique_ptr<StreamHandler>> OpenStream(int32_t stream, const GrpcRequest& request);
  bool ReadAll(IoBuffers* buffers, base::Nanos now);
  bool Discard(IoBuffers* buffers);
  bool Send(IoBuffers* buffers, base::Nanos now);
  bool WriteOut(std::string* bytes);

  const Shared* const shared_;
  const std::unique_ptr<Transport> transport_;
  const std::function<void(int32_t)> resume_;
  GrpcSession session_;
  std::string unsent_;
  const base::Nanos opened_;
  base::Nanos read_at_;        // a byte came
  base::Nanos in_use_at_;      // it had a stream
  base::Nanos pinged_at_ = 0;  // and no byte came since; 0: not asked
  base::Nanos forgiven_at_;
  base::Nanos lingers_since_ = 0;  // all is said; 0: not yet
};

}  // namespace traffictap::als
