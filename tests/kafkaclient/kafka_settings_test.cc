// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/kafka_settings.h"

#include <librdkafka/rdkafka.h>

#include <boost/test/unit_test.hpp>

#include "base/process_clock.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

std::string Value(kafkaclient::KafkaSettings& settings, const char* name) {
  char value[256] = {};
  size_t size = sizeof(value);
  BOOST_TEST(rd_kafka_conf_get(settings.get(), name, value, &size) == RD_KAFKA_CONF_OK, name);
  return value;
}

tap::KafkaOutput Spec(const std::string& mechanism) {
  tap::KafkaOutput spec;
  spec.brokers = {"127.0.0.1:1", "127.0.0.1:2"};
  spec.topic = "t";
  spec.security = tap::KafkaSecurity::kSaslSsl;
  spec.sasl_mechanism = mechanism;
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_settings)

BOOST_AUTO_TEST_CASE(a_user_is_read_from_the_files) {
  fakes::TempDir dir;
  dir.Write("user", "jane\n");
  tap::KafkaOutput spec = Spec("SCRAM-SHA-512");
  spec.sasl_username_file = dir / "user";
  spec.sasl_password_file = dir / "password";
  {
    kafkaclient::KafkaSettings settings;
    settings.Configure(spec);
    BOOST_TEST(absl::IsFailedPrecondition(settings.status()));
    BOOST_TEST(absl::IsFailedPrecondition(settings.MakeProducer().status()));
  }
  dir.Write("password", "secret");
  kafkaclient::KafkaSettings settings;
  settings.Configure(spec);
  BOOST_TEST(settings.status().ok(), settings.status());
  BOOST_TEST(Value(settings, "bootstrap.servers") == "127.0.0.1:1,127.0.0.1:2");
  BOOST_TEST(Value(settings, "security.protocol") == "sasl_ssl");
  BOOST_TEST(Value(settings, "sasl.mechanisms") == "SCRAM-SHA-512");
  BOOST_TEST(Value(settings, "sasl.username") == "jane");
  BOOST_TEST(Value(settings, "sasl.password") == "secret");
}

BOOST_AUTO_TEST_CASE(a_token_and_its_extensions_are_given_to_a_producer) {
  kafkaclient::KafkaSettings settings;
  settings.Configure(Spec("OAUTHBEARER"));
  BOOST_TEST(settings.status().ok(), settings.status());
  BOOST_TEST(Value(settings, "sasl.mechanisms") == "OAUTHBEARER");
  const auto made = settings.MakeProducer();
  BOOST_REQUIRE_MESSAGE(made.ok(), made.status());
  rd_kafka_t* producer = *made;
  BOOST_TEST(!kafkaclient::FailedForGood(producer));
  const base::Nanos now = base::ProcessClock()->Wall();
  const kafkaclient::OauthToken token = {"abc", "", now + 60 * base::kSecond};
  tap::KafkaOauth spec;
  spec.extensions = {{"logicalCluster", "lkc-1"}, {"identityPoolId", "pool-1"}};
  const Status given = kafkaclient::GiveToken(token, spec, producer);
  BOOST_TEST(given.ok(), given);
  spec.extensions = {{"not_a_name", "x"}};
  BOOST_TEST(absl::IsFailedPrecondition(kafkaclient::GiveToken(token, spec, producer)));
  const Status old = kafkaclient::GiveToken({"abc", "", now - base::kSecond}, {}, producer);
  BOOST_TEST(absl::IsFailedPrecondition(old));
  BOOST_TEST(Message(old).find("unexpired") != std::string::npos, old);
  kafkaclient::DropProducer(producer);
}

BOOST_AUTO_TEST_CASE(settings_that_do_not_go_together_make_no_client) {
  kafkaclient::KafkaSettings settings;
  settings.Set("group.id", "g");
  settings.Set("session.timeout.ms", "45000");
  settings.Set("max.poll.interval.ms", "10000");
  BOOST_TEST(settings.status().ok(), settings.status());
  BOOST_TEST(absl::IsInvalidArgument(settings.MakeConsumer().status()));
  BOOST_TEST(!kafkaclient::FailedForGood(nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
