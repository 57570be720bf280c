// SPDX-License-Identifier: Apache-2.0
#include "als/grpc_request.h"

#include "base/percent.h"
#include "fmt/format.h"

namespace traffictap::als {
namespace {

constexpr std::string_view kPath = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
constexpr std::string_view kContentType = "application/grpc";
constexpr size_t kFieldBytes = 32;  // that HTTP/2 counts for a field besides its name and value

// "application/grpc", with "+proto" or parameters behind it; application/grpc-web is another
// protocol.
bool IsGrpc(std::string_view content_type) {
  if (!content_type.starts_with(kContentType)) return false;
  const auto rest = content_type.substr(kContentType.size());
  return rest.empty() || rest[0] == '+' || rest[0] == ';';
}

}  // namespace

void GrpcRequest::AddField(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + kFieldBytes;
  if (header_bytes_ > header_bytes_max_) return;
  if (name == ":method") method_ = value;
  if (name == ":path") path_ = value;
  if (name == "content-type") content_type_ = value;
  if (name == "grpc-encoding") encoding_ = value;
  if (name == "x-forwarded-client-cert") forwarded_.emplace_back(value);
}

GrpcRefusal GrpcRequest::Check() const {
  if (header_bytes_ > header_bytes_max_) {
    return {200, absl::ResourceExhaustedError(fmt::format(
                     "read the request's headers: more than {} bytes", header_bytes_max_))};
  }
  if (method_ != "POST") {
    return {405, absl::UnimplementedError("call a method: gRPC calls are POST requests")};
  }
  if (!IsGrpc(content_type_)) {
    return {415, absl::UnimplementedError("call a method: the content type is not gRPC's")};
  }
  if (path_ != kPath) {
    return {200, absl::UnimplementedError("call a method: only StreamAccessLogs is served here")};
  }
  if (!encoding_.empty() && encoding_ != "identity") {
    return {200, absl::UnimplementedError("read messages: compressed messages are not supported")};
  }
  return {};
}

std::string EncodeGrpcMessage(std::string_view message) {
  // gRPC's own rule keeps all of printable ASCII but the percent sign.
  return base::PercentEncode(message, " !\"#$&'()*+,/:;<=>?@[\\]^`{|}");
}

}  // namespace traffictap::als
