// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "tap/output_spec.h"

namespace traffictap::sinks {

enum class Signal : uint8_t { kLogs, kTraces };
constexpr size_t kSignalCount = 2;
const char* ToString(Signal signal);  // as in a tap: "Logs", "Traces"

// What became of one request.
struct Answer {
  Signal signal = Signal::kLogs;
  // OK: taken, but for `rejected` of its log records or spans. What a user can do decides the code,
  // the message says it.
  Status status;
  // By the protocol's rules the same request may be sent again, after `retry_after` where the
  // receiver named a time (0: it named none).
  bool retryable = false;
  base::Nanos retry_after = 0;
  uint64_t rejected = 0;
  std::string rejected_why;
};

// Sends requests to one endpoint, at most one of each signal at a time. One thread uses it.
class OtlpTransport {
 public:
  virtual ~OtlpTransport() = default;
  // Makes ready to send, with the files as they are now. Called again to begin anew: what was sent
  // before is not answered any more.
  virtual Status Open() = 0;
  // After an OK Open. Never waits; each call leads to one answer within the output's time-out.
  virtual void Send(Signal signal, const std::string& body) = 0;
  // Waits at most `wait` for an answer, also where nothing was sent.
  virtual std::optional<Answer> Receive(base::Nanos wait) = 0;
  // Gives up what was sent: it is not answered any more.
  virtual void Cancel() = 0;
};

std::unique_ptr<OtlpTransport> MakeTransport(const tap::OtlpOutput& spec);

}  // namespace traffictap::sinks
