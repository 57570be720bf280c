// SPDX-License-Identifier: Apache-2.0
#include "als/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "als/certificates.h"
#include "als/transport.h"
#include "fakes/captured_log.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test

constexpr base::Nanos kMinute = 60 * base::kSecond;

TlsFiles Mesh(bool client_ca = false) {
  const auto& made = Certificates::Get();
  return {made.Path("mesh.pem"), made.Path("mesh.key"), client_ca ? made.Path("mesh-ca.pem") : ""};
}

// One connection of a client over a pair of sockets.
class Ends {
 public:
  // `shown`: the client's certificate, or empty. `protocols`: what it offers (ALPN's form).
  Ends(TlsContext* tls, const std::string& shown, const std::string& protocols = "\x02h2",
       int version_max = 0) {
    int sockets[2];
    BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets) == 0);
    server = std::make_unique<Transport>(sockets[0], tls->NewConnection(sockets[0]));
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context_, version_max);
    if (!shown.empty()) {
      const auto& made = Certificates::Get();
      SSL_CTX_use_certificate_file(context_, made.Path(shown + ".pem").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, made.Path(shown + ".key").c_str(), SSL_FILETYPE_PEM);
    }
    client = SSL_new(context_);
    if (!protocols.empty()) {
      SSL_set_alpn_protos(client, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    }
    socket_ = sockets[1];
    SSL_set_fd(client, socket_);
    SSL_set_connect_state(client);
  }
  ~Ends() {
    SSL_free(client);
    SSL_CTX_free(context_);
    close(socket_);
    ERR_clear_error();
  }

  // Until the server has read what the client wrote; false where either gives up.
  bool Talk(const std::string& text = "hello") {
    std::string got;
    bool sent = false;
    for (int i = 0; i < 100 && got != text; ++i) {
      sent = sent || SSL_write(client, text.data(), int(text.size())) > 0;
      char bytes[100];
      const long count = server->Read(bytes, sizeof bytes);
      if (count == Transport::kClosed) return false;
      got.append(bytes, size_t(count));
    }
    ERR_clear_error();
    return got == text;
  }
  // The common name of what the server has shown.
  std::string ServerName() const {
    char name[100] = "";
    X509* shown = SSL_get0_peer_certificate(client);
    if (shown != nullptr) X509_NAME_oneline(X509_get_issuer_name(shown), name, sizeof name);
    return name;
  }

  std::unique_ptr<Transport> server;
  SSL* client = nullptr;

 private:
  SSL_CTX* context_ = nullptr;
  int socket_ = -1;
};

struct Fixture {
  std::unique_ptr<TlsContext> Load(const TlsFiles& files) {
    auto out = TlsContext::Load(files, kMinute, &clock);
    BOOST_TEST_REQUIRE(out.ok(), Message(out.status()));
    return *std::move(out);
  }
  fakes::ManualClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_context, Fixture)

BOOST_AUTO_TEST_CASE(serves_clients_with_and_without_a_certificate) {
  const auto tls = Load(Mesh());
  Ends ends(tls.get(), "");
  BOOST_TEST(!ends.server->ready());
  BOOST_TEST(ends.Talk());
  BOOST_TEST(ends.server->ready());
  BOOST_TEST(ends.server->certificate_uris().empty());
  BOOST_TEST(ends.server->Write("back") == 4);
  char bytes[10];
  BOOST_TEST(SSL_read(ends.client, bytes, sizeof bytes) == 4);
  // A certificate that nobody has asked for, or verified, says nothing.
  Ends shown(tls.get(), "cart");
  BOOST_TEST(shown.Talk());
  BOOST_TEST(shown.server->certificate_uris().empty());
}

BOOST_AUTO_TEST_CASE(records_that_come_together_leave_the_socket_together_and_are_told_of) {
  const auto tls = Load(Mesh());
  Ends ends(tls.get(), "");
  BOOST_TEST(ends.Talk());
  for (const char* one : {"a", "b", "c"}) BOOST_TEST(SSL_write(ends.client, one, 1) == 1);
  std::string got;
  do {
    char bytes[10];
    const long count = ends.server->Read(bytes, sizeof bytes);
    BOOST_REQUIRE(count > 0);
    got.append(bytes, size_t(count));
    BOOST_TEST(recv(ends.server->socket(), bytes, 1, MSG_PEEK) < 0);
  } while (ends.server->has_more());
  BOOST_TEST(got == "abc");
}

BOOST_AUTO_TEST_CASE(with_a_client_ca_a_client_must_show_a_certificate_of_it) {
  const auto tls = Load(Mesh(true));
  BOOST_TEST(!Ends(tls.get(), "").Talk());
  BOOST_TEST(!Ends(tls.get(), "foreign").Talk());
  Ends cart(tls.get(), "cart");
  BOOST_TEST(cart.Talk());
  BOOST_TEST(cart.server->certificate_uris() ==
                 std::vector<std::string>{"spiffe://cluster.local/ns/shop/sa/cart-sa"},
             boost::test_tools::per_element());
  Ends both(tls.get(), "double");
  BOOST_TEST(both.Talk());
  BOOST_TEST(both.server->certificate_uris().size() == 2u);
  Ends none(tls.get(), "mesh");
  BOOST_TEST(none.Talk());
  BOOST_TEST(none.server->certificate_uris().empty());
}

