// SPDX-License-Identifier: Apache-2.0
#include "als/event_loop.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <list>
#include <string>
#include <vector>

#include "als/entry_protos.h"
#include "als/http2_client.h"
#include "als/recording_consumer.h"
#include "base/process_clock.h"
#include "fakes/eventually.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using Seen = RecordingConsumer::Seen;

// A client of a loop, which speaks when it is told to.
class Client {
 public:
  explicit Client(EventLoop* loop) {
    int ends[2];
    BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    socket_ = ends[1];
    loop->Add(ends[0]);
  }
  ~Client() { close(socket_); }

  int32_t OpenStream() {
    const int32_t id = http2.Open();
    http2.Write(id, Http2Client::Message(MessageOf({"/1"}, "node").SerializeAsString()));
    Exchange();
    return id;
  }
  void Send(int32_t stream, const std::string& path) {
    http2.Write(stream, Http2Client::Message(MessageOf({path}).SerializeAsString()));
    Exchange();
  }
  void Exchange() {
    const std::string sent = http2.Outgoing();
    if (!sent.empty()) BOOST_TEST(write(socket_, sent.data(), sent.size()) == ssize_t(sent.size()));
    Receive();
  }
  // True once the loop has closed its end.
  bool Receive() {
    char bytes[65536];
    for (;;) {
      const ssize_t count = read(socket_, bytes, sizeof bytes);
      if (count <= 0) return count == 0;
      http2.Receive({bytes, size_t(count)});
    }
  }
  bool Closed() {
    return fakes::Eventually([this] { return Receive(); });
  }

  Http2Client http2;

 private:
  int socket_ = -1;
};

struct Fixture {
  Fixture() {
    shared.times.handshake_timeout = shared.times.linger = 50 * base::kMillisecond;
    loop = EventLoop::Start(&shared, nullptr, base::ProcessClock()).value();
  }

  RecordingConsumer consumer;
  IdentityGate gate{IdentityOptions{}};
  StreamCounters counters;
  KeptBytes kept{1 << 20};
  Connection::Shared shared{
      SessionLimits{}, ConnectionTimes{}, &kept, {&consumer, &gate, &counters}};
  std::unique_ptr<EventLoop> loop;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(event_loop, Fixture)

BOOST_AUTO_TEST_CASE(serves_its_connections_side_by_side) {
  std::list<Client> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(loop.get()).OpenStream();
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 20; }));
  BOOST_TEST(loop->connections() == 20u);
  clients.pop_front();
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.ended_broken == 1; }));
  BOOST_TEST(fakes::Eventually([&] { return loop->connections() == 19; }));
}

BOOST_AUTO_TEST_CASE(closes_those_that_say_nothing) {
  Client silent(loop.get());
  BOOST_TEST(silent.Closed());
  BOOST_TEST(fakes::Eventually([&] { return loop->connections() == 0; }));
}

// A sanitizer has a malloc of its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
BOOST_AUTO_TEST_CASE(memory_that_very_many_streams_took_together_is_given_back) {
  const auto resident = [] {
    size_t all = 0, pages = 0;
    std::ifstream("/proc/self/statm") >> all >> pages;
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  };
  KeptBytes large{size_t{1} << 30};
  Connection::Shared other_shared = shared;
  other_shared.kept = &large;
  const auto other = EventLoop::Start(&other_shared, nullptr, base::ProcessClock()).value();
  Client client(other.get());
  client.OpenStream();
  std::vector<std::string> taken, stays;
  for (int i = 0; i < 2000; ++i) {
    taken.emplace_back(32'000, 't');
    stays.emplace_back(100, 's');
  }
  large.Take(size_t{64} << 20);
  BOOST_TEST(!large.HasSubsided(base::ProcessClock()->Monotonic()));
  const size_t before = resident();
  taken.clear();
  large.Give(size_t{64} << 20);
  BOOST_TEST(fakes::Eventually([&] { return resident() + (size_t{32} << 20) < before; }));
}
#endif

BOOST_AUTO_TEST_CASE(another_thread_resumes_a_stream) {
  consumer.SetWanted(false);
  Client client(loop.get());
  const int32_t id = client.OpenStream();
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
  client.Send(id, "/2");
  consumer.SetWanted(true);
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
}

BOOST_AUTO_TEST_CASE(a_resumption_after_its_end_does_nothing) {
  consumer.SetWanted(false);
  {
    Client client(loop.get());
    client.OpenStream();
    BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.pauses == 1; }));
    loop.reset();
  }
  consumer.SetWanted(true);
  BOOST_TEST(consumer.seen().ended_clean == 1);
  BOOST_TEST(counters.ended_unread == 1u);
}

BOOST_AUTO_TEST_CASE(a_drain_waits_for_streams_and_then_for_connections) {
  Client client(loop.get());
  const int32_t id = client.OpenStream();
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 1; }));
  loop->Drain();
  BOOST_TEST(!loop->WaitForStreams(absl::Now() + absl::Milliseconds(20)));
  BOOST_TEST(fakes::Eventually([&] {
    client.Receive();
    return client.http2.going_away().has_value();
  }));
  client.Send(id, "/2");
  client.http2.End(id);
  client.Exchange();
  BOOST_TEST(loop->WaitForStreams(absl::Now() + absl::Seconds(10)));
  BOOST_TEST(consumer.seen().ended_clean == 1);
  BOOST_TEST(client.Closed());
  BOOST_TEST(client.http2.status(id) == "0");
  // It is not waited for beyond its time.
  BOOST_TEST(loop->WaitForConnections(absl::Now() + absl::Seconds(10)));
  BOOST_TEST(Client(loop.get()).Closed());
}

BOOST_AUTO_TEST_CASE(what_is_left_is_closed_with_it) {
  Client client(loop.get());
  client.OpenStream();
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 1; }));
  loop.reset();
  BOOST_TEST(consumer.seen().ended_broken == 1);
  BOOST_TEST(client.Closed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
