// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "fmt/format.h"
#include "tap/parse_destination.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

DestinationResult Parse(const std::string& spec) {
  return ParseDestinations("d.yaml",
                           "apiVersion: traffictap.io/v1alpha1\nkind: TapDestination\n"
                           "metadata: {name: events}\nspec: {" +
                               spec + "}\n");
}

DestinationSpec Good(const std::string& spec) {
  const auto result = Parse(spec);
  for (const auto& error : result.errors) BOOST_ERROR(error.ToString());
  BOOST_REQUIRE(result.destinations.size() == 1);
  return *result.destinations[0];
}

// The faults, "field: reason" each.
std::string Faults(const std::string& spec) {
  std::string out;
  for (const auto& error : Parse(spec).errors) {
    out += fmt::format("{}: {}\n", error.field, error.reason);
  }
  return out;
}

const std::string kSecret = ", credentialsSecret: creds";

}  // namespace

BOOST_AUTO_TEST_SUITE(destination)

BOOST_AUTO_TEST_CASE(reads_brokers_and_how_they_are_spoken_to) {
  const auto spec = Good(
      "type: Kafka, kafka: {brokers: ['k:9093'], topic: t, allowedTopics: [u, v], security: "
      "SaslSsl, sasl: {mechanism: SCRAM-SHA-512}, tls: {ca: Secret, clientCertificate: true}}" +
      kSecret);
  BOOST_TEST(spec.name == "events");
  BOOST_CHECK(spec.type == DestinationType::kKafka);
  BOOST_TEST(spec.brokers.at(0) == "k:9093");
  BOOST_TEST(spec.allowed_topics.size() == 2u);
  BOOST_CHECK(spec.security == KafkaSecurity::kSaslSsl);
  BOOST_TEST(spec.sasl_mechanism == "SCRAM-SHA-512");
  BOOST_TEST(spec.ca_from_secret);
  BOOST_TEST(spec.client_certificate);
  BOOST_TEST(spec.credentials_secret == "creds");
}

const std::string kOauthOf =
    "type: Kafka, kafka: {brokers: ['k:9093'], topic: t, security: SaslSsl, sasl: ";

BOOST_AUTO_TEST_CASE(a_token_may_be_left_to_the_secret) {
  const auto spec = Good(kOauthOf + "{mechanism: OAUTHBEARER}}" + kSecret);
  BOOST_TEST(spec.sasl_mechanism == kOauthBearer);
  BOOST_CHECK(spec.oauth == KafkaOauth());
}

BOOST_AUTO_TEST_CASE(reads_where_a_token_comes_from) {
  auto oauth = Good(kOauthOf +
                    "{mechanism: OAUTHBEARER, oauth: {tokenEndpointUrl: "
                    "'https://login.example/t?a=b', clientId: 'api://me', scope: 'a b/.default', "
                    "extensions: {logicalCluster: lkc-1, identityPoolId: pool-1}}}}" +
                    kSecret)
                   .oauth;
  BOOST_TEST(oauth.token_endpoint_url == "https://login.example/t?a=b");
  BOOST_TEST(oauth.client_id == "api://me");
  BOOST_TEST(oauth.scope == "a b/.default");
  BOOST_TEST(oauth.extensions.at("logicalCluster") == "lkc-1");
  BOOST_TEST(oauth.extensions.at("identityPoolId") == "pool-1");
  oauth =
      Good(kOauthOf + "{mechanism: OAUTHBEARER, oauth: {awsRegion: eu-west-1}}}" + kSecret).oauth;
  BOOST_TEST(oauth.aws_region == "eu-west-1");
}

