// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/otlp_transport.h"

#include "sinks/otlp/grpc_transport.h"
#include "sinks/otlp/http_transport.h"

namespace traffictap::sinks {

const char* ToString(Signal signal) { return signal == Signal::kLogs ? "Logs" : "Traces"; }

std::unique_ptr<OtlpTransport> MakeTransport(const tap::OtlpOutput& spec) {
  if (spec.protocol == tap::OtlpProtocol::kGrpc) return std::make_unique<GrpcTransport>(spec);
  return std::make_unique<HttpTransport>(spec);
}

}  // namespace traffictap::sinks
