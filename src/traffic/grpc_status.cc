// SPDX-License-Identifier: Apache-2.0
#include "traffic/grpc_status.h"

#include <array>
#include <charconv>

#include "base/percent.h"

namespace traffictap::traffic {
namespace {

constexpr std::array<const char*, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

}  // namespace

const char* ToString(GrpcStatus status) {
  const auto number = static_cast<size_t>(status);
  return number < kNames.size() ? kNames[number] : "";
}

GrpcStatus ParseGrpcStatus(std::string_view name) {
  for (size_t number = 0; number < kNames.size(); ++number) {
    if (name == kNames[number]) return static_cast<GrpcStatus>(number);
  }
  return GrpcStatus::kAbsent;
}

GrpcStatus ReadGrpcStatus(std::string_view value) {
  uint32_t number = 0;
  const char* end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec == std::errc::invalid_argument || read.ptr != end) return GrpcStatus::kAbsent;
  const bool known = read.ec == std::errc() && number < kNames.size();
  return known ? static_cast<GrpcStatus>(number) : GrpcStatus::kUnknown;
}

bool IsServersFault(GrpcStatus status) {
  switch (status) {
    case GrpcStatus::kUnknown:
    case GrpcStatus::kDeadlineExceeded:
    case GrpcStatus::kUnimplemented:
    case GrpcStatus::kInternal:
    case GrpcStatus::kUnavailable:
    case GrpcStatus::kDataLoss: return true;
    default: return false;
  }
}

void ReadGrpcMessage(std::string_view value, std::string* out) {
  out->clear();
  for (size_t at = 0; at < value.size() && out->size() < kGrpcMessageBytesMax; ++at) {
    // A '%' that begins no code stands for itself: the message is for people.
    const auto byte = base::PercentByte(value.substr(at));
    *out += byte.value_or(value[at]);
    if (byte) at += 2;
  }
}

}  // namespace traffictap::traffic
