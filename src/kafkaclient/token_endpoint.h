// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kafkaclient/oauth_token.h"

namespace traffictap::kafkaclient {

// What an OAuth 2.0 token endpoint is asked for: the client credentials grant of RFC 6749, 4.4.
struct TokenRequest {
  std::string url;
  std::string client_id;
  std::string client_secret;
  std::string scope;    // may be empty
  std::string ca_file;  // authorities to trust; empty: the system's
};

// Asks for a token and waits for it, five seconds at most. The client shows its credentials in the
// header (HTTP Basic, RFC 6749, 2.3.1). No redirect is followed. `now` is Clock::Wall.
// kUnavailable: no answer, or one that time may heal; kUnauthenticated: the endpoint refuses the
// client; kFailedPrecondition: the answer has no token.
StatusOr<OauthToken> FetchToken(const TokenRequest& request, base::Nanos now);

// What the endpoint's answer says. Pure; `body` may be anything.
StatusOr<OauthToken> ReadTokenAnswer(long code, const std::string& body, base::Nanos now);

}  // namespace traffictap::kafkaclient
