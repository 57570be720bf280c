// SPDX-License-Identifier: Apache-2.0

// The least that a receiver written in the usual way does: parse each message with the generated
// classes, on an arena, and drop it. Prints the port, and at SIGTERM the entries that it saw.
#include <google/protobuf/arena.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>

#include "envoy/service/accesslog/v3/als.pb.h"

namespace {

using envoy::service::accesslog::v3::StreamAccessLogsMessage;

class DroppingStream final : public grpc::ServerGenericBidiReactor {
 public:
  explicit DroppingStream(std::atomic<uint64_t>* entries) : entries_(entries) {
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      StartWriteAndFinish(&response_, {}, grpc::Status::OK);
      return;
    }
    grpc::ProtoBufferReader reader(&message_);
    auto* parsed = google::protobuf::Arena::CreateMessage<StreamAccessLogsMessage>(&arena_);
    if (parsed->ParseFromZeroCopyStream(&reader)) *entries_ += parsed->http_logs().log_entry_size();
    arena_.Reset();
    message_.Clear();
    StartRead(&message_);
  }

  void OnDone() override { delete this; }

 private:
  std::atomic<uint64_t>* const entries_;
  grpc::Slice nothing_;
  grpc::ByteBuffer response_{&nothing_, 1};
  grpc::ByteBuffer message_;
  google::protobuf::Arena arena_;
};

// Takes every method: the load calls one alone.
class DroppingService final : public grpc::CallbackGenericService {
 public:
  explicit DroppingService(std::atomic<uint64_t>* entries) : entries_(entries) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new DroppingStream(entries_);
  }

 private:
  std::atomic<uint64_t>* const entries_;
};

}  // namespace

int main() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::atomic<uint64_t> entries{0};
  DroppingService service(&entries);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (!server || port == 0) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  std::printf("%llu\n", static_cast<unsigned long long>(entries));
  return 0;
}
