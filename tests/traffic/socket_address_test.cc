// SPDX-License-Identifier: Apache-2.0
#include "traffic/socket_address.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

using traffic::ParseSocketAddress;
using traffic::SocketAddress;

}  // namespace

BOOST_AUTO_TEST_SUITE(socket_address)

BOOST_AUTO_TEST_CASE(shows_an_ipv4_address_as_it_was_written) {
  const auto address = ParseSocketAddress("10.1.2.3", 80);
  BOOST_REQUIRE(address.has_value());
  BOOST_TEST(address->is_v4());
  BOOST_TEST(address->ToString() == "10.1.2.3:80");
  BOOST_TEST(address->IpString() == "10.1.2.3");
}

BOOST_AUTO_TEST_CASE(shows_an_ipv6_address_in_brackets_and_short) {
  const auto address = ParseSocketAddress("fd00:0:0:0::1", 15006);
  BOOST_REQUIRE(address.has_value());
  BOOST_TEST(!address->is_v4());
  BOOST_TEST(address->ToString() == "[fd00::1]:15006");
}

BOOST_AUTO_TEST_CASE(an_ipv4_address_equals_its_mapped_form) {
  const auto mapped = ParseSocketAddress("::ffff:10.1.2.3", 80);
  BOOST_REQUIRE(mapped.has_value());
  BOOST_CHECK(*mapped == *ParseSocketAddress("10.1.2.3", 80));
  BOOST_TEST(mapped->ToString() == "10.1.2.3:80");
}

BOOST_AUTO_TEST_CASE(differs_by_port_and_by_address) {
  BOOST_CHECK(*ParseSocketAddress("10.1.2.3", 80) != *ParseSocketAddress("10.1.2.3", 81));
  BOOST_CHECK(*ParseSocketAddress("10.1.2.3", 80) != *ParseSocketAddress("10.1.2.4", 80));
}

BOOST_AUTO_TEST_CASE(an_absent_address_is_shown_as_nothing) {
  BOOST_TEST(!SocketAddress{}.present());
  BOOST_TEST(SocketAddress{}.ToString().empty());
  BOOST_TEST(SocketAddress{}.IpString().empty());
}

BOOST_AUTO_TEST_CASE(the_ipv4_address_of_all_zeros_is_present) {
  BOOST_TEST(ParseSocketAddress("0.0.0.0", 0)->present());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_address) {
  for (const char* text :
       {"", "localhost", "10.1.2", "10.1.2.3.4", "10.1.2.256", "fe80::1%eth0", "[::1]", "@internal",
        "10.1.2.3 ", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"}) {
    BOOST_TEST(!ParseSocketAddress(text, 1).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(reads_an_address_and_port_as_it_writes_them) {
  for (const char* text : {"10.1.2.3:80", "[fd00::1]:65535", "127.0.0.1:1"}) {
    BOOST_TEST(ParseSocketAddress(text)->ToString() == text);
  }
  for (const char* text : {"", ":80", "10.1.2.3", "10.1.2.3:", "10.1.2.3:80x", "10.1.2.3:65536",
                           "fd00::1", "[10.1.2.3]:80", "[fd00::1]", "host:80", "[]:80"}) {
    BOOST_TEST(!ParseSocketAddress(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(knows_the_loopback) {
  for (const char* ip : {"127.0.0.1", "127.9.9.9", "::1"}) {
    BOOST_TEST(ParseSocketAddress(ip, 1)->is_loopback());
  }
  for (const char* ip : {"10.0.0.127", "::2", "fd00::1"}) {
    BOOST_TEST(!ParseSocketAddress(ip, 1)->is_loopback());
  }
  BOOST_TEST(!SocketAddress{}.is_loopback());
}

BOOST_AUTO_TEST_CASE(refuses_a_view_of_nothing) {
  BOOST_TEST(!ParseSocketAddress(std::string_view(), 1).has_value());
}

BOOST_AUTO_TEST_CASE(refuses_an_address_with_a_zero_byte_behind_it) {
  BOOST_TEST(!ParseSocketAddress(std::string("10.1.2.3\0x", 10), 1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
