// SPDX-License-Identifier: Apache-2.0
#include "als/connection_acceptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <list>
#include <set>

#include "absl/synchronization/mutex.h"
#include "fakes/eventually.h"
#include "fakes/few_descriptors.h"
#include "fakes/prepared_client.h"

namespace traffictap {
namespace {

using als::ConnectionAcceptor;
using fakes::FewDescriptors;
using fakes::PreparedClient;

// What was taken, and closed at the end.
struct Taken {
  ~Taken() {
    for (const int one : all) close(one);
  }
  void Add(int connection) {
    absl::MutexLock lock(&mutex);
    all.insert(connection);
  }
  size_t size() {
    absl::MutexLock lock(&mutex);
    return all.size();
  }
  absl::Mutex mutex;
  std::set<int> all;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(connection_acceptor)

BOOST_AUTO_TEST_CASE(hands_over_each_connection_until_it_stops) {
  Taken taken;
  const auto acceptor = ConnectionAcceptor::Listen("127.0.0.1:0", 1).value();
  acceptor->Start([&](int connection) { taken.Add(connection); });
  PreparedClient first, second, late;
  BOOST_TEST(first.Connect(acceptor->port()));
  BOOST_TEST(second.Connect(acceptor->port()));
  BOOST_TEST(fakes::Eventually([&] { return taken.size() == 2; }));
  const int port = acceptor->port();
  acceptor->Stop();
  BOOST_TEST(!late.Connect(port));
}

BOOST_AUTO_TEST_CASE(addresses_of_every_form_are_listened_on) {
  for (const char* address : {"127.0.0.1:0", "localhost:0", "0.0.0.0:0", "[::]:0"}) {
    Taken taken;
    const auto acceptor = ConnectionAcceptor::Listen(address, 1);
    BOOST_REQUIRE(acceptor.ok());
    (*acceptor)->Start([&](int connection) { taken.Add(connection); });
    PreparedClient client;
    BOOST_TEST(client.Connect((*acceptor)->port()), address);
    BOOST_TEST(fakes::Eventually([&] { return taken.size() == 1; }), address);
  }
}

BOOST_AUTO_TEST_CASE(an_address_that_is_taken_or_makes_no_sense_is_an_error) {
  const auto first = ConnectionAcceptor::Listen("127.0.0.1:0", 1).value();
  const std::string taken = "127.0.0.1:" + std::to_string(first->port());
  BOOST_TEST(absl::IsUnavailable(ConnectionAcceptor::Listen(taken, 1).status()));
  BOOST_TEST(absl::IsUnavailable(ConnectionAcceptor::Listen("192.0.2.1:0", 1).status()));
  for (const char* address : {"", "9001", ":9001", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000",
                              "127.0.0.1:-1", "127.0.0.1:+1"}) {
    BOOST_TEST(absl::IsInvalidArgument(ConnectionAcceptor::Listen(address, 1).status()), address);
  }
}

BOOST_AUTO_TEST_CASE(connections_leave_a_part_of_the_descriptors_to_others) {
  Taken taken;
  const auto acceptor = ConnectionAcceptor::Listen("127.0.0.1:0", 8).value();
  const FewDescriptors few(24);
  acceptor->Start([&](int connection) { taken.Add(connection); });
  std::list<PreparedClient> clients;
  while (acceptor->refused() == 0 && clients.size() < 16) {
    BOOST_REQUIRE(clients.emplace_back().Connect(acceptor->port()));
    const size_t before = taken.size();
    fakes::Eventually([&] { return taken.size() > before || acceptor->refused() > 0; });
  }
  BOOST_TEST(acceptor->refused() == 1u);
  BOOST_TEST(clients.back().IsClosed());
  const int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  BOOST_TEST(spare >= 0);
  close(spare);
}

// A loop that tries again at once takes a core.
BOOST_AUTO_TEST_CASE(without_a_descriptor_it_waits_and_goes_on_when_there_are_some) {
  Taken taken;
  const auto acceptor = ConnectionAcceptor::Listen("127.0.0.1:0", 0).value();
  PreparedClient client;
  {
    const FewDescriptors none(0);
    BOOST_REQUIRE(client.Connect(acceptor->port()));
    const auto begin = std::chrono::steady_clock::now();
    acceptor->Start([&](int connection) { taken.Add(connection); });
    BOOST_TEST(fakes::Eventually([&] { return acceptor->pauses() == 5; }));
    BOOST_TEST(taken.size() == 0u);
    // Between five attempts are four pauses: a loop that tries again at once needs microseconds.
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(400)));
  }
  BOOST_TEST(fakes::Eventually([&] { return taken.size() == 1; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
