// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/msk_token.h"

#include <boost/test/unit_test.hpp>

#include "absl/strings/escaping.h"

namespace traffictap {
namespace {

constexpr base::Nanos kNow = 1'772'366'405 * base::kSecond;  // 2026-03-01T12:00:05Z

std::string Url(const kafkaclient::OauthToken& token) {
  std::string url;
  BOOST_REQUIRE(absl::WebSafeBase64Unescape(token.value, &url));
  return url;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(msk_token)

// The signatures are those of AWS's own signer, aws-msk-iam-sasl-signer-python 1.0.2, for the same
// moment.
BOOST_AUTO_TEST_CASE(signs_as_the_signer_of_aws_does) {
  const auto token = kafkaclient::SignMskToken(
      {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""}, "eu-west-1", kNow);
  BOOST_TEST(
      Url(token) ==
      "https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Algorithm="
      "AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260301%2Feu-west-1%2Fkafka-cluster%2F"
      "aws4_request&X-Amz-Date=20260301T120005Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&"
      "X-Amz-Signature=6cc6182d27b89dd2a7fe5846dfa37c8e1bc70cf85830eacaf6b3cf794e315bdd&"
      "User-Agent=traffictap");
  BOOST_TEST(token.value.find_first_of("+/=") == std::string::npos);
  BOOST_TEST(token.expires == kNow + 900 * base::kSecond);
  BOOST_TEST(token.principal == "AKIDEXAMPLE");
}

BOOST_AUTO_TEST_CASE(signs_the_session_of_temporary_credentials) {
  const std::string url = Url(kafkaclient::SignMskToken(
      {"ASIAEXAMPLE", "secret/with+signs", "FwoGZXIvYXdzEJr//////////wEaDH+example/token=="},
      "eu-west-1", kNow));
  BOOST_TEST(url.find("&X-Amz-Security-Token=FwoGZXIvYXdzEJr%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEaDH%2B"
                      "example%2Ftoken%3D%3D&") != std::string::npos,
             url);
  BOOST_TEST(
      url.find(
          "X-Amz-Signature=72290d11905c93b6cf33ae307788c62623541b0ae0beaf8fbc49e71b74a22daf&") !=
          std::string::npos,
      url);
}

BOOST_AUTO_TEST_CASE(a_brokers_name_tells_the_region) {
  const auto region = [](const char* broker) {
    return kafkaclient::RegionOf({"kafka-0:9092", broker});
  };
  BOOST_TEST(region("b-1.shop.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098") == "eu-west-1");
  BOOST_TEST(region("b-1-public.shop.a1.c2.kafka.us-east-2.amazonaws.com:9198") == "us-east-2");
  BOOST_TEST(region("boot-x.c1.kafka-serverless.us-east-1.amazonaws.com:9098") == "us-east-1");
  BOOST_TEST(region("b-1.shop.a1.c2.kafka.cn-north-1.amazonaws.com.cn:9098") == "cn-north-1");
  BOOST_TEST(region("kafka.amazonaws.com:9098") == "");
  BOOST_TEST(region("ec2-1.eu-west-1.compute.amazonaws.com:9098") == "");
  BOOST_TEST(region("b-1.msk.example:9098") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
