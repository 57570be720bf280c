// SPDX-License-Identifier: Apache-2.0
#include "shuffle/block_cipher.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "shuffle/sample_keys.h"

namespace traffictap {

using base::kSecond;
using shuffle::BlockCipher;
using shuffle::BlockEncryption;

namespace {

struct Encrypted {
  BlockEncryption how;
  std::string bytes;
};

Encrypted Encrypt(BlockCipher& cipher, const std::string& header, const std::string& body) {
  Encrypted out;
  out.how = cipher.Next();
  out.bytes = cipher.Encrypt(out.how, header, body);
  return out;
}

absl::StatusCode CodeOf(BlockCipher& cipher, const Encrypted& block, const std::string& header) {
  return cipher.Decrypt(block.how, header, block.bytes).status().code();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(block_cipher)

BOOST_AUTO_TEST_CASE(who_has_the_key_reads_what_another_encrypted) {
  const auto one = MakeCipher(), other = MakeCipher();
  for (const std::string& body : {std::string(), std::string("a"), std::string(300'000, 'x')}) {
    for (int round = 0; round < 3; ++round) {
      const auto block = Encrypt(*one, "header", body);
      const auto back = other->Decrypt(block.how, "header", block.bytes);
      BOOST_REQUIRE_MESSAGE(back.ok(), back.status());
      BOOST_TEST((*back == body));
    }
  }
}

BOOST_AUTO_TEST_CASE(bodies_are_compressed_before_they_are_encrypted) {
  BOOST_TEST(Encrypt(*MakeCipher(), "header", std::string(100'000, 'x')).bytes.size() < 1000u);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_body_can_be_seen) {
  const std::string path = "/orders/4711";
  BOOST_TEST(Encrypt(*MakeCipher(), "h", path).bytes.find("4711") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_block_can_be_altered_and_none_left_out) {
  const auto one = MakeCipher(), other = MakeCipher();
  const auto block = Encrypt(*one, "header", "the body of a block");
  for (size_t i = 0; i < block.bytes.size(); ++i) {
    auto altered = block;
    altered.bytes[i] = static_cast<char>(altered.bytes[i] ^ 1);
    BOOST_TEST((CodeOf(*other, altered, "header") == absl::StatusCode::kUnauthenticated), i);
    altered.bytes = block.bytes.substr(0, i);
    BOOST_TEST((CodeOf(*other, altered, "header") == absl::StatusCode::kUnauthenticated), i);
  }
  BOOST_TEST((CodeOf(*other, block, "headeR") == absl::StatusCode::kUnauthenticated));
  auto moved = block;
  ++moved.how.number;
  BOOST_TEST((CodeOf(*other, moved, "header") == absl::StatusCode::kUnauthenticated));
  moved = block;
  moved.how.salt[0] = static_cast<char>(moved.how.salt[0] ^ 1);
  BOOST_TEST((CodeOf(*other, moved, "header") == absl::StatusCode::kUnauthenticated));
  // Neither before the first true one of a salt nor after it.
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST((CodeOf(*other, block, "header") == absl::StatusCode::kOk));
    BOOST_TEST((CodeOf(*other, block, "headeR") == absl::StatusCode::kUnauthenticated));
  }
}

BOOST_AUTO_TEST_CASE(a_block_is_of_its_topic_alone) {
  const auto block = Encrypt(*MakeCipher(), "header", "body");
  const auto other = MakeCipher(SampleKeys(), false, "traffictap.other");
  BOOST_TEST((CodeOf(*other, block, "header") == absl::StatusCode::kUnauthenticated));
}

BOOST_AUTO_TEST_CASE(no_number_comes_twice_and_no_two_processes_have_one_salt) {
  std::set<std::pair<std::string, uint64_t>> seen;
  std::set<std::string> bytes;
  for (int process = 0; process < 20; ++process) {
    const auto cipher = MakeCipher();
    for (int block = 0; block < 50; ++block) {
      const auto made = Encrypt(*cipher, "header", "the same body");
      BOOST_TEST(seen.emplace(made.how.salt, made.how.number).second);
      BOOST_TEST(bytes.insert(made.bytes).second);
      BOOST_TEST(made.how.salt.size() == shuffle::kSaltBytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_here_is_named_with_what_to_do) {
  const auto block = Encrypt(*MakeCipher(SampleKeys("new")), "header", "body");
  const auto old = MakeCipher(SampleKeys("old"));
  const auto missing = old->Decrypt(block.how, "header", block.bytes).status();
  BOOST_TEST(absl::IsFailedPrecondition(missing), missing);
  BOOST_TEST(Message(missing).find("key \"new\", which is not in the folder") != std::string::npos);
  // Two that are called the same: a mistake of the installation, which must not cost entries.
  const auto other = MakeCipher(SampleKeys("new", 1));
  const auto differs = other->Decrypt(block.how, "header", block.bytes).status();
  BOOST_TEST(absl::IsFailedPrecondition(differs), differs);
  BOOST_TEST(Message(differs).find("another key \"new\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(keys_are_rotated_while_blocks_of_both_are_read) {
  auto keys = SampleKeys("old");
  const auto before = Encrypt(*MakeCipher(keys), "header", "before");
  keys.keys["new"] = SampleKey(1);
  keys.current = "new";
  const auto cipher = MakeCipher(keys);
  const auto after = Encrypt(*cipher, "header", "after");
  BOOST_TEST(after.how.key == "new");
  BOOST_TEST(cipher->Decrypt(before.how, "header", before.bytes).value() == "before");
  BOOST_TEST(cipher->Decrypt(after.how, "header", after.bytes).value() == "after");
}

struct Rotation {
  Rotation() {
    dir.Write("old", kKeyOfOnes);
    dir.Write("current", "old");
    cipher = BlockCipher::Open({"topic", false}, dir.path().string(), &clock).value();
  }
  bool Refresh() {
    clock.Advance(2 * kSecond);
    return cipher->Refresh();
  }
  fakes::TempDir dir;
  fakes::ManualClock clock;
  std::shared_ptr<BlockCipher> cipher;
};

BOOST_FIXTURE_TEST_CASE(files_that_change_are_read_again, Rotation) {
  const auto before = cipher->Next();
  BOOST_TEST(!Refresh());
  BOOST_TEST(cipher->Next().salt == before.salt);
  dir.Write("new", kKeyOfTwos);
  dir.Write("current", "new");
  BOOST_TEST(!cipher->Refresh());  // it has just looked
  BOOST_TEST(cipher->Next().key == "old");
  BOOST_TEST(!Refresh());
  const auto after = cipher->Next();
  BOOST_TEST(after.key == "new");
  BOOST_TEST(after.number == 0u);
  BOOST_TEST(after.salt != before.salt);
  BOOST_TEST(after.key_mark != before.key_mark);
}

BOOST_FIXTURE_TEST_CASE(while_the_files_are_wrong_the_former_keys_stay, Rotation) {
  dir.Write("current", "nobody's");
  BOOST_TEST(!Refresh());
  BOOST_TEST(cipher->Next().key == "old");
  dir.Write("new", kKeyOfTwos);
  dir.Write("current", "new");
  Refresh();
  BOOST_TEST(cipher->Next().key == "new");
}

BOOST_FIXTURE_TEST_CASE(a_key_that_was_lacking_is_said_to_be_there_once, Rotation) {
  const auto block = Encrypt(*MakeCipher({"new", {{"new", std::string(32, '\2')}}}, false, "topic"),
                             "header", "body");
  BOOST_TEST((CodeOf(*cipher, block, "header") == absl::StatusCode::kFailedPrecondition));
  BOOST_TEST(!Refresh());
  dir.Write("new", kKeyOfTwos);
  BOOST_TEST(Refresh());
  BOOST_TEST((CodeOf(*cipher, block, "header") == absl::StatusCode::kOk));
  dir.Write("current", "new");
  BOOST_TEST(!Refresh());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_folder_is_said_at_the_start) {
  fakes::TempDir dir;
  fakes::ManualClock clock;
  const auto cipher = BlockCipher::Open({"topic", false}, dir.path().string(), &clock);
  BOOST_TEST(absl::IsInvalidArgument(cipher.status()), cipher.status());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
