// SPDX-License-Identifier: Apache-2.0
#include "als/identity_gate.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "als/als_server.h"
#include "als/certificates.h"
#include "als/entry_protos.h"
#include "als/log_sender.h"
#include "als/recording_consumer.h"
#include "fakes/captured_log.h"
#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using grpc::StatusCode;

const std::string kCart = "URI=spiffe://cluster.local/ns/shop/sa/cart-sa";
const std::string kThief = "URI=spiffe://cluster.local/ns/other/sa/thief";

StreamAccessLogsMessage OfNode(const std::string& ns, const std::string& service_account) {
  auto message = MessageOf({"/1"}, "sidecar~10.1.2.3~cart-1." + ns + "~" + ns + ".svc");
  auto& fields =
      *message.mutable_identifier()->mutable_node()->mutable_metadata()->mutable_fields();
  if (!ns.empty()) fields["NAMESPACE"].set_string_value(ns);
  if (!service_account.empty()) fields["SERVICE_ACCOUNT"].set_string_value(service_account);
  return message;
}

struct Fixture {
  void Start(IdentitySource source, std::vector<std::string> trust_domains = {}) {
    AlsServerOptions options;
    options.address = "localhost:0";
    options.identity = {source, std::move(trust_domains)};
    if (source == IdentitySource::kCertificate) {
      options.certificate_file = Certificates::Get().Path("mesh.pem");
      options.key_file = Certificates::Get().Path("mesh.key");
      options.client_ca_file = Certificates::Get().Path("mesh-ca.pem");
    }
    auto started = AlsServer::Start(options, &consumer, &metrics);
    BOOST_TEST_REQUIRE(started.ok(), Message(started.status()));
    server = *std::move(started);
  }

  // How a stream ends whose node claims `ns` and `service_account`.
  StatusCode Forwarded(const std::string& xfcc, const std::string& ns,
                       const std::string& service_account = "cart-sa") {
    std::multimap<std::string, std::string> headers;
    if (!xfcc.empty()) headers.emplace("x-forwarded-client-cert", xfcc);
    LogSender sender(Connect(server->port()), std::chrono::seconds(10), headers);
    sender.Send(OfNode(ns, service_account));
    return sender.Finish().error_code();
  }
  StatusCode WithCertificate(const std::string& name, const std::string& ns,
                             const std::string& service_account = "cart-sa") {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = Certificates::Get().Read("mesh-ca.pem");
    tls.pem_cert_chain = Certificates::Get().Read(name + ".pem");
    tls.pem_private_key = Certificates::Get().Read(name + ".key");
    LogSender sender(Connect(server->port(), grpc::SslCredentials(tls)));
    sender.Send(OfNode(ns, service_account));
    return sender.Finish().error_code();
  }

  bool Reports(const std::string& reason, int count) const {
    const std::string line =
        fmt::format("traffictap_als_streams_refused_total{{reason=\"{}\"}} {}\n", reason, count);
    return metrics.Render().find(line) != std::string::npos;
  }

