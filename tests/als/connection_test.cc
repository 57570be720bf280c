// SPDX-License-Identifier: Apache-2.0
#include "als/connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "als/entry_protos.h"
#include "als/http2_client.h"
#include "als/recording_consumer.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test

constexpr base::Nanos kSecond = base::kSecond;

// A connection over a pair of sockets, whose time is turned by hand.
struct Fixture {
  Fixture() {
    int ends[2];
    BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    peer = ends[1];
    connection.emplace(
        std::make_unique<Transport>(ends[0], nullptr), &shared,
        [this](int32_t stream) { resumed.push_back(stream); }, now);
  }
  ~Fixture() { close(peer); }

  // What the client says, and what comes back, until neither has anything to say. False: the
  // connection is to be closed.
  bool Exchange() {
    for (;;) {
      const std::string sent = client.Outgoing();
      if (!sent.empty())
        BOOST_REQUIRE(write(peer, sent.data(), sent.size()) == ssize_t(sent.size()));
      const bool open = connection->OnReady(&buffers, now);
      const size_t got = Receive();
      if (!open) return false;
      if (sent.empty() && got == 0) return true;
    }
  }
  size_t Receive() {
    char bytes[65536];
    size_t got = 0;
    for (;;) {
      const ssize_t count = read(peer, bytes, sizeof bytes);
      ended = count == 0;
      if (count <= 0) return got;
      client.Receive({bytes, size_t(count)});
      got += size_t(count);
    }
  }
  bool After(base::Nanos time) {
    now += time;
    return connection->OnTime(&buffers, now);
  }
  int32_t OpenStream() {
    const int32_t id = client.Open();
    client.Write(id, Http2Client::Message(MessageOf({"/1"}, "node").SerializeAsString()));
    BOOST_TEST(Exchange());
    return id;
  }

