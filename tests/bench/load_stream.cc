// SPDX-License-Identifier: Apache-2.0
#include "bench/load_stream.h"

#include <cstdio>

namespace traffictap::bench {
namespace {

constexpr const char* kMethod = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

std::shared_ptr<grpc::Channel> Connect(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  // Of no meaning without TLS.
  arguments.SetSslTargetNameOverride("collector");
  // A connection per stream, as each proxy has its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

LoadStream::LoadStream(const std::string& address,
                       const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                       const ProxyPair& pair, Side side, size_t entries)
    : entries_(entries),
      message_(pair, side, entries),
      channel_(Connect(address, credentials)),
      stub_(channel_) {
  stub_.PrepareBidiStreamingCall(&context_, kMethod, {}, this);
  std::lock_guard lock(mutex_);
  Write(IdentifierMessage(pair, side));
  StartRead(&response_);
  StartCall();
}

void LoadStream::Send() {
  std::lock_guard lock(mutex_);
  ++allowed_;
  WriteNext();
}

void LoadStream::Close() {
  std::lock_guard lock(mutex_);
  closing_ = true;
  WriteNext();
}

void LoadStream::WaitIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return broken_ || ended_ || (!writing_ && started_ == allowed_); });
}

bool LoadStream::WaitEnd() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_; });
  if (!status_.ok()) std::fprintf(stderr, "stream ended: %s\n", status_.error_message().c_str());
  return status_.ok() && started_ == allowed_;
}

uint64_t LoadStream::bytes_sent() const {
  std::lock_guard lock(mutex_);
  return bytes_sent_;
}

void LoadStream::OnWriteDone(bool ok) {
  std::lock_guard lock(mutex_);
  writing_ = false;
  broken_ = broken_ || !ok;
  WriteNext();
  changed_.notify_all();
}

void LoadStream::OnDone(const grpc::Status& status) {
  std::lock_guard lock(mutex_);
  status_ = status;
  ended_ = true;
  changed_.notify_all();
}

void LoadStream::Write(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  outgoing_ = grpc::ByteBuffer(&slice, 1);
  bytes_sent_ += bytes.size();
  writing_ = true;
  StartWrite(&outgoing_);
}

void LoadStream::WriteNext() {
  if (writing_ || broken_) return;
  if (started_ < allowed_) {
    Write(message_.WithRequests(started_++ * entries_));
  } else if (closing_) {
    closing_ = false;
    StartWritesDone();
  }
}

}  // namespace traffictap::bench
