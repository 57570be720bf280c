// SPDX-License-Identifier: Apache-2.0
#include "rpc/callback_threads.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <boost/test/unit_test.hpp>
#include <future>

#include "rpc/credentials.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(callback_threads)

// Without them one of some dozens ends the process.
BOOST_AUTO_TEST_CASE(outlive_channels_whose_server_is_away) {
  rpc::KeepCallbackThreads();
  rpc::KeepCallbackThreads();
  for (int i = 0; i < 200; ++i) {
    const auto credentials = rpc::ChannelCredentials({});
    BOOST_REQUIRE(credentials.ok());
    grpc::GenericStub stub(grpc::CreateChannel("127.0.0.1:1", *credentials));
    grpc::ClientContext context;
    const grpc::Slice nothing("");
    grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::StatusCode> answer;
    stub.UnaryCall(
        &context, "/a/b", grpc::StubOptions(), &request, &response,
        [&answer](const grpc::Status& status) { answer.set_value(status.error_code()); });
    BOOST_TEST((answer.get_future().get() == grpc::StatusCode::UNAVAILABLE));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
