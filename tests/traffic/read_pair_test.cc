// SPDX-License-Identifier: Apache-2.0
#include "traffic/read_pair.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <boost/test/unit_test.hpp>

#include "cli/print/lines.h"

namespace traffictap {

using traffic::ReadPair;
using traffic::Replaces;

BOOST_AUTO_TEST_SUITE(read_pair)

BOOST_AUTO_TEST_CASE(reads_what_the_outputs_write) {
  const auto pair = ReadPair(fakes::Line("pair"));
  BOOST_REQUIRE(pair.ok());
  BOOST_TEST(pair->request().path() == "/cart/42/items?sku=REDACTED");
  BOOST_TEST(pair->server_size() == 2);
  BOOST_TEST(pair->timings().client_ms() == 120.5);
  BOOST_TEST(pair->timings().start_time().nanos() == 42'123'456);
  BOOST_TEST(!ReadPair(fakes::Line("orphan"))->timings().has_client_ms());
}

BOOST_AUTO_TEST_CASE(skips_fields_that_it_does_not_know) {
  const auto pair = ReadPair(
      R"({"request":{"method":"GET","new":{"a":[1,2]}},"newer":7,"verdict":"SomethingNew"})");
  BOOST_REQUIRE(pair.ok());
  BOOST_TEST(pair->request().method() == "GET");
  BOOST_TEST(pair->verdict() == "SomethingNew");
}

BOOST_AUTO_TEST_CASE(reads_protobufs_own_mapping) {
  auto pair = *ReadPair(fakes::Line("pair"));
  (*pair.mutable_response()->mutable_trailers())["grpc-status"] = "0";
  pair.mutable_request()->set_body_bytes(UINT64_MAX);
  std::string json;
  BOOST_REQUIRE(google::protobuf::util::MessageToJsonString(pair, &json).ok());
  const auto read = ReadPair(json);
  BOOST_REQUIRE_MESSAGE(read.ok(), Message(read.status()));
  BOOST_TEST(google::protobuf::util::MessageDifferencer::Equals(*read, pair));
}

BOOST_AUTO_TEST_CASE(more_sides_an_end_and_newer_records_of_an_open_stream_replace_others) {
  const auto whole = *ReadPair(R"({"request":{},"client":{},"server":[{}]})");
  const auto half = *ReadPair(R"({"request":{},"client":{}})");
  const auto retried = *ReadPair(R"({"request":{},"client":{},"server":[{},{}]})");
  BOOST_TEST(Replaces(whole, half));
  BOOST_TEST(!Replaces(half, whole));
  BOOST_TEST(!Replaces(whole, whole));
  BOOST_TEST(Replaces(retried, whole));
  const auto open = [](double ms) {
    auto out = *ReadPair(R"({"request":{},"state":"Open","client":{},"server":[{}]})");
    out.mutable_timings()->set_server_ms(ms);
    return out;
  };
  BOOST_TEST(Replaces(half, open(1)));
  BOOST_TEST(!Replaces(open(1), half));
  BOOST_TEST(Replaces(open(2), open(1)));
  BOOST_TEST(!Replaces(open(1), open(2)));
  // Of those that do not say how long it has been open the later one is newer.
  BOOST_TEST(Replaces(open(0), open(0)));
}

BOOST_AUTO_TEST_CASE(the_fault_names_the_field) {
  const auto pair = ReadPair(R"({"server":[{"code":"x"}],"request":{}})");
  BOOST_TEST(Message(pair.status()).find("traffictap.v1.Side.code") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_record_is_refused) {
  for (const char* line :
       {"", "{}", "7", "[]", "{", "{\"request\":[]}", "{\"timings\":1}", "{\"request\":{}} x",
        "{\"request\":{\"path\":\"\xff\"}}", "{\"request\":{\"bodyBytes\":-1}}",
        "{\"timings\":{\"startTime\":\"yesterday\"}}", "{\"server\":{},\"request\":{}}",
        "{\"request\":{\"headers\":{\"a\":1}}}"}) {
    BOOST_TEST((ReadPair(line).status().code() == absl::StatusCode::kInvalidArgument), line);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
