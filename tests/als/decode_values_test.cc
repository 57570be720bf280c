// SPDX-License-Identifier: Apache-2.0
#include "als/decode_values.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "als/entry_protos.h"
#include "google/protobuf/wrappers.pb.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_values)

BOOST_AUTO_TEST_CASE(a_time_counts_from_zero_to_its_bound) {
  google::protobuf::Duration time;
  base::Nanos nanos = -7;
  BOOST_TEST(DecodeSecondsNanos("", &nanos));
  BOOST_TEST(nanos == 0);
  SetSeconds(&time, kTimeMax / base::kSecond - 1, 999'999'999);
  BOOST_TEST(DecodeSecondsNanos(time.SerializeAsString(), &nanos));
  BOOST_TEST(nanos == kTimeMax - 1);
  SetSeconds(&time, kTimeMax / base::kSecond, 0);
  BOOST_TEST(DecodeSecondsNanos(time.SerializeAsString(), &nanos));
  BOOST_TEST(nanos == kTimeMax - 1);
}

BOOST_AUTO_TEST_CASE(a_wrapped_number_is_zero_where_it_is_not_written) {
  google::protobuf::UInt32Value wrapped;
  uint64_t number = 7;
  BOOST_TEST(DecodeWrappedNumber(wrapped.SerializeAsString(), &number));
  BOOST_TEST(number == 0);
  wrapped.set_value(UINT32_MAX);
  BOOST_TEST(DecodeWrappedNumber(wrapped.SerializeAsString(), &number));
  BOOST_TEST(number == UINT32_MAX);
}

BOOST_AUTO_TEST_CASE(a_map_entry_without_key_has_an_empty_one) {
  std::string_view key;
  std::string_view value;
  BOOST_TEST(DecodeMapEntry(std::string_view("\x12\x01v", 3), &key, &value));
  BOOST_TEST(key.empty());
  BOOST_TEST(value == "v");
}

BOOST_AUTO_TEST_CASE(an_address_that_was_read_before_is_forgotten) {
  traffic::SocketAddress address = *traffic::ParseSocketAddress("10.0.0.1", 80);
  BOOST_TEST(DecodeAddress("", &address));
  BOOST_TEST(!address.present());
}

BOOST_AUTO_TEST_CASE(an_internal_listeners_endpoint_is_the_address_that_its_id_names) {
  envoy::config::core::v3::Address address;
  auto* internal = address.mutable_envoy_internal_address();
  internal->set_server_listener_name("connect_originate");
  traffic::SocketAddress read;
  for (const auto& [id, shown] :
       {std::pair<std::string, std::string>{"10.3.0.7:9090", "10.3.0.7:9090"},
        {"[fd00::7]:9090", "[fd00::7]:9090"},
        {"cart.shop:9090", ""},
        {"10.3.0.7", ""},
        {"", ""}}) {
    internal->set_endpoint_id(id);
    BOOST_TEST(DecodeAddress(address.SerializeAsString(), &read));
    BOOST_TEST(read.ToString() == shown);
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_protobuf_are_refused) {
  base::Nanos nanos = 0;
  uint64_t number = 0;
  std::string_view text;
  traffic::SocketAddress address;
  traffic::ResponseFlags flags;
  BOOST_TEST(!DecodeSecondsNanos("\x08", &nanos));
  BOOST_TEST(!DecodeWrappedNumber("\x08", &number));
  BOOST_TEST(!DecodeMapEntry("\x0a\x05", &text, &text));
  BOOST_TEST(!DecodeAddress("\x0a\x02\x12\x05", &address));
  BOOST_TEST(!DecodeAddress("\x1a\x02\x12\x05", &address));
  BOOST_TEST(!DecodeResponseFlags("\x08", &flags));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
