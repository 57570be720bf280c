// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace traffictap::als {

// How a stream that is not served is answered.
struct GrpcRefusal {
  int http_status = 200;
  Status status;
};

// The header fields of a request, as far as they say whether and for whom it is served.
class GrpcRequest {
 public:
  // `header_bytes_max` bounds all fields, each counted as RFC 9113 section 6.5.2 counts it.
  explicit GrpcRequest(size_t header_bytes_max) : header_bytes_max_(header_bytes_max) {}

  void AddField(std::string_view name, std::string_view value);

  // Whether it is a call of StreamAccessLogs (grpc/grpc: doc/PROTOCOL-HTTP2.md, "Requests"): OK, or
  // how it is answered. `te` may be missing: Envoy and gRPC send it, some proxies take it away, and
  // nghttp2 takes no other value than "trailers".
  GrpcRefusal Check() const;

  // The values of x-forwarded-client-cert, one for each line of it.
  const std::vector<std::string>& forwarded() const { return forwarded_; }

 private:
  const size_t header_bytes_max_;
  size_t header_bytes_ = 0;
  std::string method_;
  std::string path_;
  std::string content_type_;
  std::string encoding_;
  std::vector<std::string> forwarded_;
};

// A status' message as the header field grpc-message has it: percent-encoded ("Status-Message" in gRPC's
// PROTOCOL-HTTP2.md).
std::string EncodeGrpcMessage(std::string_view message);

}  // namespace traffictap::als
