// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fakes/entry_builder.h"
#include "pairing/remote_proxies.h"
#include "shuffle/proxy_log.h"
#include "shuffle/proxy_outlet.h"

namespace traffictap {

// The proxies' topic, of which nothing was compacted away.
using FakeProxyTopic = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Writes into it, unless the test says otherwise.
class FakeProxyOutlet final : public shuffle::ProxyOutlet {
 public:
  explicit FakeProxyOutlet(FakeProxyTopic* topic) : topic_(topic) {}

  Status Open() override {
    ++opens;
    return open_status;
  }
  void Send(const std::string& key, const std::optional<std::string>& value) override {
    if (!now.ok()) return failed_.push_back(key);
    topic_->emplace_back(key, value);
    ++written_;
  }
  std::vector<std::string> Poll() override { return std::exchange(failed_, {}); }
  void Close(base::Nanos) override { closed = true; }
  size_t pending() const override { return pending_now; }
  uint64_t written() const override { return written_; }
  Status status() const override { return now; }

  Status open_status;
  Status now;  // not ok: nothing is taken
  size_t pending_now = 0;
  int opens = 0;
  bool closed = false;

 private:
  FakeProxyTopic* const topic_;
  std::vector<std::string> failed_;
  uint64_t written_ = 0;
};

class FakeProxyLog final : public shuffle::ProxyLog {
 public:
  explicit FakeProxyLog(const FakeProxyTopic* topic) : topic_(topic) {}

  Status Open() override {
    ++opens;
    at_ = 0;
    ended_ = false;
    return open_status;
  }
  void Close() override { ++closes; }
  shuffle::ProxyLogEvent Poll() override {
    using Kind = shuffle::ProxyLogEvent::Kind;
    shuffle::ProxyLogEvent out;
    if (!faults.empty()) {
      out = std::move(faults.front());
      faults.pop_front();
    } else if (at_ < topic_->size()) {
      const auto& [key, value] = (*topic_)[at_++];
      out.kind = Kind::kMessage;
      out.key = key;
      if (value) out.value = *value;
    } else if (!std::exchange(ended_, true)) {
      out.kind = Kind::kEnd;
    }
    return out;
  }
  void Fail(const Status& why, bool reopen = false) {
    shuffle::ProxyLogEvent fault;
    fault.kind = shuffle::ProxyLogEvent::Kind::kFault;
    fault.fault = why;
    fault.reopen = reopen;
    faults.push_back(std::move(fault));
  }

  Status open_status;
  std::deque<shuffle::ProxyLogEvent> faults;
  int opens = 0;
  int closes = 0;

 private:
  const FakeProxyTopic* const topic_;
  size_t at_ = 0;
  bool ended_ = false;
};

// A proxy as a receiver would tell of it.
inline pairing::RemoteProxy SampleProxy(const std::string& ip, uint32_t streams = 1) {
  pairing::RemoteProxy out;
  out.node = fakes::MakeNode(ip);
  out.streams = streams;
  out.first_opened = 100 * base::kSecond;
  out.last_seen = 120 * base::kSecond;
  return out;
}

}  // namespace traffictap
