// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/sync_stream.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "envoy/service/accesslog/v3/als.pb.h"
#include "fmt/format.h"

namespace traffictap::als {

// A proxy's end of streams: one connection.
inline std::shared_ptr<grpc::Channel> Connect(
    int port, const std::shared_ptr<grpc::ChannelCredentials>& credentials =
                  grpc::InsecureChannelCredentials()) {
  grpc::ChannelArguments arguments;
  // Channels to one address would share a connection otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(fmt::format("localhost:{}", port), credentials, arguments);
}

// One StreamAccessLogs call whose messages are given as bytes. Every call of it ends within
// `timeout`.
class LogSender {
 public:
  explicit LogSender(std::shared_ptr<grpc::Channel> channel,
                     std::chrono::milliseconds timeout = std::chrono::seconds(10),
                     const std::multimap<std::string, std::string>& headers = {})
      : channel_(std::move(channel)),
        method_("/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
                grpc::internal::RpcMethod::CLIENT_STREAMING, channel_) {
    context_.set_deadline(std::chrono::system_clock::now() + timeout);
    for (const auto& [name, value] : headers) context_.AddMetadata(name, value);
    writer_.reset(grpc::internal::ClientWriterFactory<grpc::ByteBuffer>::Create(
        channel_.get(), method_, &context_, &response_));
  }

  bool Send(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return writer_->Write(grpc::ByteBuffer(&slice, 1));
  }
  // In several slices, as a network may deliver it.
  bool SendSplit(const std::string& bytes, size_t at) {
    const grpc::Slice slices[] = {grpc::Slice(bytes.substr(0, at)), grpc::Slice(bytes.substr(at))};
    return writer_->Write(grpc::ByteBuffer(slices, 2));
  }
  bool Send(const google::protobuf::Message& message) { return Send(message.SerializeAsString()); }

  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() {
    writer_->WritesDone();
    return writer_->Finish();
  }
  size_t response_bytes() const { return response_.Length(); }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::internal::RpcMethod method_;
  grpc::ClientContext context_;
  grpc::ByteBuffer response_;
  std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>> writer_;
};

}  // namespace traffictap::als
