// SPDX-License-Identifier: Apache-2.0
#include "als/access_log_stream.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "als/als_server.h"
#include "als/entry_protos.h"
#include "als/log_sender.h"
#include "als/recording_consumer.h"
#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using traffic::RejectReason;
using Seen = RecordingConsumer::Seen;

struct Server {
  explicit Server(base::Nanos stream_age_max = 0, const base::Clock* ages = nullptr) {
    AlsServerOptions options;
    options.stream_age_max = stream_age_max;
    options.address = "localhost:0";
    options.limits.message_bytes_max = 100'000;
    zones.Set({{"node-1", "eu-1a"}});
    auto started = AlsServer::Start(options, &consumer, &metrics, &zones, ages);
    BOOST_REQUIRE(started.ok());
    server = *std::move(started);
    channel = Connect(server->port());
  }

  bool Reports(const std::string& line) const {
    return ("\n" + metrics.Render()).find("\n" + line + "\n") != std::string::npos;
  }

  RecordingConsumer consumer;
  base::MetricsRegistry metrics;
  ZoneTable zones;
  std::unique_ptr<AlsServer> server;
  std::shared_ptr<grpc::Channel> channel;
};

const std::string kBroken =
    "\x12\x7f"
    "a";

}  // namespace

// Streams of a server that ends them as soon as it has read something.
struct ShortStreams : Server {
  ShortStreams() : Server(1) {}
};

// Of one whose streams grow old by this clock alone.
struct AgingStreams {
  fakes::ManualClock clock;
  Server server{100 * base::kSecond, &clock};
};

BOOST_FIXTURE_TEST_SUITE(access_log_stream, Server)

BOOST_FIXTURE_TEST_CASE(an_old_stream_ends_well_after_a_message_and_is_counted, ShortStreams) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1", "/2"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().paths == (std::vector<std::string>{"/1", "/2"}),
             boost::test_tools::per_element());
  BOOST_TEST(Reports("traffictap_als_streams_ended_total{how=\"moved\"} 1"));
  BOOST_TEST(Reports("traffictap_als_streams_ended_total{how=\"clean\"} 0"));
  BOOST_TEST(Reports("traffictap_als_streams 0"));
}

BOOST_FIXTURE_TEST_CASE(streams_grow_old_by_the_clock_that_the_server_is_given, AgingStreams) {
  LogSender sender(server.channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(sender.Send(MessageOf({"/2"})));
  // Whether it is old was asked after the first one.
  BOOST_TEST(server.consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  BOOST_TEST(server.Reports("traffictap_als_streams 1"));
  clock.Advance(100 * base::kSecond);
  sender.Send(MessageOf({"/3"}));
  BOOST_TEST(server.consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(server.Reports("traffictap_als_streams_ended_total{how=\"moved\"} 1"));
}

BOOST_AUTO_TEST_CASE(delivers_the_entries_of_a_stream_and_its_clean_end) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1", "/2"}, "node")));
  BOOST_TEST(sender.Send(MessageOf({"/3"})));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(sender.response_bytes() == 0);
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  const Seen seen = consumer.seen();
  BOOST_TEST(seen.nodes == std::vector<std::string>{"node"}, boost::test_tools::per_element());
  BOOST_TEST(seen.paths == (std::vector<std::string>{"/1", "/2", "/3"}),
             boost::test_tools::per_element());
  BOOST_TEST(seen.messages == 2);
  BOOST_TEST(seen.rejects.empty());
}

BOOST_AUTO_TEST_CASE(a_stream_is_of_the_zone_of_its_proxys_node) {
  LogSender sender(channel);
  auto message = MessageOf({"/1"}, "node");
  auto& node = *message.mutable_identifier()->mutable_node();
  (*node.mutable_metadata()->mutable_fields())["NODE_NAME"].set_string_value("node-1");
  BOOST_TEST(sender.Send(message));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().zones == std::vector<std::string>{"eu-1a"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(decodes_a_message_that_comes_in_slices) {
  LogSender sender(channel);
  const std::string bytes = MessageOf({std::string(50'000, 'p')}, "node").SerializeAsString();
  BOOST_TEST(sender.SendSplit(bytes, 7));
  BOOST_TEST(sender.Send(MessageOf({"/small"})));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  BOOST_TEST(consumer.seen().paths[0].size() == 50'000);
}

BOOST_AUTO_TEST_CASE(counts_broken_bytes_and_lives_on) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(sender.Send(kBroken));
  BOOST_TEST(sender.Send(std::string("\xff\xff\xff")));
  BOOST_TEST(sender.Send(MessageOf({"/2"})));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().paths.size() == 2);
  BOOST_TEST(consumer.seen().rejects.at(RejectReason::kMalformedMessage) == 2);
}

BOOST_AUTO_TEST_CASE(rejects_entries_until_the_identifier_comes) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1", "/2"})));
  BOOST_TEST(sender.Send(kBroken));
  BOOST_TEST(sender.Send(MessageOf({"/3"}, "node")));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().rejects.at(RejectReason::kNoIdentifier) == 2);
  BOOST_TEST(consumer.seen().rejects.at(RejectReason::kMalformedMessage) == 1);
  BOOST_TEST(consumer.seen().paths == std::vector<std::string>{"/3"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ignores_a_second_identifier) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "first")));
  BOOST_TEST(sender.Send(MessageOf({"/2"}, "second")));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  BOOST_TEST(consumer.seen().nodes == std::vector<std::string>{"first"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tells_a_cancelled_stream_from_one_that_was_closed) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 1; }));
  sender.Cancel();
  BOOST_TEST(!sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_broken == 1; }));
  BOOST_TEST(consumer.seen().ended_clean == 0);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_too_large_ends_its_stream_alone) {
  LogSender other(channel);
  BOOST_TEST(other.Send(MessageOf({"/other"}, "other")));
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  sender.Send(MessageOf({std::string(100'001, 'p')}));
  BOOST_TEST(sender.Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_broken == 1; }));
  BOOST_TEST(other.Send(MessageOf({"/after"})));
  BOOST_TEST(other.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().paths.back() == "/after");
}

BOOST_AUTO_TEST_CASE(counts_streams_messages_and_bytes) {
  const std::string bytes = MessageOf({"/1"}, "node").SerializeAsString();
  {
    LogSender sender(channel);
    BOOST_TEST(sender.Send(bytes));
    BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 1; }));
    BOOST_TEST(Reports("traffictap_als_streams 1"));
    BOOST_TEST(sender.Finish().ok());
  }
  LogSender sender(channel);
  BOOST_TEST(sender.Send(bytes));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  sender.Cancel();
  BOOST_TEST(!sender.Finish().ok());
  BOOST_TEST(
      consumer.Wait([](const Seen& seen) { return seen.ended_clean + seen.ended_broken == 2; }));
  BOOST_TEST(Reports("traffictap_als_streams 0"));
  BOOST_TEST(Reports("traffictap_als_streams_opened_total 2"));
  BOOST_TEST(Reports("traffictap_als_streams_ended_total{how=\"clean\"} 1"));
  BOOST_TEST(Reports("traffictap_als_streams_ended_total{how=\"broken\"} 1"));
  BOOST_TEST(Reports("traffictap_als_messages_total 2"));
  BOOST_TEST(Reports("traffictap_als_bytes_total " + std::to_string(2 * bytes.size())));
}

