// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/process_clock.h"
#include "kafkaclient/oauth_token.h"
#include "tap/output_spec.h"

namespace traffictap::kafkaclient {

// Where a Kafka output's tokens come from. What the spec names, or else the folder's files decide:
//   token                          that token; whoever renews it writes the file anew
//   accessKeyId, secretAccessKey   signed for Amazon MSK, with sessionToken and region if there
//   clientSecret                   fetched from tokenEndpointUrl for clientId, with scope if there;
//                                  the endpoint's certificate by oauth-ca.crt if there
// Used by one thread.
class TokenSource {
 public:
  // `clock` outlives the source.
  TokenSource(tap::KafkaOauth spec, const std::vector<std::string>& brokers,
              const base::Clock* clock = base::ProcessClock());

  // The token at hand while more than half of its life is left, or else a new one; may wait for
  // the token endpoint. What failed is tried again after ten seconds. kFailedPrecondition: a file is
  // missing or has no such thing; kUnauthenticated: expired, or the endpoint refuses; kUnavailable:
  // no answer.
  StatusOr<OauthToken> Get();

  // The next token is a new one: the files have changed.
  void Forget() {
    token_.reset();
    failure_ = absl::OkStatus();
  }
  // A broker did not take the token: from a minute after it came, Get asks for another one.
  void Refused() { refused_ = true; }
  bool refused() const { return refused_; }

  // All files that may be read, whether they are there or not.
  std::vector<std::string> Files() const;

 private:
  StatusOr<OauthToken> Make(base::Nanos now) const;
  StatusOr<OauthToken> FromFile(base::Nanos now) const;
  StatusOr<OauthToken> FromEndpoint(base::Nanos now) const;
  StatusOr<OauthToken> ForMsk(base::Nanos now) const;

  std::string PathOf(const std::string& key) const;
  // Empty where there is no such file, or nothing in it.
  std::string Find(const std::string& key) const;
  // `given` if it is not empty, or else the key's; kFailedPrecondition where both are.
  StatusOr<std::string> Need(const std::string& key, const std::string& given = "") const;

  const tap::KafkaOauth spec_;
  const std::string brokers_region_;
  const base::Clock* const clock_;
  std::optional<OauthToken> token_;
  Status failure_;  // of the last attempt
  // Clock::Monotonic
  base::Nanos made_at_ = 0;
  base::Nanos renew_at_ = 0;
  base::Nanos retry_at_ = 0;
  bool refused_ = false;
};

}  // namespace traffictap::kafkaclient
