// SPDX-License-Identifier: Apache-2.0
#include "shuffle/proxy_publisher.h"

#include <algorithm>

#include "base/fnv1a.h"
#include "base/log.h"
#include "shuffle/proxy_state.h"
#include "traffic/byte_codec.h"

namespace traffictap::shuffle {
namespace {

// Spreads the repeats of proxies that all came at one time.
constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;

// As pipeline::ProxyDirectory knows it first.
std::string PlaceOf(const traffic::Node& node) {
  traffic::ByteWriter out;
  out.Text(node.network);
  if (node.addresses.empty()) {
    out.Text(node.id);
  } else {
    for (const uint8_t byte : node.addresses.front().ip) out.Fixed(byte, 1);
  }
  return out.Take();
}

}  // namespace

ProxyPublisher::ProxyPublisher(ProxyPublisherOptions options, ProxyOutlet* outlet,
                               const base::Clock* clock)
    : options_(std::move(options)),
      life_(base::Fnv1a(options_.receiver)),
      outlet_(outlet),
      clock_(clock) {}

std::string ProxyPublisher::KeyOf(uint64_t number) const {
  traffic::ByteWriter out;
  out.Fixed(life_, 8);
  out.Fixed(number, 8);
  return out.Take();
}

base::Nanos ProxyPublisher::NextRepeat(uint64_t number, base::Nanos now) const {
  const auto phase = static_cast<base::Nanos>((number * kSpread) >> 1) % options_.repeat;
  const base::Nanos passed = (now % options_.repeat + options_.repeat - phase) % options_.repeat;
  return now + options_.repeat - passed;
}

void ProxyPublisher::Schedule(uint64_t number, Entry* entry, base::Nanos due) {
  due_.erase({entry->due, number});
  entry->due = due;
  due_.emplace(due, number);
}

void ProxyPublisher::Update(const pairing::RemoteProxy& proxy) {
  const base::Nanos now = clock_->Monotonic();
  const auto [found, fresh] = numbers_.try_emplace(PlaceOf(*proxy.node), next_number_);
  if (fresh) ++next_number_;
  Entry& entry = entries_[found->second];
  const bool only_lost = entry.written && entry.proxy.streams == proxy.streams &&
                         entry.proxy.last_seen == proxy.last_seen;
  const base::Nanos part = static_cast<base::Nanos>(entries_.size()) * options_.loss_interval_part;
  const base::Nanos interval =
      only_lost ? std::max(options_.interval, std::min(part, options_.loss_interval_max))
                : options_.interval;
  entry.place = found->first;
  entry.proxy = proxy;
  if (proxy.streams == 0) entry.proxy.node = PlacesOf(*proxy.node);
  const base::Nanos earliest = entry.written ? *entry.written + interval : now;
  Schedule(found->second, &entry, std::max(now, earliest));
}

bool ProxyPublisher::MayForget(const pairing::RemoteProxy& proxy, base::Nanos now) const {
  if (proxy.streams > 0) return false;
  const base::Nanos last = std::max(proxy.last_seen, proxy.last_loss);
  return now - last >= options_.kept || entries_.size() > options_.proxies_max;
}

void ProxyPublisher::Write(uint64_t number, base::Nanos now) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return outlet_->Send(KeyOf(number), std::nullopt);
  Entry& entry = found->second;
  if (MayForget(entry.proxy, now)) {
    outlet_->Send(KeyOf(number), std::nullopt);
    numbers_.erase(entry.place);
    entries_.erase(found);
    return;
  }
  outlet_->Send(KeyOf(number),
                EncodeProxyState({options_.receiver, entry.proxy}, options_.cipher.get()));
  entry.written = now;
  base::Nanos due = NextRepeat(number, now);
  if (entry.proxy.streams == 0) {
    const base::Nanos last = std::max(entry.proxy.last_seen, entry.proxy.last_loss);
    due = std::min(due, std::max(now + options_.interval, last + options_.kept));
  }
  Schedule(number, &entry, due);
}

void ProxyPublisher::Failed(const std::string& key, base::Nanos now) {
  traffic::ByteReader in(key);
  const bool ours = in.Fixed(8) == life_;
  const uint64_t number = in.Fixed(8);
  if (!ours || !in.ok()) return;
  ++failed_;
  const auto found = entries_.find(number);
  if (found == entries_.end()) {
    due_.emplace(now + options_.interval, number);
  } else {
    Schedule(number, &found->second, now + options_.interval);
  }
}

bool ProxyPublisher::Opened() {
  if (open_) return true;
  if (clock_->Monotonic() < open_at_) return false;
  const Status opened = outlet_->Open();
  open_ = opened.ok();
  if (!open_ && opened != trouble_) {
    log::For("shuffle").error("cannot say which proxies are here err=\"{}\"", Message(opened));
  }
  trouble_ = opened;
  open_at_ = clock_->Monotonic() + options_.retry_wait;
  return open_;
}

void ProxyPublisher::Turn() {
  if (Opened()) {
    if (options_.cipher) options_.cipher->Refresh();
    const base::Nanos now = clock_->Monotonic();
    for (const auto& key : outlet_->Poll()) Failed(key, now);
    while (!due_.empty() && due_.begin()->first <= now &&
           outlet_->pending() < options_.pending_max) {
      const uint64_t number = due_.begin()->second;
      due_.erase(due_.begin());
      Write(number, now);
    }
    const Status status = outlet_->status();
    if (!status.ok() && status != trouble_) {
      log::For("shuffle").error("cannot say which proxies are here err=\"{}\"", Message(status));
    }
    trouble_ = status;
  }
  Publish();
}

void ProxyPublisher::Finish(base::Nanos wait) {
  if (open_) {
    for (const auto& [number, entry] : entries_) {
      if (entry.written) outlet_->Send(KeyOf(number), std::nullopt);
    }
    outlet_->Close(wait);
  }
  Publish();
}

void ProxyPublisher::Publish() {
  absl::MutexLock lock(&mutex_);
  state_ = {trouble_, open_ || state_.open, outlet_->written(), failed_};
}

ProxyPublisherState ProxyPublisher::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

}  // namespace traffictap::shuffle