BOOST_AUTO_TEST_CASE(a_paused_stream_stays_open_and_is_read_on_when_it_is_wanted) {
  consumer.SetWanted(false);
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
  BOOST_TEST(sender.Send(MessageOf({"/2"})));
  BOOST_TEST(Reports("traffictap_als_streams 1"));
  BOOST_TEST(Reports("traffictap_als_streams_paused 1"));
  BOOST_TEST(consumer.seen().paths.size() == 1);
  consumer.SetWanted(true);
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  BOOST_TEST(Reports("traffictap_als_streams_paused 0"));
  BOOST_TEST(sender.Send(MessageOf({"/3"})));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().paths.size() == 3);
}

BOOST_AUTO_TEST_CASE(stops_reading_after_the_message_in_hand) {
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.read_on == 1; }));
  BOOST_TEST(consumer.seen().paths.size() == 1);
  consumer.SetWanted(false);
  BOOST_TEST(sender.Send(MessageOf({"/2"})));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
  BOOST_TEST(consumer.seen().paths.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_paused_stream_that_its_sender_resets_ends_at_once_and_nobody_misses_it) {
  consumer.SetWanted(false);
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
  sender.Cancel();
  BOOST_TEST(!sender.Finish().ok());
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_clean == 1; }));
  BOOST_TEST(consumer.seen().ended_broken == 0);
  BOOST_TEST(Reports("traffictap_als_streams_ended_total{how=\"unread\"} 1"));
  BOOST_TEST(Reports("traffictap_als_streams 0"));
  BOOST_TEST(Reports("traffictap_als_streams_paused 0"));
  consumer.SetWanted(true);  // its pause is held longer than it lived
}

BOOST_AUTO_TEST_CASE(a_sender_is_held_up_by_what_nobody_reads) {
  consumer.SetWanted(false);
  LogSender sender(channel, std::chrono::seconds(1));
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
  const std::string bytes = MessageOf({std::string(10'000, 'p')}).SerializeAsString();
  int sent = 0;
  while (sent < 100 && sender.Send(bytes)) ++sent;
  // The window, and what the client's own library takes beyond it.
  BOOST_TEST(sent < 20);
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_no_sender_of_a_paused_stream) {
  consumer.SetWanted(false);
  LogSender sender(channel);
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
  server->Stop(3600 * base::kSecond);
  BOOST_TEST(consumer.seen().ended_clean == 1);
  BOOST_TEST(sender.Finish().ok());
}

BOOST_AUTO_TEST_CASE(pauses_resumes_and_cancels_at_once_end_every_stream_once) {
  std::atomic<bool> done{false};
  std::thread taps([&] {
    for (bool wanted = false; !done; wanted = !wanted) consumer.SetWanted(wanted);
    consumer.SetWanted(true);
  });
  for (int i = 0; i < 100; ++i) {
    LogSender sender(channel);
    sender.Send(MessageOf({"/1"}, "node"));
    sender.Send(MessageOf({"/2"}));
    if (i % 2 == 0) sender.Cancel();
    (void)sender.Finish();
  }
  BOOST_TEST(consumer.Wait([](const Seen& seen) {
    return seen.ended_clean + seen.ended_broken == int(seen.nodes.size());
  }));
  done = true;
  taps.join();
  BOOST_TEST(Reports("traffictap_als_streams 0"));
  BOOST_TEST(Reports("traffictap_als_streams_paused 0"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
