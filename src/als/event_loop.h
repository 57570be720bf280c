// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "als/connection.h"
#include "als/mailbox.h"
#include "als/tls_context.h"
#include "base/clock.h"
#include "base/status.h"

namespace traffictap::als {

// One thread with its part of a server's connections. Thread-safe.
class EventLoop {
 public:
  // `shared`, `tls` (null: plain text) and `clock` outlive the loop. kUnavailable: no descriptor is
  // left.
  static StatusOr<std::unique_ptr<EventLoop>> Start(const Connection::Shared* shared,
                                                    TlsContext* tls, const base::Clock* clock);
  // Closes what is left; streams end as broken.
  ~EventLoop();

  // Serves a connection, whose descriptor is the loop's from now on.
  void Add(int socket);
  // How many it has, with those that are on their way to it.
  size_t connections() const { return connections_; }

  // Takes no more connections and streams, and ends paused streams.
  void Drain();
  // After Drain: waits until all streams, or all connections, have ended; false where they had not
  // by `deadline`.
  bool WaitForStreams(absl::Time deadline);
  bool WaitForConnections(absl::Time deadline);

 private:
  EventLoop(const Connection::Shared* shared, TlsContext* tls, const base::Clock* clock,
            std::shared_ptr<Mailbox> mailbox, int epoll);
  void Run();
  void Turn(int timeout_ms);
  int TimeoutMs() const;
  void Sweep();
  void CloseDistrusted();
  void Open(int socket);
  void DrainAll();
  // Calls `act` with a connection, which goes where it returns false; none where it is gone.
  template <typename Act>
  void With(uint64_t id, Act act);
  void Publish();

  struct Served {
    std::unique_ptr<Connection> connection;
    int socket = -1;
    uint32_t events = 0;       // what epoll waits for
    uint64_t authorities = 0;  // that its client was found to be of: TlsContext::Authorities
  };

  const Connection::Shared* const shared_;
  TlsContext* const tls_;
  const base::Clock* const clock_;
  const std::shared_ptr<Mailbox> mailbox_;
  const int epoll_;
  std::atomic<size_t> connections_{0};
  // Of the loop's thread alone.
  std::unordered_map<uint64_t, Served> served_;
  uint64_t last_id_ = 0;  // 0 is the mailbox
  size_t streams_ = 0;
  base::Nanos swept_at_ = 0;
  base::Nanos sweep_every_ = 0;
  bool stop_ = false;
  bool draining_ = false;
  IoBuffers buffers_;
  // What Drain is waited for with.
  absl::Mutex mutex_;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  size_t streams_left_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t connections_left_ ABSL_GUARDED_BY(mutex_) = 0;
  std::jthread thread_;
};

}  // namespace traffictap::als
