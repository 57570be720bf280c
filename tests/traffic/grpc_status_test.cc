// SPDX-License-Identifier: Apache-2.0
#include "traffic/grpc_status.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test

std::string Message(std::string_view value) {
  std::string out = "left from before";
  ReadGrpcMessage(value, &out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grpc_status)

BOOST_AUTO_TEST_CASE(each_number_of_the_wire_has_its_name_and_back) {
  for (int number = 0; number <= 16; ++number) {
    const auto status = ReadGrpcStatus(std::to_string(number));
    BOOST_TEST(static_cast<int>(status) == number);
    BOOST_CHECK(ParseGrpcStatus(ToString(status)) == status);
  }
  BOOST_TEST(ToString(ReadGrpcStatus("14")) == std::string("UNAVAILABLE"));
  BOOST_TEST(ToString(GrpcStatus::kAbsent) == std::string());
  BOOST_CHECK(ParseGrpcStatus("unavailable") == GrpcStatus::kAbsent);
}

BOOST_AUTO_TEST_CASE(a_number_beyond_the_known_ones_is_unknown_and_no_number_is_no_status) {
  for (const char* value : {"17", "99", "99999999999999999999"}) {
    BOOST_CHECK(ReadGrpcStatus(value) == GrpcStatus::kUnknown);
  }
  for (const char* value : {"", "OK", "-1", "1x", " 1"}) {
    BOOST_CHECK(ReadGrpcStatus(value) == GrpcStatus::kAbsent);
  }
}

BOOST_AUTO_TEST_CASE(a_message_is_percent_decoded_and_bounded) {
  BOOST_TEST(Message("no%20stock %e2%82%ac") == "no stock \xe2\x82\xac");
  BOOST_TEST(Message("100%") == "100%");
  BOOST_TEST(Message("5%zz%4") == "5%zz%4");
  BOOST_TEST(Message("").empty());
  BOOST_TEST(Message(std::string(5'000, 'a')).size() == kGrpcMessageBytesMax);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
