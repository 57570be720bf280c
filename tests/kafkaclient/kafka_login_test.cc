// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/kafka_login.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "kafkaclient/kafka_settings.h"

namespace traffictap {
namespace {

using kafkaclient::KafkaLogin;

constexpr base::Nanos kLook = 2 * base::kSecond;

// Clients of a cluster that is not there, and the folder with what they show to it.
struct Fixture {
  Fixture() {
    // librdkafka takes no token that has expired, by the machine's clock.
    clock.JumpWall(base::ProcessClock()->Wall() - clock.Wall());
    spec.brokers = {"127.0.0.1:1"};
    spec.topic = "t";
    spec.security = tap::KafkaSecurity::kSaslPlaintext;
  }
  ~Fixture() {
    if (client != nullptr) rd_kafka_destroy(client);
  }

  void UseTokens() {
    spec.sasl_mechanism = tap::kOauthBearer;
    spec.oauth.credentials_dir = dir.path().string();
  }
  void UsePassword() {
    spec.sasl_mechanism = "PLAIN";
    spec.sasl_username_file = dir / "user";
    spec.sasl_password_file = dir / "password";
    dir.Write("user", "jane");
    dir.Write("password", "first");
  }
  void MakeClient() {
    kafkaclient::KafkaSettings settings;
    settings.Configure(spec);
    BOOST_REQUIRE_MESSAGE(settings.status().ok(), settings.status());
    const auto made = settings.MakeProducer();
    BOOST_REQUIRE_MESSAGE(made.ok(), made.status());
    client = *made;
  }
  std::string Value(const char* name) const {
    char value[256] = {};
    size_t size = sizeof(value);
    BOOST_TEST(rd_kafka_conf_get(rd_kafka_conf(client), name, value, &size) == RD_KAFKA_CONF_OK);
    return value;
  }
  std::array<rd_kafka_s*, 2> clients() const { return {client, nullptr}; }

  fakes::TempDir dir;
  fakes::ManualClock clock;
  tap::KafkaOutput spec;
  rd_kafka_t* client = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_login)

BOOST_FIXTURE_TEST_CASE(a_new_password_is_given_to_clients_at_work, Fixture) {
  UsePassword();
  KafkaLogin login(spec, &clock);
  BOOST_TEST(!login.has_tokens());
  login.Read();
  MakeClient();
  BOOST_TEST(Value("sasl.password") == "first");
  dir.Write("user", "joan");
  dir.Write("password", "second");
  clock.Advance(kLook);
  BOOST_TEST(!login.Refresh(clients()));
  BOOST_TEST(Value("sasl.username") == "joan");
  BOOST_TEST(Value("sasl.password") == "second");
}

BOOST_FIXTURE_TEST_CASE(files_are_looked_at_every_two_seconds, Fixture) {
  UsePassword();
  KafkaLogin login(spec, &clock);
  login.Read();
  MakeClient();
  login.Refresh(clients());
  dir.Write("password", "second");
  clock.Advance(kLook - 1);
  login.Refresh(clients());
  BOOST_TEST(Value("sasl.password") == "first");
  clock.Advance(1);
  login.Refresh(clients());
  BOOST_TEST(Value("sasl.password") == "second");
}

BOOST_FIXTURE_TEST_CASE(new_certificates_are_told_once, Fixture) {
  spec.security = tap::KafkaSecurity::kSsl;
  spec.ca_file = dir / "ca.crt";
  dir.Write("ca.crt", "first");
  KafkaLogin login(spec, &clock);
  login.Read();
  BOOST_TEST(!login.Refresh({}));
  dir.Write("ca.crt", "second");
  clock.Advance(kLook);
  BOOST_TEST(login.Refresh({}));
  clock.Advance(kLook);
  BOOST_TEST(!login.Refresh({}));
}

BOOST_FIXTURE_TEST_CASE(a_token_that_comes_later_is_taken_when_its_file_is_there, Fixture) {
  UseTokens();
  KafkaLogin login(spec, &clock);
  BOOST_TEST(login.has_tokens());
  login.Read();
  MakeClient();
  login.SetToken(client);
  BOOST_TEST(absl::IsFailedPrecondition(login.token_status()), login.token_status());
  dir.Write("token", "abc");
  clock.Advance(kLook);
  BOOST_TEST(!login.Refresh(clients()));
  BOOST_TEST(login.token_status().ok(), login.token_status());
}

BOOST_FIXTURE_TEST_CASE(a_token_that_a_broker_refused_is_asked_for_anew, Fixture) {
  UseTokens();
  dir.Write("token", "abc");
  KafkaLogin login(spec, &clock);
  login.Read();
  MakeClient();
  login.SetToken(client);
  BOOST_TEST(login.token_status().ok(), login.token_status());
  login.Refused();
  std::filesystem::remove(dir.path() / "token");
  clock.Advance(kLook);
  login.Refresh(clients());
  BOOST_TEST(login.token_status().ok(), "not within a minute");
  clock.Advance(60 * base::kSecond);
  login.Refresh(clients());
  BOOST_TEST(absl::IsFailedPrecondition(login.token_status()), login.token_status());
}

BOOST_FIXTURE_TEST_CASE(without_tokens_none_is_given, Fixture) {
  UsePassword();
  KafkaLogin login(spec, &clock);
  MakeClient();
  login.SetToken(client);
  login.Refused();
  login.SetTokens(clients());
  BOOST_TEST(login.token_status().ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
