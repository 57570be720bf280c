// SPDX-License-Identifier: Apache-2.0
#include "als/grpc_messages.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "als/http2_client.h"
#include "als/spare_buffers.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test

std::string Frame(const std::string& message) { return Http2Client::Message(message); }

struct Receiver final : GrpcMessageReceiver {
  bool OnMessage(std::string_view message) override {
    seen.emplace_back(message);
    return message != "hold";
  }
  void OnUnread() override { ++unread; }

  std::vector<std::string> seen;
  int unread = 0;
};

struct Fixture {
  KeptBytes kept{50};
  GrpcMessages messages{1000, &kept};
  Receiver receiver;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(grpc_messages, Fixture)

BOOST_AUTO_TEST_CASE(messages_are_the_same_wherever_the_bytes_are_cut) {
  const std::vector<std::string> sent = {"a", "", std::string(20, 'b'), "c"};
  std::string bytes;
  for (const auto& one : sent) bytes += Frame(one);
  for (size_t first = 0; first <= bytes.size(); ++first) {
    for (size_t second = first; second <= bytes.size(); ++second) {
      Receiver got;
      GrpcMessages cut(1000, &kept);
      BOOST_REQUIRE(cut.Add(bytes.substr(0, first), &got).ok());
      BOOST_REQUIRE(cut.Add(bytes.substr(first, second - first), &got).ok());
      BOOST_REQUIRE(cut.Add(bytes.substr(second), &got).ok());
      BOOST_REQUIRE(got.seen == sent);
      BOOST_REQUIRE(cut.between_messages());
      BOOST_REQUIRE(kept.held() == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(one_that_is_too_large_or_compressed_is_an_error_as_soon_as_its_head_is_there) {
  const std::string large = Frame(std::string(1001, 'x'));
  BOOST_TEST(messages.Add(large.substr(0, 4), &receiver).ok());
  BOOST_TEST(absl::IsResourceExhausted(messages.Add(large.substr(4, 1), &receiver)));
  GrpcMessages others(1000, &kept);
  BOOST_TEST(others.Add(Frame(std::string(1000, 'x')).substr(0, 5), &receiver).ok());
  GrpcMessages compressed(1000, &kept);
  const auto status = compressed.Add(Frame("a") + Http2Client::Message("b", 1), &receiver);
  BOOST_TEST(absl::IsUnimplemented(status));
  BOOST_TEST(receiver.seen.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_comes_after_a_hold_waits_for_the_resumption) {
  BOOST_TEST(messages.Add(Frame("hold") + Frame("a"), &receiver).ok());
  BOOST_TEST(messages.Add(Frame("hold") + Frame("b").substr(0, 3), &receiver).ok());
  BOOST_TEST(receiver.seen.size() == 1u);
  BOOST_TEST(messages.held());
  BOOST_TEST(kept.held() == messages.kept());
  BOOST_TEST(messages.Resume(&receiver).ok());
  BOOST_TEST(receiver.seen.size() == 3u);
  BOOST_TEST(messages.held());
  BOOST_TEST(messages.Resume(&receiver).ok());
  BOOST_TEST(messages.Add(Frame("b").substr(3), &receiver).ok());
  BOOST_TEST(receiver.seen == (std::vector<std::string>{"hold", "a", "hold", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST(kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(what_there_is_no_room_for_is_passed_over_and_the_next_one_is_read) {
  const std::string large = Frame(std::string(100, 'x'));
  for (size_t at = 0; at < large.size(); at += 7) {
    BOOST_TEST(messages.Add(large.substr(at, 7), &receiver).ok());
    BOOST_TEST(kept.held() <= 50u);
  }
  BOOST_TEST(messages.between_messages());
  BOOST_TEST(messages.Add(Frame("a"), &receiver).ok());
  BOOST_TEST(receiver.unread == 1);
  BOOST_TEST(receiver.seen == std::vector<std::string>{"a"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_room_what_is_whole_is_read_all_the_same) {
  BOOST_TEST(kept.Take(50));
  BOOST_TEST(messages.Add(Frame("a") + Frame("b").substr(0, 2), &receiver).ok());
  BOOST_TEST(messages.Add(Frame("b").substr(2) + Frame("c").substr(0, 5), &receiver).ok());
  BOOST_TEST(messages.Add(std::string("c") + Frame("d"), &receiver).ok());
  BOOST_TEST(receiver.seen == (std::vector<std::string>{"a", "b", "d"}),
             boost::test_tools::per_element());
  BOOST_TEST(receiver.unread == 1);
  BOOST_TEST(kept.held() == 50u);
}

BOOST_AUTO_TEST_CASE(of_a_stream_that_is_held_without_room_nothing_is_kept) {
  BOOST_TEST(messages.Add(Frame("hold") + Frame("a"), &receiver).ok());
  BOOST_TEST(messages.Add(Frame(std::string(60, 'x')).substr(0, 50), &receiver).ok());
  BOOST_TEST(receiver.unread == 2);
  BOOST_TEST(kept.held() == 0u);
  BOOST_TEST(messages.Add(std::string(15, 'x') + Frame("b"), &receiver).ok());
  BOOST_TEST(messages.Resume(&receiver).ok());
  BOOST_TEST(receiver.seen == (std::vector<std::string>{"hold", "b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tells_what_is_missing_of_the_message_that_has_begun) {
  const std::string frame = Frame(std::string(20, 'x'));
  BOOST_TEST(messages.missing() == 0u);
  BOOST_TEST(messages.Add(frame.substr(0, 4), &receiver).ok());
  BOOST_TEST(messages.missing() == 0u);  // nobody knows
  BOOST_TEST(messages.Add(frame.substr(4, 6), &receiver).ok());
  BOOST_TEST(messages.missing() == 15u);
  BOOST_TEST(messages.Add(frame.substr(10), &receiver).ok());
  BOOST_TEST(messages.missing() == 0u);
  // Of one that is passed over as well, but not while nothing is read.
  BOOST_TEST(messages.Add(Frame(std::string(100, 'x')).substr(0, 60), &receiver).ok());
  BOOST_TEST(messages.missing() == 45u);
  GrpcMessages held(1000, &kept);
  BOOST_TEST(held.Add(Frame("hold") + frame.substr(0, 10), &receiver).ok());
  BOOST_TEST(held.missing() == 0u);
}

BOOST_AUTO_TEST_CASE(long_messages_of_a_thread_take_the_memory_of_those_before_them) {
  KeptBytes much(1 << 20);
  const std::string frame = Frame(std::string(60'000, 'x'));
  const size_t before = SpareBuffers::OfThread()->count();
  for (int i = 0; i < 3; ++i) {
    GrpcMessages one(100'000, &much);
    BOOST_TEST(one.Add(frame.substr(0, 16'384), &receiver).ok());
    BOOST_TEST(one.Add(frame.substr(16'384), &receiver).ok());
    BOOST_TEST(SpareBuffers::OfThread()->count() == std::max<size_t>(1, before));
  }
  BOOST_TEST(receiver.seen.size() == 3u);
  BOOST_TEST(receiver.seen[2] == std::string(60'000, 'x'));
  BOOST_TEST(much.held() == 0u);
}

BOOST_AUTO_TEST_CASE(the_room_comes_back_when_the_stream_ends) {
  {
    GrpcMessages gone(1000, &kept);
    BOOST_TEST(gone.Add(Frame("torn").substr(0, 8), &receiver).ok());
    BOOST_TEST(kept.held() == 8u);
    BOOST_TEST(!gone.between_messages());
  }
  BOOST_TEST(kept.held() == 0u);
  BOOST_TEST(messages.Add(Frame("torn").substr(0, 8), &receiver).ok());
  messages.Clear();
  BOOST_TEST(kept.held() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
