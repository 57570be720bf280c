// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kafkaclient/oauth_token.h"

namespace traffictap::kafkaclient {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // of temporary credentials; else empty
};

// The token of Amazon MSK's IAM access control: the URL of kafka-cluster:Connect, presigned by
// Signature Version 4 ("Authenticating Requests: Using Query Parameters") for 15 minutes, in
// base64url without padding, as AWS's own signers for SASL OAUTHBEARER make it. Nothing is sent to
// AWS. `now` is Clock::Wall.
OauthToken SignMskToken(const AwsCredentials& credentials, const std::string& region,
                        base::Nanos now);

// The region in the name of a broker ("b-1.c.x.c2.kafka.eu-west-1.amazonaws.com:9098"), or empty.
std::string RegionOf(const std::vector<std::string>& brokers);

}  // namespace traffictap::kafkaclient
