// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace traffictap::traffic {

// The status that a gRPC server, or a proxy in its place, ended a call with
// (grpc/grpc: doc/statuscodes.md); the numbers are those on the wire.
enum class GrpcStatus : int8_t {
  kAbsent = -1,  // no gRPC call, or one that ended without a status
  kOk,
  kCancelled,
  kUnknown,
  kInvalidArgument,
  kDeadlineExceeded,
  kNotFound,
  kAlreadyExists,
  kPermissionDenied,
  kResourceExhausted,
  kFailedPrecondition,
  kAborted,
  kOutOfRange,
  kUnimplemented,
  kInternal,
  kUnavailable,
  kDataLoss,
  kUnauthenticated,
};

// "OK", "CANCELLED", …; "" for kAbsent.
const char* ToString(GrpcStatus status);
// By name, as ToString writes it; kAbsent for any other text.
GrpcStatus ParseGrpcStatus(std::string_view name);
// The value of a grpc-status header or trailer. A number beyond the known ones is kUnknown, as a
// gRPC client takes it (grpc/grpc: doc/PROTOCOL-HTTP2.md); what is no number is kAbsent.
GrpcStatus ReadGrpcStatus(std::string_view value);

// The statuses that OpenTelemetry's conventions count as a server's error (pairing/verdict.h has
// the whole table).
bool IsServersFault(GrpcStatus status);

// The text of a grpc-message: percent-decoded, at most kGrpcMessageBytesMax bytes.
constexpr size_t kGrpcMessageBytesMax = 1024;
void ReadGrpcMessage(std::string_view value, std::string* out);

}  // namespace traffictap::traffic
