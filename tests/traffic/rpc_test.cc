// SPDX-License-Identifier: Apache-2.0
#include "traffic/rpc.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

SampleEntry Call(const std::string& path, GrpcStatus status = GrpcStatus::kOk) {
  SampleEntry sample;
  sample.facts().grpc_status = status;
  sample.Set(Text::kPath, path);
  return sample;
}

std::string ServiceAndMethod(const SampleEntry& sample) {
  PackedSample packed(sample);
  const auto rpc = RpcOf(*packed.get());
  return rpc ? std::string(rpc->service) + " " + std::string(rpc->method) : "none";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rpc)

BOOST_AUTO_TEST_CASE(service_and_method_are_the_parts_of_the_path) {
  BOOST_TEST(ServiceAndMethod(Call("/shop.v1.Cart/Get")) == "shop.v1.Cart Get");
  BOOST_TEST(ServiceAndMethod(Call("/prefix/shop.Cart/Get")) == "prefix/shop.Cart Get");
  for (const char* path : {"", "/", "/Get", "/shop.Cart/", "Get"}) {
    BOOST_TEST(ServiceAndMethod(Call(path)) == "none", path);
  }
}

BOOST_AUTO_TEST_CASE(
    a_call_that_ended_without_a_status_is_told_by_its_client_and_plain_http_is_none) {
  auto call = Call("/shop.Cart/Get", GrpcStatus::kAbsent);
  BOOST_TEST(ServiceAndMethod(call) == "none");
  call.facts().method = Method::kPost;
  call.facts().http_version = HttpVersion::kHttp2;
  BOOST_TEST(ServiceAndMethod(call) == "none");
  call.Set(Text::kUserAgent, "grpc-java-netty/1.62.2");
  BOOST_TEST(ServiceAndMethod(call) == "shop.Cart Get");
  call.facts().http_version = HttpVersion::kHttp11;
  BOOST_TEST(ServiceAndMethod(call) == "none");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
