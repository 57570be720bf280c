// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "bench/mesh_messages.h"

namespace traffictap::bench {

// One proxy's access log stream, on a connection of its own. All methods are thread-safe; it
// outlives its call: wait for the end before destroying it.
class LoadStream final : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Connects and sends the identifier. Each later message has `entries` entries.
  LoadStream(const std::string& address,
             const std::shared_ptr<grpc::ChannelCredentials>& credentials, const ProxyPair& pair,
             Side side, size_t entries);

  // Allows one more message: it goes out as soon as the one before it did.
  void Send();
  void Close();

  // Blocks until all that was allowed has gone out, or the call ended.
  void WaitIdle();
  // Blocks until the server answered; false where it did not end well. After Close.
  bool WaitEnd();

  uint64_t bytes_sent() const;

 private:
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void Write(const std::string& bytes);
  void WriteNext();

  const size_t entries_;
  EntryMessage message_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer outgoing_;
  grpc::ByteBuffer response_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t allowed_ = 0;
  uint64_t started_ = 0;  // messages of `allowed_` that were begun
  uint64_t bytes_sent_ = 0;
  bool writing_ = false;
  bool closing_ = false;
  bool broken_ = false;
  bool ended_ = false;
  grpc::Status status_;
};

}  // namespace traffictap::bench
