// SPDX-License-Identifier: Apache-2.0
#include "als/wire_reader.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

using als::WireReader;

// True where all of `bytes` can be skipped.
bool Skips(const std::string& bytes) {
  WireReader reader(bytes);
  while (reader.Next()) reader.Skip();
  return reader.ok();
}

uint64_t VarintOf(const std::string& bytes, bool* ok) {
  WireReader reader(bytes);
  const uint64_t value = reader.Next() ? reader.Varint() : 0;
  *ok = reader.ok();
  return value;
}

std::string Groups(int depth) {
  return std::string(static_cast<size_t>(depth), '\x0b') +
         std::string(static_cast<size_t>(depth), '\x0c');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_reader)

BOOST_AUTO_TEST_CASE(reads_numbers_and_bytes_with_their_field_numbers) {
  const std::string bytes(
      "\x08\x96\x01\x12\x03"
      "abc",
      8);
  WireReader reader(bytes);
  BOOST_TEST(reader.Next());
  BOOST_TEST(reader.field() == 1);
  BOOST_TEST(!reader.is_bytes());
  BOOST_TEST(reader.Varint() == 150);
  BOOST_TEST(reader.Next());
  BOOST_TEST(reader.field() == 2);
  BOOST_TEST(reader.is_bytes());
  BOOST_TEST(reader.Bytes() == "abc");
  BOOST_TEST(!reader.Next());
  BOOST_TEST(reader.ok());
}

BOOST_AUTO_TEST_CASE(nothing_is_a_valid_message) { BOOST_TEST(Skips("")); }

BOOST_AUTO_TEST_CASE(reads_the_longest_varint_and_refuses_a_longer_one) {
  bool ok = false;
  BOOST_TEST(VarintOf("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &ok) == UINT64_MAX);
  BOOST_TEST(ok);
  VarintOf("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &ok);
  BOOST_TEST(!ok);
}

BOOST_AUTO_TEST_CASE(skips_every_wire_type) {
  BOOST_TEST(Skips("\x08\x01"));                              // varint
  BOOST_TEST(Skips(std::string("\x09\0\0\0\0\0\0\0\0", 9)));  // 64 bits
  BOOST_TEST(
      Skips("\x0a\x02"
            "ab"));                                       // bytes
  BOOST_TEST(Skips(std::string("\x0b\x10\x01\x0c", 4)));  // group
  BOOST_TEST(Skips(std::string("\x0d\0\0\0\0", 5)));      // 32 bits
}

BOOST_AUTO_TEST_CASE(refuses_what_is_cut_off) {
  for (const auto& bytes :
       {std::string("\x08"), std::string("\x08\x80"), std::string("\x09\0\0", 3),
        std::string("\x0a"),
        std::string("\x0a\x05"
                    "abcd"),
        std::string("\x0b\x10\x01", 3), std::string("\x0d\0", 2), std::string("\x80")}) {
    BOOST_TEST(!Skips(bytes));
  }
}

BOOST_AUTO_TEST_CASE(refuses_tags_that_no_message_has) {
  BOOST_TEST(!Skips(std::string("\x00\x00", 2)));  // field 0
  BOOST_TEST(!Skips("\x0e\x01"));                  // wire type 6
  BOOST_TEST(!Skips("\x0f\x01"));                  // wire type 7
  BOOST_TEST(!Skips("\x0c"));                      // the end of no group
  BOOST_TEST(!Skips("\x0b\x14"));                  // the end of another group
  BOOST_TEST(!Skips("\x88\x80\x80\x80\x10\x01"));  // a tag beyond 32 bits
}

BOOST_AUTO_TEST_CASE(refuses_groups_nested_too_deeply_without_using_up_the_stack) {
  BOOST_TEST(Skips(Groups(90)));
  BOOST_TEST(!Skips(Groups(101)));
  BOOST_TEST(!Skips(Groups(1'000'000)));
}

BOOST_AUTO_TEST_CASE(a_length_beyond_the_end_is_refused_however_large) {
  BOOST_TEST(!Skips("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

BOOST_AUTO_TEST_CASE(a_field_of_another_wire_type_is_skipped_and_reads_as_nothing) {
  const std::string bytes(
      "\x0a\x01"
      "a"
      "\x10\x05",
      5);
  WireReader reader(bytes);
  BOOST_TEST(reader.Next());
  BOOST_TEST(reader.Varint() == 0);
  BOOST_TEST(reader.Next());
  BOOST_TEST(reader.Bytes().empty());
  BOOST_TEST(!reader.Next());
  BOOST_TEST(reader.ok());
}

BOOST_AUTO_TEST_CASE(stays_ended_after_a_fault) {
  WireReader reader(
      "\x0a\x05"
      "a");
  BOOST_TEST(reader.Next());
  BOOST_TEST(reader.Bytes().empty());
  BOOST_TEST(!reader.ok());
  BOOST_TEST(!reader.Next());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
