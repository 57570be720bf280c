// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sinks/otlp/otlp_transport.h"

namespace traffictap::sinks {

// OTLP/HTTP with protobuf bodies: POST to ENDPOINT/v1/logs and ENDPOINT/v1/traces over connections
// that are kept. Redirects are not followed; a proxy is used as the environment says.
class HttpTransport final : public OtlpTransport {
 public:
  explicit HttpTransport(tap::OtlpOutput spec);
  ~HttpTransport() override;

  Status Open() override;
  void Send(Signal signal, const std::string& body) override;
  std::optional<Answer> Receive(base::Nanos wait) override;
  void Cancel() override;

 private:
  struct Request;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::sinks
