// SPDX-License-Identifier: Apache-2.0

// Three times bound how often a token is asked for. It is renewed at half of its life, by the
// monotonic clock, but never used beyond its end by the wall clock, which is the one that its
// issuer knows. A broker that refuses it does not make us ask for a minute: a wrong secret must not
// flood the endpoint. After a failure the same answer is given for ten seconds.
#include "kafkaclient/token_source.h"

#include <utility>

#include "base/text_file.h"
#include "fmt/format.h"
#include "kafkaclient/msk_token.h"
#include "kafkaclient/token_endpoint.h"

namespace traffictap::kafkaclient {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr base::Nanos kRefusedRest = 60 * base::kSecond;
constexpr base::Nanos kRetryAfter = 10 * base::kSecond;
constexpr const char* kAuthorities = "oauth-ca.crt";
constexpr const char* kKeys[] = {"token",  "accessKeyId", "secretAccessKey", "sessionToken",
                                 "region", "clientId",    "clientSecret",    "tokenEndpointUrl",
                                 "scope",  kAuthorities};

StatusOr<OauthToken> Within(const std::string& what, StatusOr<OauthToken> token) {
  if (token.ok()) return token;
  return Status(token.status().code(), fmt::format("kafka: {}: {}", what, Message(token.status())));
}

}  // namespace

TokenSource::TokenSource(tap::KafkaOauth spec, const std::vector<std::string>& brokers,
                         const base::Clock* clock)
    : spec_(std::move(spec)), brokers_region_(RegionOf(brokers)), clock_(clock) {}

StatusOr<OauthToken> TokenSource::Get() {
  const base::Nanos now = clock_->Monotonic();
  const base::Nanos wall = clock_->Wall();
  const bool unwanted = refused_ && now >= made_at_ + kRefusedRest;
  if (token_ && now < renew_at_ && wall < token_->expires && !unwanted) return *token_;
  if (!failure_.ok() && now < retry_at_) return failure_;
  auto token = Make(wall);
  failure_ = token.status();
  if (token.ok()) {
    token_ = *token;
    made_at_ = now;
    renew_at_ = now + (token->expires - wall) / 2;
    refused_ = false;
  } else {
    retry_at_ = now + kRetryAfter;
  }
  return token;
}

StatusOr<OauthToken> TokenSource::Make(base::Nanos now) const {
  if (!spec_.token_endpoint_url.empty()) return FromEndpoint(now);
  if (!spec_.aws_region.empty()) return ForMsk(now);
  if (!Find("token").empty()) return FromFile(now);
  if (!Find("accessKeyId").empty()) return ForMsk(now);
  if (!Find("clientSecret").empty()) return FromEndpoint(now);
  return absl::FailedPreconditionError(fmt::format(
      "kafka: no credentials for OAUTHBEARER in \"{}\": the Secret needs the key token; or "
      "clientSecret, clientId and tokenEndpointUrl; or accessKeyId and secretAccessKey; and must "
      "be mounted there (chart: collector.destinationSecrets)",
      spec_.credentials_dir));
}

StatusOr<OauthToken> TokenSource::FromFile(base::Nanos now) const {
  return Within(fmt::format("token in \"{}\"", PathOf("token")), ReadToken(Find("token"), now));
}

StatusOr<OauthToken> TokenSource::FromEndpoint(base::Nanos now) const {
  TokenRequest request;
  const auto url = Need("tokenEndpointUrl", spec_.token_endpoint_url);
  const auto id = Need("clientId", spec_.client_id);
  const auto secret = Need("clientSecret");
  for (const auto* one : {&url, &id, &secret}) TT_RETURN_IF_ERROR(one->status());
  request.url = *url;
  request.client_id = *id;
  request.client_secret = *secret;
  request.scope = spec_.scope.empty() ? Find("scope") : spec_.scope;
  if (!Find(kAuthorities).empty()) request.ca_file = PathOf(kAuthorities);
  return Within(fmt::format("token endpoint \"{}\"", *url), FetchToken(request, now));
}

StatusOr<OauthToken> TokenSource::ForMsk(base::Nanos now) const {
  const auto id = Need("accessKeyId");
  const auto secret = Need("secretAccessKey");
  std::string region = spec_.aws_region.empty() ? Find("region") : spec_.aws_region;
  for (const auto* one : {&id, &secret}) TT_RETURN_IF_ERROR(one->status());
  if (region.empty()) region = brokers_region_;
  if (region.empty()) {
    return absl::FailedPreconditionError(
        "kafka: the brokers' names show no AWS region: set sasl.oauth.awsRegion");
  }
  return SignMskToken({*id, *secret, Find("sessionToken")}, region, now);
}

std::vector<std::string> TokenSource::Files() const {
  std::vector<std::string> out;
  for (const char* key : kKeys) out.push_back(PathOf(key));
  return out;
}

std::string TokenSource::PathOf(const std::string& key) const {
  return fmt::format("{}/{}", spec_.credentials_dir, key);
}

std::string TokenSource::Find(const std::string& key) const {
  return base::ReadTextFile(PathOf(key), kFileBytesMax, base::kLineEnds).value_or("");
}

StatusOr<std::string> TokenSource::Need(const std::string& key, const std::string& given) const {
  std::string text = given.empty() ? Find(key) : given;
  if (!text.empty()) return text;
  return absl::FailedPreconditionError(
      fmt::format("kafka: read secret \"{}\": no such file, or empty: add the key {} to the Secret",
                  PathOf(key), key));
}

}  // namespace traffictap::kafkaclient
