// SPDX-License-Identifier: Apache-2.0
#include "traffic/entry_codec.h"

#include <boost/test/unit_test.hpp>

#include "traffic/sample_entries.h"

namespace traffictap::traffic {
namespace {

std::string Write(const SampleEntry& sample) {
  PackedSample packed(sample);
  ByteWriter out;
  WriteEntry(*packed.get(), &out);
  return out.Take();
}

// An entry without numbers, addresses and texts but these, one of each list.
std::string WriteTexts(const std::vector<std::string>& texts) {
  ByteWriter out;
  out.Fixed(0, 8);
  out.Number(0);
  out.Number(0);
  out.Number(texts.size());
  for (const auto& text : texts) out.Text(text);
  return out.Take();
}

std::string WriteNumbers(const std::vector<int64_t>& numbers) {
  ByteWriter out;
  out.Fixed(0, 8);
  out.Number(numbers.size());
  for (const int64_t number : numbers) out.Signed(number);
  out.Number(0);
  out.Number(0);
  return out.Take();
}

bool Readable(const std::string& bytes) {
  ByteReader in(bytes);
  ReadEntry(&in);
  return in.ok();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(entry_codec)

BOOST_AUTO_TEST_CASE(an_entry_comes_back_with_every_number_address_and_text) {
  for (const Reporter reporter : {Reporter::kSource, Reporter::kDestination}) {
    const SampleEntry sample = FullEntry(reporter);
    const std::string bytes = Write(sample);
    ByteReader in(bytes);
    const DecodedEntry back = ReadEntry(&in);
    BOOST_REQUIRE(in.ok());
    BOOST_TEST(in.AtEnd());
    BOOST_TEST(back.request_id_hash == HashRequestId(sample.entry.text(Text::kRequestId)));
    for (size_t i = 0; i < kTextCount; ++i) {
      BOOST_TEST(back.entry.texts[i] == sample.entry.texts[i], i);
    }
    const EntryFacts& before = sample.entry.facts;
    const EntryFacts& after = back.entry.facts;
    BOOST_TEST((after.reporter == reporter));
    BOOST_TEST((after.grpc_status == before.grpc_status));
    BOOST_TEST((after.dry_run == before.dry_run));
    BOOST_TEST(after.response_flags.bits() == before.response_flags.bits());
    BOOST_TEST(after.trace.span == before.trace.span);
    BOOST_TEST(after.duration == before.duration);
    BOOST_TEST(after.upstream_wire_bytes_received == before.upstream_wire_bytes_received);
    BOOST_CHECK(after.upstream_remote == before.upstream_remote);
    // Whatever is not named here: written again, it is the same.
    SampleEntry again;
    again.entry = back.entry;
    BOOST_TEST((Write(again) == bytes));
  }
}

BOOST_AUTO_TEST_CASE(what_an_older_build_did_not_write_is_the_default) {
  const std::string bytes = WriteTexts({});
  ByteReader in(bytes);
  const DecodedEntry back = ReadEntry(&in);
  BOOST_TEST(in.ok());
  BOOST_TEST((back.entry.facts.grpc_status == GrpcStatus::kAbsent));
  BOOST_TEST(back.entry.facts.duration == kAbsent);
  BOOST_TEST(!back.entry.facts.downstream_remote.present());
  BOOST_TEST(back.entry.text(Text::kPath).empty());
}

BOOST_AUTO_TEST_CASE(what_a_newer_build_has_added_is_passed_over) {
  BOOST_TEST(Readable(WriteTexts(std::vector<std::string>(kTextCount + 3))));
  BOOST_TEST(Readable(WriteNumbers(std::vector<int64_t>(100, 0))));
}

BOOST_AUTO_TEST_CASE(numbers_out_of_their_range_are_refused) {
  BOOST_TEST(Readable(WriteNumbers({1, 1, 2, 4, 9, 2, 16})));
  BOOST_TEST(!Readable(WriteNumbers({2})), "a kind that there is not");
  BOOST_TEST(!Readable(WriteNumbers({0, -1})), "a reporter below none");
  BOOST_TEST(!Readable(WriteNumbers({0, 0, 0, 0, 0, 0, -2})), "a gRPC status below none");
}

// They are read without checks later.
BOOST_AUTO_TEST_CASE(lists_of_headers_that_are_torn_or_would_be_cut_are_refused) {
  const auto with = [](const std::string& list) {
    std::vector<std::string> texts(kTextCount);
    texts[static_cast<size_t>(Text::kResponseHeaders)] = list;
    return Readable(WriteTexts(texts));
  };
  const std::string list = HeaderList({{"server", "b"}});
  BOOST_TEST(with(list));
  BOOST_TEST(!with(list.substr(0, list.size() - 1)));
  BOOST_TEST(!with("x"));
  std::string long_list;
  while (long_list.size() <= AccessEntry::kTextBytesMax) long_list += list;
  BOOST_TEST(!with(long_list));
}

BOOST_AUTO_TEST_CASE(a_node_comes_back_without_its_addresses) {
  Node node = *SampleNode();
  node.addresses = {*ParseSocketAddress("10.0.0.1", 0)};
  ByteWriter out;
  WriteNode(node, &out);
  const std::string bytes = out.Take();
  ByteReader in(bytes);
  Node back;
  ReadNode(&in, &back);
  BOOST_TEST(in.ok());
  BOOST_TEST(in.AtEnd());
  BOOST_TEST(back.id == node.id);
  BOOST_TEST(back.service_account == node.service_account);
  BOOST_TEST(back.zone == node.zone);
  BOOST_CHECK(back.labels == node.labels);
  BOOST_TEST(back.addresses.empty());
}

BOOST_AUTO_TEST_CASE(an_address_comes_back_absent_or_present) {
  for (const char* ip : {"10.0.0.1", "fd00::1"}) {
    const SocketAddress address = *ParseSocketAddress(ip, 8080);
    ByteWriter out;
    WriteAddress(address, &out);
    const std::string bytes = out.Take();
    ByteReader in(bytes);
    BOOST_CHECK(ReadAddress(&in) == address);
    BOOST_TEST(in.AtEnd());
  }
  ByteWriter out;
  WriteAddress({}, &out);
  BOOST_TEST(out.Take() == std::string(1, '\0'));
  ByteReader wrong(
      "\x03"
      "abc");
  ReadAddress(&wrong);
  BOOST_TEST(!wrong.ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::traffic
