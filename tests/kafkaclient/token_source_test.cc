// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/token_source.h"

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "absl/strings/escaping.h"
#include "fakes/manual_clock.h"
#include "fakes/scripted_http_server.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using kafkaclient::TokenSource;

// A Secret's folder, and an output that takes its token from there.
struct Fixture {
  TokenSource Source(const std::vector<std::string>& brokers = {"kafka:9092"}) {
    spec.credentials_dir = dir.path().string();
    return {spec, brokers, &clock};
  }
  std::string Said(TokenSource source) {
    const auto token = source.Get();
    return token.ok() ? token->value : Message(token.status());
  }

  fakes::TempDir dir;
  fakes::ManualClock clock;
  tap::KafkaOauth spec;
};

// Answers with tokens t1, t2, … that live for 100 s, or with what the test sets.
struct Endpoint {
  std::atomic<int> code{200};
  std::atomic<int> count{0};
  fakes::ScriptedHttpServer server{[this](const auto&, fakes::ScriptedConnection& connection) {
    connection.Answer(code, fmt::format(R"({{"access_token":"t{}","expires_in":100}})", ++count));
    return true;
  }};
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_source)

BOOST_FIXTURE_TEST_CASE(the_keys_of_the_secret_decide, Fixture) {
  BOOST_TEST(Has(Said(Source()), "needs the key token; or clientSecret"), Said(Source()));
  dir.Write("clientSecret", "s");
  BOOST_TEST(Has(Said(Source()), "add the key tokenEndpointUrl to the Secret"));
  Endpoint endpoint;
  dir.Write("tokenEndpointUrl", endpoint.server.url());
  BOOST_TEST(Has(Said(Source()), "add the key clientId to the Secret"));
  dir.Write("clientId", "me\n");
  BOOST_TEST(Said(Source()) == "t1");
  dir.Write("accessKeyId", "AKID");
  BOOST_TEST(Has(Said(Source()), "add the key secretAccessKey to the Secret"));
  dir.Write("secretAccessKey", "s");
  BOOST_TEST(Has(Said(Source()), "set sasl.oauth.awsRegion"));
  dir.Write("token", "abc\n");
  BOOST_TEST(Said(Source()) == "abc");
}

BOOST_FIXTURE_TEST_CASE(what_the_spec_names_goes_before_the_secret, Fixture) {
  Endpoint endpoint;
  for (const char* key : {"token", "clientId", "clientSecret", "scope", "tokenEndpointUrl"}) {
    dir.Write(key, "of-the-secret");
  }
  spec.token_endpoint_url = endpoint.server.url();
  BOOST_TEST(Said(Source()) == "t1");
  BOOST_TEST(Has(endpoint.server.requests().at(0).body, "scope=of-the-secret"));
  spec.scope = "given";
  spec.client_id = "me";
  BOOST_TEST(Said(Source()) == "t2");
  BOOST_TEST(Has(endpoint.server.requests().at(1).body, "scope=given"));
  BOOST_TEST(endpoint.server.requests().at(1).headers.at("authorization") ==
             "Basic bWU6b2YtdGhlLXNlY3JldA==");
}

BOOST_FIXTURE_TEST_CASE(the_region_is_the_specs_the_secrets_or_a_brokers, Fixture) {
  dir.Write("accessKeyId", "AKID");
  dir.Write("secretAccessKey", "s");
  const std::vector<std::string> brokers = {"b-1.x.c2.kafka.eu-west-3.amazonaws.com:9098"};
  const auto url = [&] {
    std::string out;
    absl::WebSafeBase64Unescape(Said(Source(brokers)), &out);
    return out;
  };
  BOOST_TEST(Has(url(), "https://kafka.eu-west-3.amazonaws.com/"), url());
  dir.Write("region", "eu-west-2");
  BOOST_TEST(Has(url(), "https://kafka.eu-west-2.amazonaws.com/"), url());
  spec.aws_region = "eu-west-1";
  BOOST_TEST(Has(url(), "https://kafka.eu-west-1.amazonaws.com/"), url());
  BOOST_TEST(!Has(url(), "Security-Token"));
  dir.Write("sessionToken", "session");
  dir.Write("token", "not this one");
  BOOST_TEST(Has(url(), "X-Amz-Security-Token=session&"), url());
}

BOOST_FIXTURE_TEST_CASE(a_token_is_renewed_when_half_of_its_life_is_over, Fixture) {
  Endpoint endpoint;
  dir.Write("clientId", "me");
  dir.Write("clientSecret", "s");
  spec.token_endpoint_url = endpoint.server.url();
  TokenSource source = Source();
  BOOST_TEST(source.Get()->value == "t1");
  clock.Advance(49 * base::kSecond);
  BOOST_TEST(source.Get()->value == "t1");
  clock.Advance(base::kSecond);
  BOOST_TEST(source.Get()->value == "t2");
  clock.JumpWall(101 * base::kSecond);
  BOOST_TEST(source.Get()->value == "t3");
  source.Forget();
  BOOST_TEST(source.Get()->value == "t4");
}

BOOST_FIXTURE_TEST_CASE(one_that_a_broker_refused_is_replaced_once_a_minute, Fixture) {
  dir.Write("token", "old");
  TokenSource source = Source();
  BOOST_TEST(source.Get()->value == "old");
  dir.Write("token", "new");
  source.Refused();
  BOOST_TEST(source.Get()->value == "old");
  BOOST_TEST(source.refused());
  clock.Advance(60 * base::kSecond);
  BOOST_TEST(source.Get()->value == "new");
  BOOST_TEST(!source.refused());
}

BOOST_FIXTURE_TEST_CASE(an_endpoint_that_failed_is_left_alone_for_ten_seconds, Fixture) {
  Endpoint endpoint;
  dir.Write("clientId", "me");
  dir.Write("clientSecret", "s");
  spec.token_endpoint_url = endpoint.server.url() + "/token";
  endpoint.code = 500;
  TokenSource source = Source();
  const Status failed = source.Get().status();
  BOOST_TEST(absl::IsUnavailable(failed));
  BOOST_TEST(Message(failed) ==
             fmt::format("kafka: token endpoint \"{}\": it answers 500", spec.token_endpoint_url));
  endpoint.code = 200;
  BOOST_TEST(source.Get().status() == failed);
  BOOST_TEST(endpoint.count.load() == 1);
  clock.Advance(10 * base::kSecond);
  BOOST_TEST(source.Get()->value == "t2");
  // What somebody has mended is read at once.
  endpoint.code = 500;
  clock.Advance(50 * base::kSecond);
  BOOST_TEST(!source.Get().ok());
  endpoint.code = 200;
  source.Forget();
  BOOST_TEST(source.Get()->value == "t4");
}

BOOST_FIXTURE_TEST_CASE(a_token_that_is_none_is_told_with_its_file, Fixture) {
  dir.Write("token", "Bearer abc");
  BOOST_TEST(Said(Source()) == fmt::format("kafka: token in \"{}\": it must be the token alone, in "
                                           "one line, without \"Bearer\" before it",
                                           dir / "token"));
}

BOOST_FIXTURE_TEST_CASE(its_own_authorities_are_what_it_trusts, Fixture) {
  Endpoint endpoint;
  dir.Write("clientId", "me");
  dir.Write("clientSecret", "s");
  dir.Write("oauth-ca.crt", "not PEM");
  spec.token_endpoint_url = "https" + endpoint.server.url().substr(4);
  const std::string said = Said(Source());
  BOOST_TEST(Has(said, dir / "oauth-ca.crt"), said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