BOOST_AUTO_TEST_CASE(refuses_an_oauth_that_cannot_work) {
  const auto faults = [](const std::string& mechanism, const std::string& oauth) {
    return Faults(kOauthOf + "{mechanism: " + mechanism + ", oauth: {" + oauth + "}}}" + kSecret);
  };
  const auto invalid = [&](const std::string& field, const std::string& value) {
    return faults("OAUTHBEARER", field + ": " + value) ==
           "spec.kafka.sasl.oauth." + field + ": InvalidValue\n";
  };
  BOOST_TEST(faults("PLAIN", "scope: a") == "spec.kafka.sasl: Conflict\n");
  BOOST_TEST(faults("OAUTHBEARER", "tokenEndpointUrl: 'https://a/', awsRegion: eu-west-1") ==
             "spec.kafka.sasl.oauth: Conflict\n");
  // The folder is the secret's, whoever asks for another one.
  BOOST_TEST(faults("OAUTHBEARER", "credentialsDirectory: /etc") ==
             "spec.kafka.sasl.oauth.credentialsDirectory: UnknownField\n");
  for (const char* url : {"login.example", "ftp://a/", "'https://'", "'https://u:p@host/'",
                          "'https://host/#a'", "'https://host/a b'"}) {
    BOOST_TEST(invalid("tokenEndpointUrl", url), url);
  }
  BOOST_TEST(invalid("clientId", "\"a\\nb\""));
  BOOST_TEST(invalid("scope", "'a \"b\"'"));
  for (const char* region : {"EU", "'eu-west-1.example.com/'", "-eu", "eu-"}) {
    BOOST_TEST(invalid("awsRegion", region), region);
  }
  for (const char* extensions : {"{auth: x}", "{logical_cluster: x}", "{traceId: é}"}) {
    BOOST_TEST(invalid("extensions", extensions), extensions);
  }
  BOOST_TEST(invalid("extensions", "{a: " + std::string(1025, 'x') + "}"));
  BOOST_TEST(Faults(kOauthOf + "{mechanism: OAUTHBEARER}}") == "spec: MissingField\n");
}

BOOST_AUTO_TEST_CASE(reads_a_receiver_and_its_headers) {
  const auto spec = Good(
      "type: Otlp, otlp: {protocol: HttpProtobuf, endpoint: 'https://otel:4318/t/', headers: "
      "[{name: Authorization, key: token}]}" +
      kSecret);
  BOOST_CHECK(spec.protocol == OtlpProtocol::kHttpProtobuf);
  BOOST_TEST(spec.endpoint == "https://otel:4318/t");
  BOOST_TEST(spec.headers.at(0).name == "authorization");
  BOOST_TEST(spec.headers.at(0).key == "token");
}

BOOST_AUTO_TEST_CASE(an_empty_selector_allows_every_namespace_and_none_allows_no_namespace) {
  const std::string kafka = "type: Kafka, kafka: {brokers: ['k:9092'], topic: t}";
  BOOST_TEST(!Good(kafka).namespaces_allowed);
  BOOST_TEST(Good(kafka + ", allowedNamespaces: {}").namespaces_allowed);
  const auto spec = Good(kafka +
                         ", allowedNamespaces: {matchLabels: {team: a}, matchExpressions: "
                         "[{key: env, operator: NotIn, values: [prod]}]}");
  BOOST_TEST(spec.allowed_namespaces.Matches({{"team", "a"}, {"env", "dev"}}));
  BOOST_TEST(!spec.allowed_namespaces.Matches({{"team", "a"}, {"env", "prod"}}));
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_work) {
  BOOST_TEST(Faults("type: Kafka") == "spec.kafka: MissingField\n");
  BOOST_TEST(Faults("type: Kafka, kafka: {brokers: ['k:9092']}") == "spec.kafka: MissingField\n");
  BOOST_TEST(Faults("type: Kafka, kafka: {brokers: ['k:9092'], topic: t}, otlp: {}") ==
             "spec.otlp: InvalidValue\n");
  BOOST_TEST(Faults("type: Otlp, otlp: {endpoint: 'http://o:4317', tls: {}}") ==
             "spec.otlp: Conflict\n");
  BOOST_TEST(Faults("type: Otlp, otlp: {endpoint: 'https://o:4317', tls: {ca: Secret}}") ==
             "spec: MissingField\n");
  BOOST_TEST(Faults("type: Otlp, otlp: {endpoint: 'http://o:4317', headers: [{name: a, key: "
                    "'../b'}]}" +
                    kSecret) == "spec.otlp.headers[0].key: InvalidValue\n");
  BOOST_TEST(Faults("type: Kafka, kafka: {brokers: ['k:9092'], topic: t}, allowedNamespaces: "
                    "{matchExpressions: [{key: a, operator: In}]}") ==
             "spec.allowedNamespaces.matchExpressions[0]: Conflict\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
