// SPDX-License-Identifier: Apache-2.0
#include "web/server_tls.h"

#include <boost/test/unit_test.hpp>

#include "als/certificates.h"
#include "fakes/tls_client.h"
#include "web/http_server.h"

namespace traffictap {

using fakes::TlsClient;

struct ServerTlsTest {
  const als::Certificates& files = als::Certificates::Get();
  tls::ServerTexts settings{files.Read("mesh.pem"), files.Read("mesh.key"),
                            files.Read("mesh-ca.pem")};
  std::shared_ptr<web::ServerTls> tls;
  std::unique_ptr<web::HttpServer> server;

  void Start() {
    tls = web::ServerTls::Make(settings).value();
    web::HttpServerOptions options;
    options.address = "127.0.0.1:0";
    options.tls = tls;
    server = web::HttpServer::Start(options, {{"/name",
                                               [](const web::HttpRequest& request) {
                                                 return web::HttpResponse{
                                                     200, "text/plain",
                                                     request.client_name.value_or("(nobody)")};
                                               }}})
                 .value();
  }
  TlsClient::Identity Identity(const std::string& authority) const {
    return {files.Path(authority + ".pem"), files.Path(authority + ".key")};
  }
  std::string Name(const TlsClient::Identity& identity) {
    return TlsClient(server->port(), identity).Get("/name");
  }
};

BOOST_FIXTURE_TEST_SUITE(server_tls, ServerTlsTest)

BOOST_AUTO_TEST_CASE(a_client_has_the_name_of_its_certificate_or_none) {
  Start();
  BOOST_TEST(Name(Identity("mesh")).ends_with("localhost"));
  BOOST_TEST(Name({}).ends_with("(nobody)"));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_authority_is_broken_off) {
  Start();
  BOOST_TEST(Name(Identity("foreign")).empty());
}

BOOST_AUTO_TEST_CASE(old_versions_and_plain_text_are_refused_and_the_server_goes_on) {
  Start();
  BOOST_TEST(!TlsClient(server->port(), {}, boost::asio::ssl::context::tlsv11).connected());
  BOOST_TEST(TlsClient(server->port(), {}, boost::asio::ssl::context::tlsv12).connected());
  BOOST_TEST(TlsClient(server->port(), {}, boost::asio::ssl::context::tlsv13).connected());
}

BOOST_AUTO_TEST_CASE(new_settings_are_those_of_new_connections_and_open_ones_go_on) {
  Start();
  TlsClient before(server->port(), Identity("mesh"));
  before.Send("GET /name HTTP/1.1\r\nHost: x\r\n\r\n");
  before.ReadUntil("localhost");
  settings = {files.Read("foreign.pem"), files.Read("foreign.key"), files.Read("foreign-ca.pem")};
  BOOST_REQUIRE(tls->Set(settings).ok());
  BOOST_TEST(Name(Identity("foreign")).ends_with("localhost"));
  BOOST_TEST(Name(Identity("mesh")).empty());
  BOOST_TEST(before.Get("/name").ends_with("localhost"));
}

BOOST_AUTO_TEST_CASE(unusable_texts_are_named_and_the_old_settings_stay) {
  Start();
  const auto told = [&](const tls::ServerTexts& bad) { return Message(tls->Set(bad)); };
  auto bad = settings;
  bad.certificate = "none";
  BOOST_TEST(told(bad).starts_with("read the certificate"));
  bad = settings;
  bad.key = files.Read("foreign.key");
  BOOST_TEST(told(bad).starts_with("read the key"));
  bad = settings;
  bad.client_ca = "none";
  BOOST_TEST(told(bad).starts_with("read the client CA"));
  BOOST_TEST(Name(Identity("mesh")).ends_with("localhost"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
