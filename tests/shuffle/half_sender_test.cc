// SPDX-License-Identifier: Apache-2.0
#include "shuffle/half_sender.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "shuffle/fake_outlet.h"
#include "shuffle/half_block.h"
#include "shuffle/sample_keys.h"
#include "traffic/entry_batch.h"
#include "traffic/partition_key.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;

struct HalfSenderTest {
  static shuffle::HalfSenderOptions Options() {
    shuffle::HalfSenderOptions out;
    out.blocks.receiver = "r";
    out.blocks.partitions = 4;
    out.bytes_max = 1000;
    return out;
  }
  void Add(const std::string& id) {
    traffic::EntryBatch batch(node);
    auto* entry = batch.Add(fakes::EntryBuilder::Client().Id(id).entry());
    entry->arrival = clock.Monotonic();
    const uint64_t tap = shuffle::TapHash("shop/tap");
    sender.Add(traffic::PartitionKey(*entry), *entry, node, {&tap, 1}, 5 * kSecond);
  }
  // Halves by partition, of all blocks.
  std::map<uint32_t, uint64_t> Halves() const {
    std::map<uint32_t, uint64_t> out;
    for (const auto& [partition, bytes] : outlet.sent) {
      const auto header = shuffle::DecodeHeader(bytes).value();
      BOOST_TEST(header.partition == partition);
      out[partition] += header.count;
    }
    return out;
  }

  const traffic::NodePtr node = fakes::MakeNode("10.0.0.1");
  fakes::ManualClock clock;
  FakeOutlet outlet;
  shuffle::HalfSender sender{Options(), &outlet, &clock};
};

BOOST_FIXTURE_TEST_SUITE(half_sender, HalfSenderTest)

BOOST_AUTO_TEST_CASE(halves_of_one_request_go_to_one_partition_and_each_is_counted) {
  BOOST_REQUIRE(sender.HasRoom(0));
  for (int i = 0; i < 50; ++i) {
    Add("00000000-0000-4000-8000-0000000000" + std::to_string(10 + i));
    Add("00000000-0000-4000-8000-0000000000" + std::to_string(10 + i));
  }
  sender.Publish();
  BOOST_TEST(sender.state().building == 100u);
  clock.Advance(kSecond);
  sender.EndTurn();
  const auto halves = Halves();
  BOOST_TEST(halves.size() == 4u);
  uint64_t sum = 0;
  for (const auto& [partition, count] : halves) {
    BOOST_TEST(count % 2 == 0u);
    sum += count;
  }
  BOOST_TEST(sum == 100u);
  outlet.AckAll();
  sender.Publish();
  BOOST_TEST(sender.state().counters.acked == 100u);
  BOOST_TEST(sender.state().building == 0u);
}

BOOST_AUTO_TEST_CASE(blocks_are_encrypted_with_the_key_that_the_folder_names_by_then) {
  fakes::TempDir dir;
  dir.Write("old", kKeyOfOnes);
  dir.Write("new", kKeyOfTwos);
  dir.Write("current", "old");
  auto options = Options();
  options.blocks.cipher =
      shuffle::BlockCipher::Open({"t", false}, dir.path().string(), &clock).value();
  shuffle::HalfSender encrypts(options, &outlet, &clock);
  BOOST_REQUIRE(encrypts.HasRoom(0));
  for (const std::string key : {"old", "new"}) {
    dir.Write("current", key);
    outlet.sent.clear();
    clock.Advance(3 * kSecond);
    encrypts.EndTurn();
    BOOST_REQUIRE(outlet.sent.size() == 4u);
    for (const auto& [partition, bytes] : outlet.sent) {
      BOOST_TEST(shuffle::DecodeHeader(bytes).value().encryption.value().key == key);
    }
  }
}

BOOST_AUTO_TEST_CASE(there_is_no_room_while_the_log_lags_and_again_when_it_has_caught_up) {
  BOOST_REQUIRE(sender.HasRoom(0));
  for (int i = 0; i < 40; ++i) Add("id-" + std::to_string(i));
  clock.Advance(kSecond);
  sender.EndTurn();
  BOOST_TEST(outlet.bytes() > 1000u);
  BOOST_TEST(!sender.HasRoom(0));
  outlet.AckAll();
  BOOST_TEST(sender.HasRoom(0));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_topic_is_said_and_tried_again_after_a_while) {
  outlet.open_status = absl::FailedPreconditionError("no such topic");
  BOOST_TEST(!sender.HasRoom(0));
  sender.Publish();
  BOOST_TEST(Message(sender.state().trouble) == "no such topic");
  BOOST_TEST(!sender.state().open);
  outlet.open_status = absl::OkStatus();
  BOOST_TEST(!sender.HasRoom(0));
  BOOST_TEST(outlet.opens == 1);
  clock.Advance(3 * kSecond);
  BOOST_TEST(sender.HasRoom(0));
  sender.Publish();
  BOOST_TEST(sender.state().trouble.ok());
  BOOST_TEST(sender.state().open);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_where_it_must_not_be_and_trouble_that_passes_stops_nothing) {
  BOOST_REQUIRE(sender.HasRoom(0));
  outlet.now = absl::UnavailableError("no broker");
  BOOST_TEST(sender.HasRoom(0));
  outlet.now = absl::FailedPreconditionError("the topic has 8 partitions");
  BOOST_TEST(!sender.HasRoom(0));
}

BOOST_AUTO_TEST_CASE(at_the_end_all_is_sent_with_a_goodbye_to_every_partition) {
  BOOST_REQUIRE(sender.HasRoom(0));
  Add("id");
  sender.Finish(kSecond);
  BOOST_TEST(outlet.closed);
  BOOST_TEST(outlet.sent.size() == 4u);
  for (const auto& [partition, bytes] : outlet.sent) {
    BOOST_TEST(shuffle::DecodeHeader(bytes).value().bye);
  }
  BOOST_TEST(sender.state().counters.closed == 1u);
}

BOOST_AUTO_TEST_CASE(what_never_opened_ends_without_a_word) {
  outlet.open_status = absl::UnavailableError("no broker");
  BOOST_TEST(!sender.HasRoom(0));
  sender.Finish(kSecond);
  BOOST_TEST(!outlet.closed);
  BOOST_TEST(outlet.sent.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
