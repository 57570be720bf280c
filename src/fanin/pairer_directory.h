// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "fanin/pairer_client.h"

namespace traffictap::fanin {

struct PairerDirectoryOptions {
  std::vector<std::string> addresses;  // HOST:PORT, of pairers that are there whatever DNS says
  std::string name;                    // NAME:PORT, whose addresses are pairers; empty: none
  base::Nanos resolve_interval = 5 * base::kSecond;
  // How long a pairer counts that the name does not resolve to any more: one that restarts is missing
  // for that long, and one that was taken away is forgotten after it.
  base::Nanos forget_after = 30 * base::kSecond;
};

// All addresses of NAME:PORT, as IP:PORT with IPv6 in brackets. May block for seconds.
using ResolveName = std::function<StatusOr<std::vector<std::string>>(const std::string& name)>;
StatusOr<std::vector<std::string>> ResolveByDns(const std::string& name);

// OK where `address` is HOST:PORT; otherwise what is wrong with it.
Status CheckPairerAddress(const std::string& address);

struct Pairer {
  std::string address;
  PairerClientPtr client;
};

// The pairers that a reader asks: those that are listed, and those that a name resolves to, which is
// looked up again all the time. A name that does not resolve changes nothing. Thread-safe.
class PairerDirectory {
 public:
  // `clock` outlives it. Looks nothing up before Start.
  PairerDirectory(PairerDirectoryOptions options, ResolveName resolve, ConnectPairer connect,
                  const base::Clock* clock);

  // Looks up now and then, on a thread of its own.
  void Start();
  // Looks up now; by the thread, or by a test.
  void Refresh();

  // In the order of their addresses.
  std::vector<Pairer> pairers() const;
  // Another one whenever the pairers are others.
  uint64_t version() const;
  // Whether all pairers that can be known are: the name was resolved, or there is none.
  bool resolved() const;

 private:
  struct Known {
    PairerClientPtr client;
    bool listed = false;
    base::Nanos seen = 0;  // monotonic, when the name last resolved to it
  };
  void Run(const std::stop_token& stop);
  void Learn(const std::string& address, bool listed, base::Nanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(base::Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PairerDirectoryOptions options_;
  const ResolveName resolve_;
  const ConnectPairer connect_;
  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool resolved_ ABSL_GUARDED_BY(mutex_) = false;
  std::string told_ ABSL_GUARDED_BY(mutex_);  // the last failure, as logged
  std::jthread thread_;                       // the last member: the others outlive it
};

}  // namespace traffictap::fanin
