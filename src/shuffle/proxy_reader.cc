// SPDX-License-Identifier: Apache-2.0
#include "shuffle/proxy_reader.h"

#include <set>
#include <utility>

#include "base/log.h"
#include "shuffle/proxy_state.h"

namespace traffictap::shuffle {
namespace {

// A receiver of a newer version, or without keys, writes more and more of them.
constexpr base::Nanos kSkipsLogged = 60 * base::kSecond;
// Messages between two looks at the clock.
constexpr size_t kLookEvery = 64;

}  // namespace

ProxyReader::ProxyReader(ProxyReaderOptions options, ProxyLog* log, pairing::RemoteProxies* proxies,
                         const base::Clock* clock)
    : options_(std::move(options)), log_(log), proxies_(proxies), clock_(clock) {}

bool ProxyReader::Opened() {
  if (open_) return true;
  if (clock_->Monotonic() < open_at_) return false;
  open_at_ = clock_->Monotonic() + options_.retry_wait;
  const Status opened = log_->Open();
  open_ = opened.ok();
  if (!open_ && opened != trouble_) {
    log::For("shuffle").error("cannot read which proxies there are err=\"{}\"", Message(opened));
  }
  if (!open_) trouble_ = opened;
  return open_;
}

void ProxyReader::Reopen(const Status& why) {
  log::For("shuffle").warn("reads the topic of the proxies again, from its beginning err=\"{}\"",
                           Message(why));
  log_->Close();
  open_ = complete_ = false;
  faulty_since_.reset();
  proxies_->SetComplete(false);
}

void ProxyReader::Turn() {
  if (Opened()) {
    if (options_.cipher && options_.cipher->Refresh()) {
      Reopen(absl::UnavailableError("the keys of blocks have changed"));
    }
    bool more = open_;
    const base::Nanos until = clock_->Monotonic() + options_.turn_max;
    for (size_t taken = 0; more && open_ && taken < options_.messages_max; ++taken) {
      const ProxyLogEvent event = log_->Poll();
      switch (event.kind) {
        case ProxyLogEvent::Kind::kNothing: more = false; break;
        case ProxyLogEvent::Kind::kMessage: Take(event); break;
        case ProxyLogEvent::Kind::kEnd: Complete(); break;
        case ProxyLogEvent::Kind::kFault: Fault(event); break;
      }
      if (taken % kLookEvery == kLookEvery - 1 && clock_->Monotonic() >= until) break;
    }
    if (faulty_since_ && clock_->Monotonic() - *faulty_since_ >= options_.patience) {
      Reopen(trouble_);
    }
  }
  ForgetSilent();
  Publish();
}

void ProxyReader::Fault(const ProxyLogEvent& event) {
  if (event.fault != trouble_) {
    log::For("shuffle").error(
        "cannot read which proxies there are, what is known of them stays err=\"{}\"",
        Message(event.fault));
  }
  trouble_ = event.fault;
  if (event.reopen) return Reopen(event.fault);
  if (!faulty_since_) faulty_since_ = clock_->Monotonic();
}

void ProxyReader::Complete() {
  trouble_ = absl::OkStatus();
  faulty_since_.reset();
  begun_ = true;
  if (std::exchange(complete_, true)) return;
  proxies_->SetComplete(true);
  log::For("shuffle").info("knows which proxies there are proxies={}", known_.size());
}

void ProxyReader::Take(const ProxyLogEvent& event) {
  trouble_ = absl::OkStatus();
  faulty_since_.reset();
  begun_ = true;
  const std::string key(event.key);
  const auto found = known_.find(key);
  if (!event.value) {
    if (found == known_.end()) return;
    proxies_->Gone(found->second.receiver, *found->second.node);
    known_.erase(found);
    return;
  }
  auto state = DecodeProxyState(*event.value, options_.cipher.get());
  if (!state.ok()) return Skip(state.status());
  if (found == known_.end() && known_.size() >= options_.proxies_max) {
    ++counters_.no_room;
    return;
  }
  if (state->proxy.streams == 0) state->proxy.node = PlacesOf(*state->proxy.node);
  const bool same = found != known_.end() && found->second.receiver == state->receiver;
  // No two receivers have one key: whoever forges that is not to leave behind what nobody takes back.
  if (found != known_.end() && !same) {
    proxies_->Gone(found->second.receiver, *found->second.node);
  }
  const traffic::Node* former = same ? found->second.node.get() : nullptr;
  if (proxies_->Set(state->receiver, state->proxy, former)) {
    known_[key] = {std::move(state->receiver), std::move(state->proxy.node)};
    return;
  }
  ++counters_.no_room;
  if (found != known_.end()) known_.erase(found);
}

void ProxyReader::Skip(const Status& why) {
  switch (why.code()) {
    case absl::StatusCode::kUnimplemented: ++counters_.newer; break;
    case absl::StatusCode::kFailedPrecondition: ++counters_.no_key; break;
    case absl::StatusCode::kUnauthenticated: ++counters_.refused; break;
    default: ++counters_.broken;
  }
  const base::Nanos now = clock_->Monotonic();
  if (skip_logged_ && now - *skip_logged_ < kSkipsLogged) return;
  skip_logged_ = now;
  log::For("shuffle").error(
      "message about a proxy skipped, more of the next minute are only counted err=\"{}\"",
      Message(why));
}

void ProxyReader::ForgetSilent() {
  if (clock_->Monotonic() < forget_at_) return;
  forget_at_ = clock_->Monotonic() + options_.forget_every;
  const auto names = proxies_->ForgetSilent();
  if (names.empty()) return;
  const std::set<std::string> silent(names.begin(), names.end());
  std::erase_if(known_, [&](const auto& one) { return silent.contains(one.second.receiver); });
}

void ProxyReader::Close() {
  if (std::exchange(open_, false)) log_->Close();
}

void ProxyReader::Publish() {
  absl::MutexLock lock(&mutex_);
  state_ = {trouble_, begun_, complete_, known_.size(), counters_};
}

ProxyReaderState ProxyReader::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

}  // namespace traffictap::shuffle
