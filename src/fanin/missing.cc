// SPDX-License-Identifier: Apache-2.0
#include "fanin/missing.h"

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "web/site_guard.h"

namespace traffictap::fanin {
namespace {

using Json = nlohmann::ordered_json;

// The message of its metav1.Status, or its code.
std::string SaidBy(const kube::HttpResponse& answer) {
  const Json said = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (said.is_object() && said.contains("message") && said["message"].is_string()) {
    return said["message"].get<std::string>();
  }
  return fmt::format("it answered {}", answer.code);
}

}  // namespace

std::string MissingJson(const std::vector<Missing>& missing) {
  Json out = Json::array();
  for (const auto& one : missing) out.push_back({{"pairer", one.pairer}, {"reason", one.reason}});
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status NoPairers() { return absl::UnavailableError("no pairer is known yet: none has an address"); }

Missing Absent(const std::string& name) {
  return {name, "it has no address: its pod does not run"};
}

std::string WhyNot(const StatusOr<kube::HttpResponse>& answer) {
  if (answer.ok()) return answer->code == 200 ? "the connection was cut" : SaidBy(*answer);
  return absl::IsDeadlineExceeded(answer.status()) ? "it does not answer in time"
                                                   : "it cannot be reached";
}

web::HttpResponse RefusalOf(const std::string& pairer, const StatusOr<kube::HttpResponse>& answer) {
  if (!answer.ok() || answer->code == 200) {
    return web::FailureResponse(
        absl::UnavailableError(fmt::format("no pairer answers; {}: {}", pairer, WhyNot(answer))));
  }
  web::HttpResponse out = web::JsonResponse(answer->body);
  out.code = answer->code;
  if (out.code == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

bool IsForAll(int code) { return code == 400 || code == 401 || code == 403; }

bool SaysMore(const web::HttpResponse& refusal, const web::HttpResponse& other) {
  return IsForAll(refusal.code) || (other.code >= 500 && refusal.code < 500);
}

}  // namespace traffictap::fanin
