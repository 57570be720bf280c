// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/token_endpoint.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "base/percent.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "rpc/credentials.h"

namespace traffictap::kafkaclient {
namespace {

using Json = nlohmann::json;

constexpr long kTimeoutMs = 5'000;
constexpr size_t kAnswerBytesMax = 256 * 1024;
constexpr size_t kToldMax = 300;  // characters of what the endpoint says
constexpr double kLifeSecondsMax = 365.0 * 86'400;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// Reading ends with an answer that is larger than any token's.
size_t Keep(char* bytes, size_t, size_t count, void* to) {
  auto* text = static_cast<std::string*>(to);
  if (text->size() + count > kAnswerBytesMax) return 0;
  text->append(bytes, count);
  return count;
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

// ": invalid_client: …", cut, in one line of printable ASCII: it goes into a status.
std::string Told(const Json& json) {
  std::string out;
  for (const char* field : {"error", "error_description"}) {
    if (const std::string text = TextOf(json, field); !text.empty()) out += ": " + text;
  }
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, ' ');
  return out.substr(0, kToldMax);
}

Status Refusal(long code, const Json& json) {
  const std::string message = fmt::format("it answers {}{}", code, Told(json));
  if (code == 400 || code == 401 || code == 403) {
    return absl::UnauthenticatedError(message + "; check clientId, clientSecret and scope");
  }
  if (code == 429 || code >= 500) return absl::UnavailableError(message);
  return absl::FailedPreconditionError(message + "; check tokenEndpointUrl");
}

std::string BodyOf(const TokenRequest& request) {
  std::string body = "grant_type=client_credentials";
  if (!request.scope.empty()) body += "&scope=" + base::PercentEncode(request.scope);
  return body;
}

}  // namespace

StatusOr<OauthToken> ReadTokenAnswer(long code, const std::string& body, base::Nanos now) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) json = Json::object();
  if (code != 200) return Refusal(code, json);
  const std::string value = TextOf(json, "access_token");
  if (value.empty()) {
    return absl::FailedPreconditionError(
        "its answer has no access_token; check that tokenEndpointUrl is a token endpoint");
  }
  auto token = ReadToken(value, now);
  const auto life = json.find("expires_in");
  if (!token.ok() || life == json.end() || !life->is_number()) return token;
  const double seconds = std::clamp(life->get<double>(), 1.0, kLifeSecondsMax);
  token->expires = now + static_cast<base::Nanos>(seconds) * base::kSecond;
  return token;
}

StatusOr<OauthToken> FetchToken(const TokenRequest& request, base::Nanos now) {
  const Handle curl(curl_easy_init(), curl_easy_cleanup);
  Headers headers(curl_slist_append(nullptr, "Accept: application/json"), curl_slist_free_all);
  const std::string ca = request.ca_file.empty() ? rpc::SystemAuthorities() : request.ca_file;
  // Form-encoded before Basic joins them, as the RFC has it: the client's id may have a ':'.
  const std::string id = base::PercentEncode(request.client_id);
  const std::string secret = base::PercentEncode(request.client_secret);
  const std::string body = BodyOf(request);
  std::string answer;
  char error[CURL_ERROR_SIZE] = {};
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "traffictap");
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl.get(), CURLOPT_USERNAME, id.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, secret.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO, ca.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Keep);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  if (const CURLcode result = curl_easy_perform(curl.get()); result != CURLE_OK) {
    return absl::UnavailableError(error[0] != '\0' ? error : curl_easy_strerror(result));
  }
  long code = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
  return ReadTokenAnswer(code, answer, now);
}

}  // namespace traffictap::kafkaclient
