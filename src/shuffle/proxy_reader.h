// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/remote_proxies.h"
#include "shuffle/block_cipher.h"
#include "shuffle/proxy_log.h"

namespace traffictap::shuffle {

struct ProxyReaderOptions {
  std::shared_ptr<BlockCipher> cipher;  // null: only plain messages can be read
  size_t proxies_max = 100'000;         // a proxy counts for each receiver that it sends to
  // Of one turn, so that halves are not held up. Turns are few where there is much to do.
  size_t messages_max = 10'000;
  base::Nanos turn_max = 50 * base::kMillisecond;
  base::Nanos retry_wait = 2 * base::kSecond;  // until the log is opened again
  base::Nanos patience = 30 * base::kSecond;  // with a log that is faulty, until it is opened again
  base::Nanos forget_every = 60 * base::kSecond;
};

// Messages that were not taken.
struct ProxyReaderCounters {
  uint64_t broken = 0;   // cannot be read
  uint64_t refused = 0;  // are not encrypted, or were altered
  uint64_t newer = 0;    // of a newer format
  uint64_t no_key = 0;   // encrypted with a key that is not here
  uint64_t no_room = 0;  // of more proxies than are kept

  static void Visit(auto visit, auto&... counters) {
    visit("skipped", "Broken", counters.broken...);
    visit("skipped", "Refused", counters.refused...);
    visit("skipped", "NewerFormat", counters.newer...);
    visit("skipped", "NoKey", counters.no_key...);
    visit("skipped", "NoRoom", counters.no_room...);
  }
};

struct ProxyReaderState {
  Status trouble;         // ok: it reads
  bool begun = false;     // it has read something, if only that there is nothing
  bool complete = false;  // it has read all there was since it was last opened
  size_t proxies = 0;
  ProxyReaderCounters counters;
};

// Tells `proxies` what receivers say of their proxies, in a topic that may be away: then what was said
// stays. Used by one thread, but for state().
class ProxyReader {
 public:
  // All outlive the reader.
  ProxyReader(ProxyReaderOptions options, ProxyLog* log, pairing::RemoteProxies* proxies,
              const base::Clock* clock);

  // Takes what there is, without waiting but for Open.
  void Turn();
  void Close();

  ProxyReaderState state() const;

 private:
  struct Known {
    std::string receiver;
    traffic::NodePtr node;
  };
  bool Opened();
  void Reopen(const Status& why);
  void Fault(const ProxyLogEvent& event);
  void Take(const ProxyLogEvent& event);
  void Skip(const Status& why);
  void Complete();
  void ForgetSilent();
  void Publish();

  const ProxyReaderOptions options_;
  ProxyLog* const log_;
  pairing::RemoteProxies* const proxies_;
  const base::Clock* const clock_;
  std::unordered_map<std::string, Known> known_;  // by key
  ProxyReaderCounters counters_;
  bool open_ = false;
  bool begun_ = false;
  bool complete_ = false;
  base::Nanos open_at_ = 0;  // not before. Monotonic, as all of these
  base::Nanos forget_at_ = 0;
  std::optional<base::Nanos> faulty_since_;
  std::optional<base::Nanos> skip_logged_;
  Status trouble_;

  mutable absl::Mutex mutex_;
  ProxyReaderState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::shuffle
