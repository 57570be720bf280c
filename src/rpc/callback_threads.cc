// SPDX-License-Identifier: Apache-2.0
#include "rpc/callback_threads.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "absl/synchronization/notification.h"

namespace traffictap::rpc {
namespace {

// Without credentials gRPC makes a channel that connects to nothing and refuses each call at once. One
// call by callback, and the channel holds on to the threads as long as it lives.
class Keeper {
 public:
  Keeper() : stub_(grpc::CreateChannel("", nullptr)) {
    const grpc::Slice nothing("");
    request_ = grpc::ByteBuffer(&nothing, 1);  // a buffer of nothing at all is a misuse
    absl::Notification refused;
    stub_.UnaryCall(&context_, "/traffictap/none", grpc::StubOptions(), &request_, &response_,
                    [&refused](const grpc::Status&) { refused.Notify(); });
    refused.WaitForNotification();
  }

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

}  // namespace

void KeepCallbackThreads() {
  static const Keeper* const keeper = new Keeper;  // never destroyed
  (void)keeper;
}

}  // namespace traffictap::rpc
