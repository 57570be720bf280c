// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/msk_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <ctime>
#include <sstream>

#include "absl/strings/escaping.h"
#include "base/percent.h"
#include "fmt/format.h"

namespace traffictap::kafkaclient {
namespace {

constexpr base::Nanos kLifeSeconds = 900;
constexpr const char* kAlgorithm = "AWS4-HMAC-SHA256";
constexpr const char* kService = "kafka-cluster";

std::string Hmac(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

std::string Hex(const std::string& bytes) {
  std::string out;
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::string HexDigest(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return Hex({reinterpret_cast<const char*>(digest), sizeof(digest)});
}

// "20260301T120005Z"
std::string Stamp(base::Nanos now) {
  const std::time_t seconds = now / base::kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc)};
}

}  // namespace

OauthToken SignMskToken(const AwsCredentials& credentials, const std::string& region,
                        base::Nanos now) {
  const std::string stamp = Stamp(now);
  const std::string date = stamp.substr(0, stamp.find('T'));
  const std::string host = fmt::format("kafka.{}.amazonaws.com", region);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, region, kService);
  // Sorted by name, as it is signed.
  std::string query = fmt::format(
      "Action=kafka-cluster%3AConnect&X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}"
      "&X-Amz-Expires={}",
      kAlgorithm, base::PercentEncode(credentials.access_key_id + "/" + scope), stamp,
      kLifeSeconds);
  if (!credentials.session_token.empty()) {
    query += "&X-Amz-Security-Token=" + base::PercentEncode(credentials.session_token);
  }
  query += "&X-Amz-SignedHeaders=host";
  const std::string request =
      fmt::format("GET\n/\n{}\nhost:{}\n\nhost\n{}", query, host, HexDigest(""));
  std::string key = "AWS4" + credentials.secret_access_key;
  for (const std::string& part : {date, region, std::string(kService), std::string("aws4_request")})
    key = Hmac(key, part);
  const std::string signature =
      Hex(Hmac(key, fmt::format("{}\n{}\n{}\n{}", kAlgorithm, stamp, scope, HexDigest(request))));
  const std::string url = fmt::format("https://{}/?{}&X-Amz-Signature={}&User-Agent=traffictap",
                                      host, query, signature);
  OauthToken out;
  absl::WebSafeBase64Escape(url, &out.value);
  out.principal = credentials.access_key_id;
  out.expires = (now / base::kSecond + kLifeSeconds) * base::kSecond;
  return out;
}

std::string RegionOf(const std::vector<std::string>& brokers) {
  for (const std::string& broker : brokers) {
    std::istringstream host(broker.substr(0, broker.rfind(':')));
    std::string service, region;
    for (std::string part; std::getline(host, part, '.');) {
      if (part == "amazonaws" && service.starts_with("kafka")) return region;
      service = std::move(region);
      region = std::move(part);
    }
  }
  return "";
}

}  // namespace traffictap::kafkaclient
