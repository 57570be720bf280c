// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::kafkaclient {

// What SASL OAUTHBEARER shows to a broker.
struct OauthToken {
  std::string value;
  std::string principal;    // whom it names, for librdkafka's log; may be empty
  base::Nanos expires = 0;  // since the Unix epoch
};

// A token that does not say when it expires is asked for again well within this time.
constexpr base::Nanos kUnknownLife = 300 * base::kSecond;

// `value` with what it says of itself, if it is a JWT (RFC 7519: `exp` and `sub`; its signature is
// for the broker to check). `now` is Clock::Wall. kFailedPrecondition: no token by RFC 6750, 2.1;
// kUnauthenticated: it has expired. Messages never have the token.
StatusOr<OauthToken> ReadToken(const std::string& value, base::Nanos now);

}  // namespace traffictap::kafkaclient