  RecordingConsumer consumer;
  base::MetricsRegistry metrics;
  std::unique_ptr<AlsServer> server;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(identity_gate, Fixture)

BOOST_AUTO_TEST_CASE(without_a_source_anybody_speaks_for_any_proxy) {
  Start(IdentitySource::kNone);
  BOOST_TEST(Forwarded(kThief, "shop") == StatusCode::OK);
  BOOST_TEST(consumer.seen().paths.size() == 1);
}

BOOST_AUTO_TEST_CASE(the_sidecars_word_binds_a_stream_to_its_namespace_and_account) {
  Start(IdentitySource::kForwarded);
  BOOST_TEST(Forwarded(kCart, "shop") == StatusCode::OK);
  BOOST_TEST(consumer.seen().paths.size() == 1);
  BOOST_TEST(Forwarded(kThief, "shop") == StatusCode::PERMISSION_DENIED);
  BOOST_TEST(Forwarded(kCart, "shop", "other-sa") == StatusCode::PERMISSION_DENIED);
  BOOST_TEST(Forwarded("", "shop") == StatusCode::UNAUTHENTICATED);
  BOOST_TEST(Forwarded("URI=https://shop", "shop") == StatusCode::UNAUTHENTICATED);
  BOOST_TEST(consumer.seen().paths.size() == 1);
  BOOST_TEST(consumer.seen().nodes.size() == 1);
  BOOST_TEST(consumer.seen().rejects.empty());
  BOOST_TEST(Reports("IdentityMismatch", 2));
  BOOST_TEST(Reports("NoIdentity", 2));
}

// What a sidecar leaves of each header that a client sends itself, where it appends to it.
BOOST_AUTO_TEST_CASE(a_client_that_writes_the_header_itself_is_nobody) {
  Start(IdentitySource::kForwarded);
  const std::string seen = "By=spiffe://cluster.local/ns/tap/sa/c;Hash=ab;Subject=\"\";" + kThief;
  for (const std::string& sent : {kCart, kCart + ";Subject=\"", kCart + ";Subject=\"\\\"",
                                  kCart + ";DNS=a\"b", kCart + ",By=\"", std::string()}) {
    BOOST_TEST(Forwarded(sent + "," + seen, "shop") == StatusCode::UNAUTHENTICATED, sent);
  }
  BOOST_TEST(Forwarded(seen, "shop") == StatusCode::PERMISSION_DENIED);
  BOOST_TEST(consumer.seen().nodes.empty());
}

BOOST_AUTO_TEST_CASE(the_header_twice_is_nobodys_word) {
  Start(IdentitySource::kForwarded);
  LogSender sender(Connect(server->port()), std::chrono::seconds(10),
                   {{"x-forwarded-client-cert", kCart}, {"x-forwarded-client-cert", kThief}});
  sender.Send(OfNode("shop", "cart-sa"));
  BOOST_TEST(sender.Finish().error_code() != StatusCode::OK);
  BOOST_TEST(consumer.seen().nodes.empty());
}

BOOST_AUTO_TEST_CASE(the_certificate_binds_a_stream_to_its_namespace_and_account) {
  Start(IdentitySource::kCertificate);
  BOOST_TEST(WithCertificate("cart", "shop") == StatusCode::OK);
  BOOST_TEST(WithCertificate("cart", "shop", "") == StatusCode::OK);
  BOOST_TEST(consumer.seen().paths.size() == 2);
  BOOST_TEST(WithCertificate("thief", "shop") == StatusCode::PERMISSION_DENIED);
  BOOST_TEST(WithCertificate("mesh", "shop") == StatusCode::UNAUTHENTICATED);
  BOOST_TEST(WithCertificate("double", "shop") == StatusCode::UNAUTHENTICATED);
  BOOST_TEST(consumer.seen().paths.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_header_counts_for_nothing_where_certificates_do) {
  Start(IdentitySource::kCertificate);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = Certificates::Get().Read("mesh-ca.pem");
  tls.pem_cert_chain = Certificates::Get().Read("thief.pem");
  tls.pem_private_key = Certificates::Get().Read("thief.key");
  LogSender sender(Connect(server->port(), grpc::SslCredentials(tls)), std::chrono::seconds(10),
                   {{"x-forwarded-client-cert", kCart}});
  sender.Send(OfNode("shop", "cart-sa"));
  BOOST_TEST(sender.Finish().error_code() == StatusCode::PERMISSION_DENIED);
}

BOOST_AUTO_TEST_CASE(trust_domains_that_are_not_named_are_refused) {
  Start(IdentitySource::kForwarded, {"cluster.local", "b"});
  BOOST_TEST(Forwarded(kCart, "shop") == StatusCode::OK);
  BOOST_TEST(Forwarded("URI=spiffe://b/ns/shop/sa/cart-sa", "shop") == StatusCode::OK);
  BOOST_TEST(Forwarded("URI=spiffe://c/ns/shop/sa/cart-sa", "shop") ==
             StatusCode::PERMISSION_DENIED);
  BOOST_TEST(Reports("ForeignTrustDomain", 1));
}

BOOST_AUTO_TEST_CASE(a_certificate_cannot_be_asked_for_without_an_authority_to_check_it) {
  AlsServerOptions options;
  options.address = "localhost:0";
  options.identity.source = IdentitySource::kCertificate;
  const auto started = AlsServer::Start(options, &consumer, &metrics);
  BOOST_TEST(absl::IsInvalidArgument(started.status()));
  BOOST_TEST(Message(started.status()).find("client CA") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_refused_proxy_that_comes_again_makes_no_line_each_time) {
  fakes::ManualClock clock;
  IdentityGate gate({}, &clock);
  const fakes::CapturedLog log("als");
  const auto refuse = [&] {
    traffic::Node node;
    node.ns = "shop";
    node.service_account = "cart-sa";
    BOOST_TEST(
        absl::IsPermissionDenied(gate.Bind(SpiffeId{"cluster.local", "other", "thief"}, &node)));
  };
  for (int i = 0; i < 3; ++i) refuse();
  BOOST_TEST(log.Lines("stream refused").size() == 1u);
  BOOST_TEST(gate.refused(IdentityGate::Refusal::kIdentityMismatch) == 3u);
  clock.Advance(10 * base::kSecond);
  refuse();
  BOOST_TEST(log.Lines("stream refused").size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
