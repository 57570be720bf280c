// SPDX-License-Identifier: Apache-2.0
#include "shuffle/block_keys.h"

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "shuffle/sample_keys.h"

namespace traffictap::shuffle {
namespace {

struct Folder {
  StatusOr<BlockKeys> Read() { return ReadBlockKeys(dir.path().string()); }
  // Its message, which has to say which file it is.
  std::string FaultOf(const std::string& file) {
    const auto keys = Read();
    BOOST_REQUIRE(absl::IsInvalidArgument(keys.status()));
    const std::string out = Message(keys.status());
    BOOST_TEST(out.find("read " + (dir / file) + ": ") == 0u, out);
    return out;
  }
  fakes::TempDir dir;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_keys, Folder)

BOOST_AUTO_TEST_CASE(each_file_is_a_key_and_one_names_that_which_encrypts) {
  dir.Write("2026-10", kKeyOfOnes + "\n");
  dir.Write("2026-11", kKeyOfTwos);
  dir.Write("current", "2026-11\n");
  dir.Write("..data/2026-10", "the kubelet's");
  dir.Write(".hidden", "not ours");
  const auto keys = Read();
  BOOST_REQUIRE_MESSAGE(keys.ok(), keys.status());
  BOOST_TEST(keys->current == "2026-11");
  BOOST_TEST(keys->keys.size() == 2u);
  BOOST_TEST(keys->keys.at("2026-10") == std::string(32, '\1'));
  BOOST_TEST(keys->keys.at("2026-11") == std::string(32, '\2'));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_named_with_how_to_make_one_and_never_shown) {
  dir.Write("current", "a");
  const std::string secret = "do not show me, I am a secret of 44 characters";
  for (const std::string& text :
       {std::string(), secret, secret.substr(0, 44), secret.substr(0, 32), std::string(32, '\1'),
        kKeyOfOnes.substr(0, 40), kKeyOfOnes + kKeyOfOnes, std::string(44, '=')}) {
    dir.Write("a", text);
    const std::string fault = FaultOf("a");
    BOOST_TEST(fault.find("openssl rand -base64 32") != std::string::npos, fault);
    BOOST_TEST(fault.find("do not show") == std::string::npos, fault);
  }
  dir.Write("a", std::string(5000, 'A'));
  BOOST_TEST(FaultOf("a").find("larger than") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_file_that_names_the_key_has_to_be_there_and_right) {
  dir.Write("a", kKeyOfOnes);
  BOOST_TEST(FaultOf("current").find("must have the name of the key") != std::string::npos);
  dir.Write("current", "b");
  BOOST_TEST(FaultOf("current").find("there is no key \"b\"") != std::string::npos);
  // A key where a name should be.
  dir.Write("current", kKeyOfTwos);
  BOOST_TEST(FaultOf("current").find(kKeyOfTwos) == std::string::npos);
  dir.Write("current", "");
  FaultOf("current");
}

BOOST_AUTO_TEST_CASE(two_names_of_one_key_are_refused) {
  dir.Write("a", kKeyOfOnes);
  dir.Write("b", kKeyOfOnes);
  dir.Write("current", "a");
  BOOST_TEST(FaultOf("b").find("the same key as a") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_are_those_of_a_secrets_keys_and_short) {
  dir.Write("current", "a");
  dir.Write("a", kKeyOfOnes);
  dir.Write("b c", kKeyOfTwos);
  BOOST_TEST(FaultOf("b c").find("rename it") != std::string::npos);
  BOOST_TEST(IsBlockKeyId("a-B_3.c"));
  BOOST_TEST(IsBlockKeyId(std::string(64, 'a')));
  BOOST_TEST(!IsBlockKeyId(std::string(65, 'a')));
  BOOST_TEST(!IsBlockKeyId(""));
  BOOST_TEST(!IsBlockKeyId("a\n"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named_and_one_that_is_too_full) {
  const auto keys = ReadBlockKeys(dir / "missing");
  BOOST_REQUIRE(absl::IsInvalidArgument(keys.status()));
  BOOST_TEST(Message(keys.status()).find("missing") != std::string::npos);
  for (int i = 0; i < 65; ++i) dir.Write("key-" + std::to_string(i), kKeyOfOnes);
  BOOST_TEST(Message(Read().status()).find("65 keys") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::shuffle
