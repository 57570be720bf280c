// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sinks/otlp/otlp_transport.h"

namespace traffictap::sinks {

// OTLP/gRPC: unary calls of the signals' Export methods over one channel, which reconnects by
// itself.
class GrpcTransport final : public OtlpTransport {
 public:
  explicit GrpcTransport(tap::OtlpOutput spec);
  ~GrpcTransport() override;

  // kInvalidArgument: a file of TLS is missing or cannot be read.
  Status Open() override;
  void Send(Signal signal, const std::string& body) override;
  std::optional<Answer> Receive(base::Nanos wait) override;
  void Cancel() override;

 private:
  struct Call;
  struct Inbox;
  struct Channel;
  const tap::OtlpOutput spec_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace traffictap::sinks
