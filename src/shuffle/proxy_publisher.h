// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/remote_proxies.h"
#include "shuffle/block_cipher.h"
#include "shuffle/half_block.h"
#include "shuffle/proxy_outlet.h"

namespace traffictap::shuffle {

struct ProxyPublisherOptions {
  std::string receiver;                 // BlockHeader::receiver
  std::shared_ptr<BlockCipher> cipher;  // null: messages are plain
  // A proxy's changes are written so often at most.
  base::Nanos interval = base::kSecond;
  // One that does nothing but lose entries, as all do where the receiver is too slow, the less often the more
  // proxies there are: so much for each, and up to the usual window, within which a loss is still of use.
  base::Nanos loss_interval_part = 2 * base::kMillisecond;
  base::Nanos loss_interval_max = 5 * base::kSecond;
  // What did not change is written again, each proxy's at its own time: a topic that was made anew, or has
  // lost something, has all of it after that.
  base::Nanos repeat = 600 * base::kSecond;
  // What is known of a proxy that is gone is of use for so long: no half waits longer, and no loss counts
  // that is older than a window.
  base::Nanos kept = 2 * kWindowMax;
  // Beyond, those that are gone are forgotten as soon as their turn comes.
  size_t proxies_max = 100'000;
  size_t pending_max = 2'000;                  // messages on their way
  base::Nanos retry_wait = 2 * base::kSecond;  // until the outlet is opened again
};

struct ProxyPublisherState {
  Status trouble;        // ok: messages go out
  bool open = false;     // the topic was reached, if only once
  uint64_t written = 0;  // messages that the topic has
  uint64_t failed = 0;   // messages that it did not take: they are written again
};

// Says in the proxies' topic what a receiver knows of its proxies. While that cannot be written, the last
// state of each is kept. Used by one thread, but for state().
class ProxyPublisher {
 public:
  // Both outlive the publisher.
  ProxyPublisher(ProxyPublisherOptions options, ProxyOutlet* outlet, const base::Clock* clock);

  // The proxy has changed; times by the monotonic clock.
  void Update(const pairing::RemoteProxy& proxy);
  // Opens the outlet where it must, and writes what is due; to be called several times a second.
  void Turn();
  // Takes back all that was said, as its streams have ended, and waits until the topic has that, at most
  // `wait`.
  void Finish(base::Nanos wait);

  ProxyPublisherState state() const;

 private:
  struct Entry {
    std::string place;  // in numbers_
    pairing::RemoteProxy proxy;
    std::optional<base::Nanos> written;
    base::Nanos due = 0;
  };
  bool Opened();
  std::string KeyOf(uint64_t number) const;
  base::Nanos NextRepeat(uint64_t number, base::Nanos now) const;
  void Schedule(uint64_t number, Entry* entry, base::Nanos due);
  void Write(uint64_t number, base::Nanos now);
  void Failed(const std::string& key, base::Nanos now);
  bool MayForget(const pairing::RemoteProxy& proxy, base::Nanos now) const;
  void Publish();

  const ProxyPublisherOptions options_;
  const uint64_t life_;
  ProxyOutlet* const outlet_;
  const base::Clock* const clock_;
  uint64_t next_number_ = 1;
  std::map<std::string, uint64_t> numbers_;  // by network and address, or id
  std::map<uint64_t, Entry> entries_;
  // When which number is to be written; one that is not in entries_ is to be forgotten by the topic.
  std::set<std::pair<base::Nanos, uint64_t>> due_;
  bool open_ = false;
  base::Nanos open_at_ = 0;  // not before. Monotonic
  Status trouble_;
  uint64_t failed_ = 0;

  mutable absl::Mutex mutex_;
  ProxyPublisherState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::shuffle
