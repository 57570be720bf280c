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
#include "fanin/expected_pairers.h"
#include "fanin/missing.h"
#include "fanin/pairer_client.h"

namespace traffictap::fanin {

struct PairerDirectoryOptions {
  std::vector<std::string> addresses;  // HOST:PORT, of pairers that are there whatever DNS says
  std::string name;                    // NAME:PORT, whose addresses are pairers; empty: none
  base::Nanos resolve_interval = 5 * base::kSecond;
  // How long a pairer counts that the name does not resolve to any more: one that restarts is missing
  // for that long, and one that was taken away is forgotten after it. Where it is known who is to be
  // there, nobody has to be remembered.
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
  std::string name = {};  // empty: not known

  // What people call it.
  const std::string& label() const { return name.empty() ? address : name; }
};

// All pairers at one moment.
struct KnownPairers {
  std::vector<Pairer> pairers = {};  // in the order of their addresses
  std::vector<Missing> absent = {};  // those that there are to be and nobody can ask, by name
  uint64_t version = 0;              // another one whenever one of these is another
};

// The pairers that a reader asks: those that are listed, and those that a name resolves to or a
// StatefulSet has, which is looked up again all the time. A look that fails changes nothing.
// Thread-safe.
class PairerDirectory {
 public:
  // `expect` takes the place of the name, and tells who is missing too; null: nobody knows. `clock`
  // outlives it. Looks nothing up before Start.
  PairerDirectory(PairerDirectoryOptions options, ResolveName resolve, ConnectPairer connect,
                  const base::Clock* clock, ExpectPairers expect = nullptr);

  // Looks up now and then, on a thread of its own.
  void Start();
  // Looks up now; by the thread, or by a test.
  void Refresh();

  KnownPairers known() const;
  // As known() has them.
  std::vector<Pairer> pairers() const { return known().pairers; }
  uint64_t version() const;
  // Whether all pairers that can be known are: a look has succeeded, or there is nothing to look up.
  bool resolved() const;

 private:
  struct Known {
    PairerClientPtr client;
    bool listed = false;
    base::Nanos seen = 0;  // monotonic, when it was last looked up
    std::string name;
  };
  // What a look has found.
  struct Found {
    std::map<std::string, std::string> names;  // by address; empty: not known
    std::vector<Missing> absent;
  };
  bool LooksUp() const { return expect_ || !options_.name.empty(); }
  void Run(const std::stop_token& stop);
  StatusOr<Found> Look() const;
  void Learn(const std::string& address, const std::string& name, bool listed, base::Nanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(base::Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PairerDirectoryOptions options_;
  const ResolveName resolve_;
  const ConnectPairer connect_;
  const base::Clock* const clock_;
  const ExpectPairers expect_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);
  std::vector<Missing> absent_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool resolved_ ABSL_GUARDED_BY(mutex_) = false;
  std::string told_ ABSL_GUARDED_BY(mutex_);  // the last failure, as logged
  std::jthread thread_;                       // the last member: the others outlive it
};

}  // namespace traffictap::fanin
