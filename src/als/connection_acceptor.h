// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"

namespace traffictap::als {

// The listening sockets of a server, with a thread of their own. Closes a new connection while
// fewer than `descriptors_reserved` descriptors (at most a quarter of the limit) are left for the
// rest of the process, and waits where there are none at all.
class ConnectionAcceptor {
 public:
  // Gets a connection's descriptor, and owns it. Called by the acceptor's thread.
  using Take = std::function<void(int connection)>;

  // `address` is HOST:PORT, the host a name or an address, [IPV6] in brackets; port 0: any.
  // 0.0.0.0 and [::] listen on both families where the machine has them. kInvalidArgument: it
  // cannot be read; kUnavailable: it is taken, or not this machine's.
  static StatusOr<std::unique_ptr<ConnectionAcceptor>> Listen(const std::string& address,
                                                              uint64_t descriptors_reserved);
  ~ConnectionAcceptor();

  void Start(Take take);
  // Closes the listeners; waits for a running Take.
  void Stop();

  int port() const { return port_; }
  // Connections closed at once, to keep descriptors for others.
  uint64_t refused() const { return refused_; }
  // How often it had to wait for a descriptor.
  uint64_t pauses() const { return pauses_; }

 private:
  explicit ConnectionAcceptor(uint64_t descriptors_reserved)
      : descriptors_reserved_(descriptors_reserved) {}
  void Run(const Take& take);
  // False where accept() found no descriptor.
  bool AcceptFrom(int listener, const Take& take);

  const uint64_t descriptors_reserved_;
  std::vector<int> listeners_;
  int port_ = 0;
  int wake_ = -1;  // an eventfd: readable when it shall stop
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> pauses_{0};
  std::jthread thread_;
};

}  // namespace traffictap::als
