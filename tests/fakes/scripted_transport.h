// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "sinks/otlp/otlp_transport.h"

namespace traffictap::fakes {

// A transport whose answers a test writes. It keeps what was sent; Receive never waits.
class ScriptedTransport final : public sinks::OtlpTransport {
 public:
  struct Sent {
    sinks::Signal signal;
    std::string body;
  };
  // Shared with the test, which outlives the transport.
  struct Script {
    Status open;
    // What becomes of a request; nullopt: no answer. Probes, with an empty body, are taken.
    std::function<std::optional<sinks::Answer>(sinks::Signal, const std::string&)> answer;
    std::function<std::optional<sinks::Answer>(sinks::Signal)> probe;
    std::vector<Sent> sent;  // probes left out
    int opened = 0;
    int cancelled = 0;
  };

  explicit ScriptedTransport(Script* script) : script_(script) {}

  Status Open() override {
    ++script_->opened;
    answers_.clear();
    return script_->open;
  }
  void Send(sinks::Signal signal, const std::string& body) override {
    if (!body.empty()) script_->sent.push_back({signal, body});
    auto answer = Good(signal);
    if (body.empty() && script_->probe) answer = script_->probe(signal);
    if (!body.empty() && script_->answer) answer = script_->answer(signal, body);
    if (answer) answers_.push_back(*answer);
  }
  std::optional<sinks::Answer> Receive(base::Nanos) override {
    if (answers_.empty()) return std::nullopt;
    const sinks::Answer out = answers_.front();
    answers_.pop_front();
    return out;
  }
  void Cancel() override {
    ++script_->cancelled;
    answers_.clear();
  }

  static std::optional<sinks::Answer> Good(sinks::Signal signal) {
    sinks::Answer out;
    out.signal = signal;
    return out;
  }
  static std::optional<sinks::Answer> Bad(sinks::Signal signal, const Status& status,
                                          bool retryable, base::Nanos retry_after = 0) {
    sinks::Answer out;
    out.signal = signal;
    out.status = status;
    out.retryable = retryable;
    out.retry_after = retry_after;
    return out;
  }

 private:
  Script* const script_;
  std::deque<sinks::Answer> answers_;
};

}  // namespace traffictap::fakes