BOOST_AUTO_TEST_CASE(speaks_http2_by_tls_12_and_later_alone) {
  const auto tls = Load(Mesh());
  BOOST_TEST(Ends(tls.get(), "", "\x08http/1.1\x02h2").Talk());
  BOOST_TEST(Ends(tls.get(), "", "").Talk());
  BOOST_TEST(!Ends(tls.get(), "", "\x08http/1.1").Talk());
  BOOST_TEST(Ends(tls.get(), "", "\x02h2", TLS1_2_VERSION).Talk());
  BOOST_TEST(!Ends(tls.get(), "", "\x02h2", TLS1_1_VERSION).Talk());
}

BOOST_AUTO_TEST_CASE(what_is_no_tls_is_closed) {
  const auto tls = Load(Mesh());
  int sockets[2];
  BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets) == 0);
  Transport server(sockets[0], tls->NewConnection(sockets[0]));
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  BOOST_TEST(write(sockets[1], preface.data(), preface.size()) == ssize_t(preface.size()));
  char bytes[100];
  BOOST_TEST(server.Read(bytes, sizeof bytes) == Transport::kClosed);
  close(sockets[1]);
}

BOOST_AUTO_TEST_CASE(says_which_file_is_wrong) {
  const auto fails = [&](TlsFiles files, const std::string& with) {
    const auto loaded = TlsContext::Load(files, kMinute, &clock);
    BOOST_TEST(absl::IsInvalidArgument(loaded.status()));
    BOOST_TEST(Message(loaded.status()).find(with) != std::string::npos, Message(loaded.status()));
  };
  const auto& made = Certificates::Get();
  fails({made.Path("mesh.pem"), "", ""}, "both");
  fails({"", made.Path("mesh.key"), ""}, "both");
  fails({"/nonexistent", made.Path("mesh.key"), ""},
        "TLS certificate: read /nonexistent: no such file");
  fails({made.Path("mesh.key"), made.Path("mesh.key"), ""}, "certificate");
  fails({made.Path("mesh.pem"), made.Path("foreign.key"), ""}, "key");
  fails({made.Path("mesh.pem"), made.Path("mesh.key"), made.Path("mesh.key")}, "client CA");
}

BOOST_AUTO_TEST_CASE(takes_over_files_that_were_replaced_and_keeps_those_that_fit) {
  const fakes::TempDir dir;
  const auto copy = [&](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(Certificates::Get().Path(from), dir / to,
                               std::filesystem::copy_options::overwrite_existing);
  };
  copy("mesh.pem", "tls.crt");
  copy("mesh.key", "tls.key");
  const auto tls = Load({dir / "tls.crt", dir / "tls.key", ""});
  const auto issuer = [&] {
    Ends ends(tls.get(), "");
    BOOST_TEST(ends.Talk());
    return ends.ServerName();
  };
  copy("foreign.pem", "tls.crt");
  BOOST_TEST(issuer() == "/CN=mesh");  // not looked at yet
  clock.Advance(kMinute);
  {
    const fakes::CapturedLog log("als");
    BOOST_TEST(issuer() == "/CN=mesh");
    BOOST_TEST(log.Lines("the TLS files have changed and do not fit").size() == 1u);
  }
  copy("foreign.key", "tls.key");
  clock.Advance(kMinute);
  BOOST_TEST(issuer() == "/CN=foreign");
}

BOOST_AUTO_TEST_CASE(a_client_is_trusted_as_long_as_its_authority_is_in_the_client_ca) {
  const fakes::TempDir dir;
  const auto& made = Certificates::Get();
  const std::string file = dir / "ca.pem";
  const auto put = [&](const std::string& authorities) {
    std::ofstream(file) << authorities;
    clock.Advance(kMinute);
  };
  put(made.Read("mesh-ca.pem"));
  const auto tls = Load({made.Path("mesh.pem"), made.Path("mesh.key"), file});
  Ends cart(tls.get(), "cart");
  BOOST_TEST(cart.Talk());
  BOOST_TEST(tls->Authorities() == 1u);
  BOOST_TEST(tls->Trusts(cart.server->tls()));
  put(made.Read("mesh-ca.pem") + made.Read("foreign-ca.pem"));
  BOOST_TEST(tls->Authorities() == 2u);
  BOOST_TEST(tls->Trusts(cart.server->tls()));
  put(made.Read("foreign-ca.pem"));
  BOOST_TEST(!tls->Trusts(cart.server->tls()));
  BOOST_TEST(tls->Authorities() == 3u);
}

BOOST_AUTO_TEST_CASE(without_a_client_ca_everybody_may_stay) {
  const auto tls = Load(Mesh());
  Ends ends(tls.get(), "");
  BOOST_TEST(ends.Talk());
  BOOST_TEST(tls->Trusts(ends.server->tls()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
