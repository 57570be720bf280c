// SPDX-License-Identifier: Apache-2.0
#include "shuffle/half_block.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <random>

#include "fmt/format.h"
#include "shuffle/raw_block.h"
#include "shuffle/sample_keys.h"
#include "traffic/record_batch.h"
#include "traffic/sample_entries.h"

namespace traffictap::shuffle {
namespace {

using traffic::FullEntry;
using traffic::PackedSample;
using traffic::Reporter;
using traffic::SampleEntry;
using traffic::SampleNode;
using traffic::Text;

constexpr base::Nanos kNow = 100 * base::kSecond;

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

// What is written of an entry, but for its arrival.
std::string Written(const traffic::PackedEntry& entry) {
  traffic::TrafficPair pair;
  pair.client = &entry;
  traffic::RecordBatch batch(
      std::make_shared<traffic::RecordOrigin>(traffic::RecordOrigin{"shop/tap"}));
  const traffic::NodePtr node = SampleNode();
  batch.Add(pair, {&node, 1});
  return std::string(batch.json_line(0));
}

traffic::NodePtr NodeWithAddresses() {
  traffic::Node node = *SampleNode("stock");
  node.addresses = {*traffic::ParseSocketAddress("10.0.0.1", 0),
                    *traffic::ParseSocketAddress("fd00::1", 0)};
  return std::make_shared<const traffic::Node>(std::move(node));
}

BlockHeader Header() {
  BlockHeader out;
  out.receiver = "receiver-1";
  out.taps_hash = 77;
  out.partition = 5;
  out.first_sequence = 11;
  return out;
}

// Two halves of one proxy and one of another, of two sets of taps.
std::string ThreeHalves(BlockCipher* cipher = nullptr) {
  BlockEncoder encoder;
  PackedSample one(FullEntry(Reporter::kSource));
  PackedSample two(FullEntry(Reporter::kDestination));
  one.get()->arrival = kNow - 3 * base::kSecond;
  two.get()->arrival = kNow - base::kSecond;
  const std::array<uint64_t, 2> both = {1, 2};
  const traffic::NodePtr stock = NodeWithAddresses();
  encoder.Add(*one.get(), one.node(), both, 5 * base::kSecond);
  encoder.Add(*two.get(), stock, both, 6 * base::kSecond);
  encoder.Add(*two.get(), one.node(), std::span(both).first(1), 7 * base::kSecond);
  return encoder.Seal(Header(), kNow, cipher);
}

// A half as its message is in a body: of the first proxy and the first set of taps.
std::string RawHalf(std::string_view entry) {
  return RawBytes(3, RawNumber(1, 0) + RawNumber(2, 0) + RawNumber(3, 0) + RawNumber(4, 1) +
                         RawBytes(5, entry));
}

// The block of the_bytes_are_those_of_the_format with SampleKeys(), a salt of
// the bytes 100 to 115, and number 5.
constexpr const char* kEncryptedHex =
    "0a46080210001a03722d3121070000000000000028033009380140dc0b48f40350005a0732303236"
    "2d3131613e2c4824e21069f56a106465666768696a6b6c6d6e6f70717273700515a7732a351a8601"
    "8d02a22137861497c10b93dd4101e80716240843cc5ce21d7163b50eb4a7f51c4894c042f53e167c"
    "91c3c99e445f4fc9954a1dbcaf3b96b750281d545c28eef32bd1c18a7c36aa5a3c6174b50c41219d"
    "6690bf071733c7bbb94dace27dc4e57d904b67e9b3c5f8c68efa444a4b15cd3491b5a756ba914146"
    "ad83905abf370d32503e147246c82556042d79";

// No numbers, addresses and texts: all of them are the defaults.
const std::string kBareEntry(11, '\0');
// A node without names and labels, and taps of no tap.
const std::string kBareDictionaries =
    RawBytes(1, RawBytes(1, std::string(12, '\0'))) + RawBytes(2, "");

}  // namespace

BOOST_AUTO_TEST_SUITE(half_block)

BOOST_AUTO_TEST_CASE(halves_come_back_as_they_were) {
  const auto block = DecodeBlock(ThreeHalves());
  BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
  BlockHeader header = Header();
  header.count = 3;
  header.sealed = kNow;
  header.greatest_age = 3 * base::kSecond;
  BOOST_CHECK((*block)->header == header);
  const auto& halves = (*block)->halves;
  BOOST_REQUIRE(halves.size() == 3u);
  PackedSample one(FullEntry(Reporter::kSource));
  PackedSample two(FullEntry(Reporter::kDestination));
  BOOST_TEST(Written(*halves[0].entry) == Written(*one.get()));
  BOOST_TEST(Written(*halves[1].entry) == Written(*two.get()));
  BOOST_TEST(halves[0].entry->request_id_hash == one.get()->request_id_hash);
  BOOST_TEST(halves[0].age == 3 * base::kSecond);
  BOOST_TEST(halves[1].age == base::kSecond);
  BOOST_TEST(halves[2].window == 7 * base::kSecond);
  for (const Half& half : halves) {
    BOOST_TEST(half.entry->taps.empty());
    BOOST_TEST(half.entry->node == (*block)->nodes[half.node].get());
  }
}

BOOST_AUTO_TEST_CASE(proxies_and_sets_of_taps_stand_in_a_block_once) {
  const auto block = DecodeBlock(ThreeHalves());
  BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
  BOOST_REQUIRE((*block)->nodes.size() == 2u);
  BOOST_REQUIRE((*block)->tap_sets.size() == 2u);
  BOOST_TEST((*block)->halves[0].node == (*block)->halves[2].node);
  BOOST_TEST((*block)->halves[0].tap_set == (*block)->halves[1].tap_set);
  BOOST_TEST((*block)->tap_sets[0] == (std::vector<uint64_t>{1, 2}),
             boost::test_tools::per_element());
  BOOST_TEST((*block)->tap_sets[1] == std::vector<uint64_t>{1}, boost::test_tools::per_element());
  const traffic::Node& stock = *(*block)->nodes[(*block)->halves[1].node];
  const traffic::NodePtr expected = NodeWithAddresses();
  BOOST_TEST(stock.id == expected->id);
  BOOST_TEST(stock.network == expected->network);
  BOOST_CHECK(stock.labels == expected->labels);
  BOOST_CHECK(stock.addresses == expected->addresses);
}

BOOST_AUTO_TEST_CASE(the_mark_of_a_path_comes_back_where_there_is_one) {
  BlockEncoder encoder;
  PackedSample sample(FullEntry(Reporter::kSource));
  const uint64_t tap = 1;
  encoder.Add(*sample.get(), sample.node(), {&tap, 1}, base::kSecond);
  sample.get()->path_mark = 0xfffffffe;
  encoder.Add(*sample.get(), sample.node(), {&tap, 1}, base::kSecond);
  const auto block = DecodeBlock(encoder.Seal(Header(), kNow));
  BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
  BOOST_TEST((*block)->halves.at(0).entry->path_mark == 0u);
  BOOST_TEST((*block)->halves.at(1).entry->path_mark == 0xfffffffeu);
}

BOOST_AUTO_TEST_CASE(an_encoder_is_empty_again_once_it_has_sealed) {
  BlockEncoder encoder;
  PackedSample sample(FullEntry(Reporter::kSource));
  sample.get()->arrival = kNow;
  const uint64_t tap = 1;
  encoder.Add(*sample.get(), sample.node(), {&tap, 1}, base::kSecond);
  BOOST_TEST(encoder.count() == 1u);
  BOOST_TEST(encoder.oldest() == kNow);
  BOOST_TEST(encoder.bytes() > 0u);
  const std::string first = encoder.Seal(Header(), kNow);
  BOOST_TEST(encoder.count() == 0u);
  BOOST_TEST(encoder.bytes() == 0u);
  encoder.Add(*sample.get(), sample.node(), {&tap, 1}, base::kSecond);
  BOOST_TEST(encoder.Seal(Header(), kNow) == first);
}

// Pairers of other versions read them: these bytes never change.
BOOST_AUTO_TEST_CASE(the_bytes_are_those_of_the_format) {
  traffic::Node node;
  node.id = "n";
  node.labels = {{"app", "a"}};
  node.addresses = {*traffic::ParseSocketAddress("10.0.0.1", 0)};
  SampleEntry sample;
  sample.node = std::make_shared<const traffic::Node>(node);
  sample.facts().method = traffic::Method::kGet;
  sample.facts().response_code = 200;
  sample.facts().start_time = 5000;
  sample.facts().downstream_remote = *traffic::ParseSocketAddress("10.0.0.9", 8080);
  sample.Set(Text::kPath, "/a");
  PackedSample packed(sample);
  packed.get()->arrival = 1000;
  const uint64_t tap = TapHash("shop/tap");
  BlockEncoder encoder;
  encoder.Add(*packed.get(), packed.node(), {&tap, 1}, 5 * base::kSecond);
  BlockHeader header;
  header.receiver = "r-1";
  header.taps_hash = 7;
  header.partition = 3;
  header.first_sequence = 9;
  BOOST_TEST(Hex(encoder.Seal(header, 1500)) ==
             "0a20080110001a03722d3121070000000000000028033009380140dc0b48f40350001522fd5d501a"
             "a9010a290a13016e0000000000000000000001036170700161121200000000000000000000ffff0a"
             "0000010000120a0a083bc1b2903c1538221a700800100018e8072080e497d0122a61000000000000"
             "00002300000000020001000090030000904e01010101010101010000000000000000000000000000"
             "051200000000000000000000ffff0a000009901f0000000018000000022f61000000000000000000"
             "00000000000000000000002508c1e6ce");
}

BOOST_AUTO_TEST_CASE(a_block_without_halves_tells_the_time) {
  BlockHeader tick;
  tick.partition = 2;
  const std::string bytes = BlockEncoder().Seal(tick, 100);
  BOOST_TEST(Hex(bytes) ==
             "0a1b080110001a0021000000000000000028023000380040644800500015c0d264ef1a0025000000"
             "00");
  const auto block = DecodeBlock(bytes);
  BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
  BOOST_TEST((*block)->header.receiver.empty());
  BOOST_TEST((*block)->header.sealed == 100);
  BOOST_TEST((*block)->halves.empty());
}

BOOST_AUTO_TEST_CASE(a_goodbye_comes_back) {
  BlockHeader header = Header();
  header.bye = true;
  const auto back = DecodeHeader(BlockEncoder().Seal(header, kNow));
  BOOST_REQUIRE_MESSAGE(back.ok(), back.status());
  BOOST_TEST(back->bye);
}

BOOST_AUTO_TEST_CASE(fields_of_a_newer_minor_format_are_skipped) {
  const std::string unknown = RawNumber(90, 1) + RawBytes(91, "new") + RawFixed32(92, 7);
  const std::string half = RawBytes(3, RawBytes(5, kBareEntry) + unknown);
  const auto block = DecodeBlock(unknown + RawBlock(RawHeader(1) + RawNumber(2, 9) + unknown,
                                                    kBareDictionaries + unknown + half));
  BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
  BOOST_TEST((*block)->header.format_minor == 9u);
  BOOST_TEST((*block)->halves.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_newer_major_format_is_refused_whatever_else_it_says) {
  const std::string bytes = RawBlock(RawNumber(1, 3) + RawNumber(7, UINT64_MAX), "new");
  const auto header = DecodeHeader(bytes);
  BOOST_TEST(absl::IsUnimplemented(header.status()), header.status());
  BOOST_TEST(Message(header.status()).find("format 3.0") != std::string::npos);
  BOOST_TEST(Message(header.status()).find("update pairers before receivers") != std::string::npos);
  BOOST_TEST(absl::IsUnimplemented(DecodeBlock(bytes).status()));
}

BOOST_AUTO_TEST_CASE(a_torn_body_is_told_from_a_torn_header) {
  const std::string bytes = ThreeHalves();
  std::string torn = bytes;
  torn[torn.size() - 10] = static_cast<char>(torn[torn.size() - 10] ^ 1);
  BOOST_TEST(absl::IsDataLoss(DecodeBlock(torn).status()));
  const auto header = DecodeHeader(torn);
  BOOST_REQUIRE_MESSAGE(header.ok(), header.status());
  BOOST_TEST(header->count == 3u);
  torn = bytes;
  torn[8] = static_cast<char>(torn[8] ^ 1);
  BOOST_TEST(absl::IsDataLoss(DecodeHeader(torn).status()));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_cut_anywhere_are_refused) {
  const std::string bytes = ThreeHalves();
  for (size_t size = 0; size < bytes.size(); ++size) {
    BOOST_TEST(!DecodeBlock(std::string_view(bytes).substr(0, size)).ok(), size);
  }
}

BOOST_AUTO_TEST_CASE(bodies_that_do_not_fit_are_refused_though_their_checksum_does) {
  const std::string half = RawHalf(kBareEntry);
  const auto code = [](uint32_t count, const std::string& body) {
    return DecodeBlock(RawBlock(RawHeader(count), body)).status().code();
  };
  const auto loss = absl::StatusCode::kDataLoss;
  BOOST_TEST((code(1, kBareDictionaries + half) == absl::StatusCode::kOk));
  BOOST_TEST((code(2, kBareDictionaries + half) == loss), "fewer halves");
  BOOST_TEST((code(1, kBareDictionaries + half + half) == loss), "more halves");
  BOOST_TEST((code(1, half) == loss), "no dictionaries");
  BOOST_TEST((code(1, kBareDictionaries + kBareDictionaries + half) == loss), "more proxies");
  BOOST_TEST((code(1, kBareDictionaries + RawHalf("x")) == loss), "a torn entry");
  const std::string many(8 * (traffic::TapSet::kTapsMax + 1), 'x');
  const std::string too_many_taps =
      RawBytes(1, RawBytes(1, std::string(12, '\0'))) + RawBytes(2, RawBytes(1, many));
  BOOST_TEST((code(1, too_many_taps + half) == loss), "more taps than there can be");
}

BOOST_AUTO_TEST_CASE(values_of_a_header_stay_within_their_bounds) {
  const auto header = [](const std::string& more) {
    return DecodeHeader(RawBlock(RawNumber(1, 1) + more, ""));
  };
  BOOST_TEST(absl::IsDataLoss(header(RawNumber(7, uint64_t{kHalvesMax} + 1)).status()));
  BOOST_TEST(absl::IsDataLoss(header(RawNumber(5, uint64_t{1} << 31)).status()));
  BOOST_TEST(
      absl::IsDataLoss(header(RawBytes(3, std::string(kReceiverBytesMax + 1, 'r'))).status()));
  BOOST_TEST(absl::IsDataLoss(DecodeHeader(RawBlock("", "")).status()));
  BOOST_TEST(absl::IsDataLoss(DecodeHeader(std::string(kBlockBytesMax + 1, 'x')).status()));
  const auto old = header(RawNumber(9, UINT64_MAX));
  BOOST_REQUIRE_MESSAGE(old.ok(), old.status());
  BOOST_TEST(old->greatest_age == kAgeMax);
}

BOOST_AUTO_TEST_CASE(a_receivers_block_without_a_number_is_refused) {
  const auto header = [](const std::string& receiver, uint64_t first) {
    const std::string fields = RawNumber(1, 1) + RawBytes(3, receiver) + RawNumber(6, first);
    return DecodeHeader(RawBlock(fields, "")).status();
  };
  BOOST_TEST(absl::IsDataLoss(header("receiver", 0)));
  BOOST_TEST(absl::IsDataLoss(
      DecodeHeader(RawBlock(RawNumber(1, 1) + RawBytes(3, "receiver"), "")).status()));
  BOOST_TEST(header("receiver", 1).ok());
  BOOST_TEST(header("", 0).ok());
}

BOOST_AUTO_TEST_CASE(ages_and_windows_stay_within_their_bounds) {
  const auto half = [](uint64_t arrival, uint64_t window) {
    const std::string message =
        RawNumber(3, arrival) + RawNumber(4, window) + RawBytes(5, kBareEntry);
    const auto block = DecodeBlock(
        RawBlock(RawHeader(1) + RawNumber(8, 1000), kBareDictionaries + RawBytes(3, message)));
    BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
    return (*block)->halves[0];
  };
  BOOST_TEST(half(400, 2).age == 600);
  BOOST_TEST(half(400, 2).window == 2);
  BOOST_TEST(half(2000, 2).age == 0);
  BOOST_TEST(half(static_cast<uint64_t>(-kAgeMax), 2).age == kAgeMax);
  BOOST_TEST(half(0, UINT64_MAX).window == kWindowMax);
}

BOOST_AUTO_TEST_CASE(encrypted_halves_come_back_as_they_were) {
  const auto cipher = MakeCipher(), other = MakeCipher();
  for (int round = 0; round < 2; ++round) {
    const std::string bytes = ThreeHalves(cipher.get());
    const auto block = DecodeBlock(bytes, other.get());
    BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
    BOOST_REQUIRE((*block)->halves.size() == 3u);
    BOOST_TEST(Written(*(*block)->halves[1].entry) ==
               Written(*PackedSample(FullEntry(Reporter::kDestination)).get()));
    // What needs no key.
    const auto header = DecodeHeader(bytes);
    BOOST_REQUIRE_MESSAGE(header.ok(), header.status());
    BOOST_TEST(header->format_major == 2u);
    BOOST_TEST(header->count == 3u);
    BOOST_TEST(header->sealed == kNow);
    BOOST_TEST(header->encryption.value().key == "2026-11");
    BOOST_TEST(header->encryption.value().number == static_cast<uint64_t>(round));
    BOOST_CHECK((*block)->header == *header);
  }
}

BOOST_AUTO_TEST_CASE(an_encrypted_block_shows_nothing_of_its_halves) {
  const std::string path(PackedSample(FullEntry(Reporter::kSource)).get()->text(Text::kPath));
  BOOST_REQUIRE(!path.empty());
  BOOST_TEST(ThreeHalves().find(path) != std::string::npos);
  const std::string node = SampleNode()->id;
  BOOST_TEST(ThreeHalves().find(node) != std::string::npos);
  const auto cipher = MakeCipher();
  BOOST_TEST(ThreeHalves(cipher.get()).find(path) == std::string::npos);
  BOOST_TEST(ThreeHalves(cipher.get()).find(node) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_byte_of_an_encrypted_block_can_be_altered_though_its_checksums_fit) {
  const auto cipher = MakeCipher();
  const RawParts parts(ThreeHalves(cipher.get()));
  BOOST_REQUIRE(DecodeBlock(RawBlock(parts.header, parts.body), cipher.get()).ok());
  for (size_t i = 0; i < parts.header.size(); ++i) {
    std::string altered = parts.header;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    BOOST_TEST(!DecodeBlock(RawBlock(altered, parts.body), cipher.get()).ok(), i);
  }
  for (size_t i = 0; i < parts.body.size(); ++i) {
    std::string altered = parts.body;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto block = DecodeBlock(RawBlock(parts.header, altered), cipher.get());
    BOOST_TEST(absl::IsUnauthenticated(block.status()), i << ": " << block.status());
  }
}

// Somebody without the key moves a block elsewhere, or makes it count for more.
BOOST_AUTO_TEST_CASE(a_header_is_of_its_body_alone) {
  const auto cipher = MakeCipher();
  const RawParts parts(ThreeHalves(cipher.get()));
  // The last value of a field counts, so what is added overwrites.
  for (const std::string& forged :
       {RawNumber(5, 6), RawNumber(6, 1), RawNumber(8, 1), RawNumber(9, 1), RawNumber(10, 1),
        RawBytes(3, "r"), RawNumber(90, 1)}) {
    const auto block = DecodeBlock(RawBlock(parts.header + forged, parts.body), cipher.get());
    BOOST_TEST(absl::IsUnauthenticated(block.status()), block.status());
  }
  // As a plain block it is none either.
  const auto plain = DecodeBlock(RawBlock(parts.header + RawNumber(1, 1), parts.body));
  BOOST_TEST(absl::IsDataLoss(plain.status()), plain.status());
}

BOOST_AUTO_TEST_CASE(a_plain_block_is_refused_where_blocks_are_encrypted_but_for_a_while) {
  const auto cipher = MakeCipher();
  BOOST_TEST(absl::IsUnauthenticated(DecodeBlock(ThreeHalves(), cipher.get()).status()));
  const std::string tick = BlockEncoder().Seal(BlockHeader(), kNow);
  BOOST_TEST(absl::IsUnauthenticated(DecodeBlock(tick, cipher.get()).status()));
  const auto lenient = MakeCipher(SampleKeys(), true);
  BOOST_TEST(DecodeBlock(ThreeHalves(), lenient.get()).ok());
  BOOST_TEST(DecodeBlock(ThreeHalves(cipher.get()), lenient.get()).ok());
}

BOOST_AUTO_TEST_CASE(without_the_key_an_encrypted_block_is_not_lost_but_waits) {
  const std::string bytes = ThreeHalves(MakeCipher().get());
  const auto without = DecodeBlock(bytes).status();
  BOOST_TEST(absl::IsFailedPrecondition(without), without);
  BOOST_TEST(Message(without).find("\"2026-11\": set --shuffle-encryption") != std::string::npos);
  const auto other = DecodeBlock(bytes, MakeCipher(SampleKeys("other")).get()).status();
  BOOST_TEST(absl::IsFailedPrecondition(other), other);
}

// Pairers of other versions read them. Made by a program of its own, from the bytes of the plain one above.
BOOST_AUTO_TEST_CASE(encrypted_bytes_are_those_of_the_format) {
  std::string bytes;
  for (const char* at = kEncryptedHex; *at != '\0'; at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(at, 2), nullptr, 16));
  }
  const auto block = DecodeBlock(bytes, MakeCipher().get());
  BOOST_REQUIRE_MESSAGE(block.ok(), block.status());
  BOOST_TEST((*block)->header.receiver == "r-1");
  BOOST_TEST((*block)->header.encryption.value().number == 5u);
  BOOST_REQUIRE((*block)->halves.size() == 1u);
  BOOST_TEST((*block)->halves[0].entry->text(Text::kPath) == "/a");
}

BOOST_AUTO_TEST_CASE(what_a_header_says_of_its_encryption_stays_within_bounds) {
  const auto header = [](const std::string& key, const std::string& salt) {
    const std::string fields =
        RawNumber(1, 2) + RawNumber(6, 1) + RawBytes(11, key) + RawBytes(13, salt);
    return DecodeHeader(RawBlock(fields, "")).status();
  };
  const std::string salt(kSaltBytes, 's');
  BOOST_TEST(header("a", salt).ok());
  BOOST_TEST(absl::IsDataLoss(header("", salt)));
  BOOST_TEST(absl::IsDataLoss(header("a\x1b[2J", salt)));  // it would be in the log
  BOOST_TEST(absl::IsDataLoss(header(std::string(65, 'a'), salt)));
  BOOST_TEST(absl::IsDataLoss(header("a", salt + "s")));
  BOOST_TEST(absl::IsDataLoss(header("a", "")));
}

// With the sanitizers this shows more than without.
BOOST_AUTO_TEST_CASE(random_bytes_are_safe_behind_any_checksum) {
  const std::string bytes = ThreeHalves();
  const std::string body = RawParts(bytes).body;
  const std::string header = RawHeader(3);
  BOOST_REQUIRE_MESSAGE(DecodeBlock(RawBlock(header, body)).ok(), "the body is not found");
  std::mt19937 random(16);
  for (int round = 0; round < 5000; ++round) {
    std::string altered = body;
    for (int hits = 0; hits < 3; ++hits) {
      altered[random() % altered.size()] = static_cast<char>(random());
    }
    const auto block = DecodeBlock(RawBlock(header, altered));
    if (!block.ok()) continue;
    for (const Half& half : (*block)->halves) BOOST_TEST(!Written(*half.entry).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::shuffle
