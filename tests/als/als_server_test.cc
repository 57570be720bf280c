// SPDX-License-Identifier: Apache-2.0
#include "als/als_server.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

#include "als/certificates.h"
#include "als/entry_protos.h"
#include "als/log_sender.h"
#include "als/recording_consumer.h"
#include "fakes/eventually.h"
#include "fakes/raw_client.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using Seen = RecordingConsumer::Seen;
using Clock = std::chrono::steady_clock;

AlsServerOptions Loopback() {
  AlsServerOptions options;
  options.address = "localhost:0";
  return options;
}

AlsServerOptions WithTls(bool client_ca) {
  AlsServerOptions options = Loopback();
  options.certificate_file = Certificates::Get().Path("mesh.pem");
  options.key_file = Certificates::Get().Path("mesh.key");
  if (client_ca) options.client_ca_file = Certificates::Get().Path("mesh-ca.pem");
  return options;
}

// Trusts the mesh's authority; shows the certificate of `shown` where that is not empty.
std::shared_ptr<grpc::ChannelCredentials> ClientTls(const std::string& shown,
                                                    const std::string& trusted = "mesh") {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = Certificates::Get().Read(trusted + "-ca.pem");
  if (!shown.empty()) {
    options.pem_cert_chain = Certificates::Get().Read(shown + ".pem");
    options.pem_private_key = Certificates::Get().Read(shown + ".key");
  }
  return grpc::SslCredentials(options);
}

struct Fixture {
  void Start(const AlsServerOptions& options) {
    auto started = AlsServer::Start(options, &consumer, &metrics);
    BOOST_TEST_REQUIRE(started.ok(), Message(started.status()));
    server = *std::move(started);
  }

  // Sends one entry on a connection of its own; true where it arrived.
  bool Delivers(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    LogSender sender(Connect(server->port(), credentials));
    sender.Send(MessageOf({"/1"}, "node"));
    return sender.Finish().ok() && !consumer.seen().paths.empty();
  }

  RecordingConsumer consumer;
  base::MetricsRegistry metrics;
  std::unique_ptr<AlsServer> server;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(als_server, Fixture)

BOOST_AUTO_TEST_CASE(listens_on_a_port_of_the_systems_choice) {
  Start(Loopback());
  BOOST_TEST(server->port() > 0);
  BOOST_TEST(Delivers(grpc::InsecureChannelCredentials()));
}

BOOST_AUTO_TEST_CASE(says_which_address_is_taken) {
  Start(Loopback());
  AlsServerOptions options;
  options.address = fmt::format("localhost:{}", server->port());
  const auto second = AlsServer::Start(options, &consumer, &metrics);
  BOOST_TEST(absl::IsUnavailable(second.status()));
  BOOST_TEST(Message(second.status()).find(options.address) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_tls_files_that_are_missing_or_half_given) {
  for (const bool missing : {false, true}) {
    AlsServerOptions options = WithTls(false);
    options.key_file = missing ? "/nonexistent" : "";
    const auto started = AlsServer::Start(options, &consumer, &metrics);
    BOOST_TEST(absl::IsInvalidArgument(started.status()));
  }
}

BOOST_AUTO_TEST_CASE(serves_tls) {
  Start(WithTls(false));
  BOOST_TEST(Delivers(ClientTls("")));
}

BOOST_AUTO_TEST_CASE(a_client_that_speaks_plain_text_or_trusts_another_authority_gets_nowhere) {
  Start(WithTls(false));
  BOOST_TEST(!Delivers(grpc::InsecureChannelCredentials()));
  BOOST_TEST(!Delivers(ClientTls("", "foreign")));
  BOOST_TEST(consumer.seen().nodes.empty());
}

BOOST_AUTO_TEST_CASE(takes_a_client_certificate_of_its_authority_and_no_other) {
  Start(WithTls(true));
  BOOST_TEST(!Delivers(ClientTls("foreign")));
  BOOST_TEST(!Delivers(ClientTls("")));
  BOOST_TEST(consumer.seen().nodes.empty());
  BOOST_TEST(Delivers(ClientTls("mesh")));
}

BOOST_AUTO_TEST_CASE(a_client_goes_with_the_authority_that_signed_it) {
  const fakes::TempDir dir;
  AlsServerOptions options = WithTls(true);
  options.client_ca_file = dir / "ca.pem";
  options.times.certificate_refresh = 10 * base::kMillisecond;
  std::filesystem::copy_file(Certificates::Get().Path("mesh-ca.pem"), options.client_ca_file);
  Start(options);
  LogSender sender(Connect(server->port(), ClientTls("cart")), std::chrono::seconds(30));
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(fakes::Eventually([&] { return !consumer.seen().paths.empty(); }));
  const std::string next = dir / "next.pem";
  std::filesystem::copy_file(Certificates::Get().Path("foreign-ca.pem"), next);
  std::filesystem::rename(next, options.client_ca_file);
  BOOST_TEST(fakes::Eventually([&] { return !sender.Send(MessageOf({"/2"}, "node")); }));
  BOOST_TEST(sender.Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

BOOST_AUTO_TEST_CASE(bounds_the_streams_of_a_connection_and_lets_the_next_in_when_one_ends) {
  AlsServerOptions options = Loopback();
  options.limits.streams_max = 2;
  Start(options);
  const auto channel = Connect(server->port());
  LogSender first(channel);
  LogSender second(channel);
  first.Send(MessageOf({}, "first"));
  second.Send(MessageOf({}, "second"));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.nodes.size() == 2; }));
  LogSender waiting(channel, std::chrono::milliseconds(200));
  waiting.Send(MessageOf({}, "third"));
  BOOST_TEST(waiting.Finish().error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  BOOST_TEST(consumer.seen().nodes.size() == 2);
  // Another connection has streams of its own.
  LogSender elsewhere(Connect(server->port()));
  BOOST_TEST(elsewhere.Send(MessageOf({}, "elsewhere")));
  BOOST_TEST(elsewhere.Finish().ok());
  BOOST_TEST(first.Finish().ok());
  LogSender next(channel);
  BOOST_TEST(next.Send(MessageOf({}, "next")));
  BOOST_TEST(next.Finish().ok());
  BOOST_TEST(second.Finish().ok());
  BOOST_TEST(consumer.seen().nodes.size() == 4);
}

BOOST_AUTO_TEST_CASE(stop_reads_on_until_its_streams_end) {
  Start(Loopback());
  LogSender sender(Connect(server->port()));
  BOOST_TEST(sender.Send(MessageOf({"/before"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 1; }));
  const int port = server->port();
  const auto begin = Clock::now();
  std::thread stop([&] { server->Stop(30 * base::kSecond); });
  // New connections are refused as soon as it stops.
  BOOST_TEST(fakes::Eventually([&] {
    return !Connect(port)->WaitForConnected(std::chrono::system_clock::now() +
                                            std::chrono::milliseconds(100));
  }));
  BOOST_TEST(sender.Send(MessageOf({"/while"})));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 2; }));
  BOOST_TEST(sender.Finish().ok());
  stop.join();
  BOOST_TEST((Clock::now() - begin < std::chrono::seconds(20)));
  BOOST_TEST(consumer.seen().ended_clean == 1);
}