  RecordingConsumer consumer;
  IdentityGate gate{IdentityOptions{}};
  StreamCounters counters;
  KeptBytes kept{1 << 20};
  const Connection::Shared shared{
      SessionLimits{}, ConnectionTimes{}, &kept, {&consumer, &gate, &counters}};
  IoBuffers buffers;
  base::Nanos now = 1000 * kSecond;
  int peer = -1;
  bool ended = false;  // the connection has said that it will write no more
  std::vector<int32_t> resumed;
  std::optional<Connection> connection;
  Http2Client client;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(connection, Fixture)

BOOST_AUTO_TEST_CASE(carries_a_stream_from_its_first_byte_to_its_end) {
  const int32_t id = OpenStream();
  BOOST_TEST(connection->streams() == 1u);
  client.End(id);
  BOOST_TEST(Exchange());
  BOOST_TEST(client.status(id) == "0");
  BOOST_TEST(consumer.seen().paths.size() == 1u);
  BOOST_TEST(consumer.seen().ended_clean == 1);
  BOOST_TEST(connection->streams() == 0u);
}

BOOST_AUTO_TEST_CASE(one_that_says_nothing_is_closed_when_its_handshake_is_due) {
  BOOST_TEST(After(5 * kSecond - 1));
  BOOST_TEST(!After(1));
}

BOOST_AUTO_TEST_CASE(half_a_preface_is_no_handshake) {
  BOOST_TEST(write(peer, "PRI * HTTP", 10) == 10);
  BOOST_TEST(connection->OnReady(&buffers, now));
  BOOST_TEST(!After(5 * kSecond));
}

BOOST_AUTO_TEST_CASE(a_peer_that_answers_no_ping_is_closed) {
  OpenStream();
  BOOST_TEST(After(20 * kSecond));
  Receive();  // its answer stays with the client
  BOOST_TEST(client.pings() == 1);
  BOOST_TEST(After(5 * kSecond - 1));
  BOOST_TEST(!After(1));
}

BOOST_AUTO_TEST_CASE(a_peer_that_answers_pings_stays) {
  OpenStream();
  for (int i = 1; i <= 100; ++i) {
    BOOST_TEST(After(20 * kSecond));
    BOOST_TEST(Exchange());
    BOOST_TEST(client.pings() == i);
    BOOST_TEST(After(6 * kSecond));
  }
}

BOOST_AUTO_TEST_CASE(without_a_stream_it_is_told_to_go_and_closed) {
  const int32_t id = OpenStream();
  for (int i = 0; i < 60; ++i) {
    BOOST_TEST(After(20 * kSecond));
    BOOST_TEST(Exchange());
  }
  client.End(id);
  BOOST_TEST(Exchange());
  for (int i = 0; i < 29; ++i) {
    BOOST_TEST(After(20 * kSecond));
    BOOST_TEST(Exchange());
    BOOST_TEST(!client.going_away());
  }
  BOOST_TEST(After(20 * kSecond));
  Receive();
  BOOST_TEST(client.going_away().has_value());
  BOOST_TEST(ended);
  BOOST_TEST(!After(kSecond));
}

BOOST_AUTO_TEST_CASE(pings_are_forgiven_in_time) {
  OpenStream();
  for (int i = 0; i < 10; ++i) {
    for (int n = 0; n < 900; ++n) client.Ping();
    BOOST_TEST(Exchange());
    BOOST_TEST(After(10 * kSecond));
  }
  BOOST_TEST(!client.going_away());
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_not_read_and_loses_nothing) {
  OpenStream();
  // Answers that fill the socket.
  for (int i = 0; i < 900; ++i) client.Ping();
  std::vector<int32_t> ids;
  for (int i = 0; i < 90; ++i) ids.push_back(client.Open(Http2Client::CallWith(":path", "/")));
  int size = 4096;
  setsockopt(connection->transport().socket(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  const std::string sent = client.Outgoing();
  size_t at = 0;
  for (int i = 0; i < 1000 && at < sent.size(); ++i) {
    const ssize_t count = write(peer, sent.data() + at, sent.size() - at);
    if (count > 0) at += size_t(count);
    BOOST_TEST(connection->OnReady(&buffers, now));
    if (!connection->wants_read()) break;
  }
  BOOST_TEST(connection->wants_write());
  BOOST_TEST(!connection->wants_read());
  for (int i = 0; i < 1000; ++i) {
    Receive();
    const ssize_t count = write(peer, sent.data() + at, sent.size() - at);
    if (count > 0) at += size_t(count);
    BOOST_TEST(connection->OnReady(&buffers, now));
    if (at == sent.size() && connection->wants_read()) break;
  }
  BOOST_TEST(Exchange());
  BOOST_TEST(client.pings_answered() == 900);
  for (const int32_t id : ids) BOOST_TEST(client.status(id) == "12");
}

BOOST_AUTO_TEST_CASE(a_paused_stream_is_resumed_by_its_number) {
  consumer.SetWanted(false);
  const int32_t id = OpenStream();
  client.Write(id, Http2Client::Message(MessageOf({"/2"}).SerializeAsString()));
  BOOST_TEST(Exchange());
  BOOST_TEST(consumer.seen().paths.size() == 1u);
  consumer.SetWanted(true);
  BOOST_TEST(resumed == std::vector<int32_t>{id}, boost::test_tools::per_element());
  BOOST_TEST(connection->Resume(id, &buffers, now));
  BOOST_TEST(consumer.seen().paths.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_drain_before_its_handshake_closes_it) {
  BOOST_TEST(!connection->Drain(&buffers, now));
}

BOOST_AUTO_TEST_CASE(when_all_is_said_it_waits_for_the_peer_to_close) {
  OpenStream();
  consumer.SetWanted(false);
  const int32_t id = OpenStream();
  client.Reset(1);
  BOOST_TEST(Exchange());
  BOOST_TEST(connection->Drain(&buffers, now));
  Receive();
  BOOST_TEST(client.status(id) == "0");
  BOOST_TEST(ended);
  // What still comes is of no interest, and must not cost the client what it has not read.
  BOOST_TEST(write(peer, "late", 4) == 4);
  BOOST_TEST(connection->OnReady(&buffers, now));
  BOOST_TEST(After(kSecond - 1));
  shutdown(peer, SHUT_WR);
  BOOST_TEST(!connection->OnReady(&buffers, now));
}

BOOST_AUTO_TEST_CASE(streams_of_a_connection_that_goes_are_broken) {
  OpenStream();
  connection.reset();
  BOOST_TEST(consumer.seen().ended_broken == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
