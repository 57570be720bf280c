// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sinks/otlp/otlp_transport.h"

namespace traffictap::sinks {

// What a receiver's answer means, by the OTLP specification 1.7 ("Failures", "OTLP/gRPC
// Throttling", "Failures" of OTLP/HTTP). Pure. `body` is what was answered: anything, so it is read
// with care.

// `code` by number (grpc::StatusCode); `details` is the header grpc-status-details-bin.
Answer ReadGrpcAnswer(Signal signal, int code, const std::string& message,
                      const std::string& details, const std::string& body);

// `retry_after` is the header's text: seconds are read, a date is not.
Answer ReadHttpAnswer(Signal signal, long code, const std::string& retry_after,
                      const std::string& body);

// No answer came: the endpoint cannot be reached, or not in time.
Answer NoAnswer(Signal signal, const std::string& cause);

// The request did not go out, for a reason that time may heal.
Answer NotSent(Signal signal, const Status& why);

}  // namespace traffictap::sinks