BOOST_AUTO_TEST_CASE(stop_ends_what_is_left_after_its_time) {
  Start(Loopback());
  LogSender sender(Connect(server->port()));
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(consumer.Wait([](const Seen& seen) { return seen.paths.size() == 1; }));
  server->Stop(50 * base::kMillisecond);
  BOOST_TEST(consumer.seen().ended_broken == 1);
  BOOST_TEST(!sender.Finish().ok());
  server->Stop(0);
}

BOOST_AUTO_TEST_CASE(refuses_headers_larger_than_its_bound) {
  Start(Loopback());
  const auto channel = Connect(server->port());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.AddMetadata("x-large", std::string(64 * 1024, 'x'));
  const grpc::internal::RpcMethod method(
      "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
      grpc::internal::RpcMethod::CLIENT_STREAMING, channel);
  grpc::ByteBuffer response;
  std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>> writer(
      grpc::internal::ClientWriterFactory<grpc::ByteBuffer>::Create(channel.get(), method, &context,
                                                                    &response));
  writer->WritesDone();
  BOOST_TEST(!writer->Finish().ok());
  BOOST_TEST(Delivers(grpc::InsecureChannelCredentials()));
}

BOOST_AUTO_TEST_CASE(a_client_of_another_protocol_is_closed_and_nobody_notices) {
  Start(Loopback());
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                                   std::string("\x16\x03\x01"), std::string(5000, '\xff')}) {
    fakes::RawClient client(server->port());
    client.Send(bytes + std::string(24, '\0'));
    client.ReadAll();  // its end
  }
  BOOST_TEST(Delivers(grpc::InsecureChannelCredentials()));
}

BOOST_AUTO_TEST_CASE(a_message_that_there_is_no_memory_for_is_counted) {
  AlsServerOptions options = Loopback();
  options.limits.kept_bytes_max = 30'000;
  Start(options);
  LogSender sender(Connect(server->port()));
  BOOST_TEST(sender.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(sender.Send(MessageOf({std::string(100'000, 'p')})));
  BOOST_TEST(sender.Send(MessageOf({"/2"})));
  BOOST_TEST(sender.Finish().ok());
  BOOST_TEST(consumer.seen().paths == (std::vector<std::string>{"/1", "/2"}),
             boost::test_tools::per_element());
  BOOST_TEST(consumer.seen().rejects.at(traffic::RejectReason::kQueueFull) == 1);
  BOOST_TEST(metrics.Render().find("\ntraffictap_als_messages_unread_total 1\n") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stream_whose_identifier_there_is_no_memory_for_ends_and_may_come_again) {
  AlsServerOptions options = Loopback();
  options.limits.kept_bytes_max = 30'000;
  Start(options);
  const auto channel = Connect(server->port());
  LogSender sender(channel);
  sender.Send(MessageOf({std::string(100'000, 'p')}, "node"));
  BOOST_TEST(sender.Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
  BOOST_TEST(consumer.seen().rejects.at(traffic::RejectReason::kQueueFull) == 1);
  LogSender again(channel);
  BOOST_TEST(again.Send(MessageOf({"/1"}, "node")));
  BOOST_TEST(again.Finish().ok());
  BOOST_TEST(consumer.seen().paths == std::vector<std::string>{"/1"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(has_as_many_threads_as_it_is_told_and_one_that_accepts) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  AlsServerOptions options = Loopback();
  options.threads = 5;
  const auto before = threads();
  Start(options);
  BOOST_TEST(threads() - before == 6);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
