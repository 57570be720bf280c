// SPDX-License-Identifier: Apache-2.0
#include "web/site_guard.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "nlohmann/json.hpp"

namespace traffictap::web {
namespace {

bool IsPort(std::string_view text) {
  return text.empty() || (text.size() > 1 && text.size() < 7 && text[0] == ':' &&
                          std::all_of(text.begin() + 1, text.end(),
                                      [](unsigned char c) { return std::isdigit(c); }));
}

// "127.0.0.1" and the rest of 127.0.0.0/8: an address cannot be pointed elsewhere, as a name can.
bool IsLoopbackAddress(std::string_view host) {
  return host.starts_with("127.") && host.size() <= 15 &&
         std::all_of(host.begin(), host.end(),
                     [](unsigned char c) { return std::isdigit(c) || c == '.'; });
}

// Any port: the machine may be reached through a forwarded one.
bool NamesThisMachine(std::string_view host) {
  const size_t bracket = host.find(']');
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const auto name = host.substr(0, colon);
  if (!IsPort(host.substr(name.size()))) return false;
  return name == "localhost" || name == "[::1]" || IsLoopbackAddress(name);
}

struct Failure {
  int code;
  const char* reason;  // of metav1.Status
};

Failure FailureOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument: return {400, "BadRequest"};
    case absl::StatusCode::kUnauthenticated: return {401, "Unauthorized"};
    case absl::StatusCode::kPermissionDenied: return {403, "Forbidden"};
    case absl::StatusCode::kNotFound: return {404, "NotFound"};
    case absl::StatusCode::kFailedPrecondition: return {409, "Conflict"};
    case absl::StatusCode::kResourceExhausted: return {429, "TooManyRequests"};
    case absl::StatusCode::kUnavailable: return {503, "ServiceUnavailable"};
    default: return {500, "InternalError"};
  }
}

}  // namespace

std::optional<HttpResponse> RefuseForeign(const HttpRequest& request) {
  const std::string& host = request.header("host");
  if (!NamesThisMachine(host)) {
    return FailureResponse(absl::PermissionDeniedError(
        "the Host header must be 127.0.0.1, localhost or [::1], with or without a port"));
  }
  const std::string& origin = request.header("origin");
  const std::string& site = request.header("sec-fetch-site");
  const bool own_origin = origin.empty() || origin == "http://" + host;
  const bool own_site = site.empty() || site == "same-origin" || site == "none";
  if (own_origin && own_site) return std::nullopt;
  return FailureResponse(absl::PermissionDeniedError("the request comes from another site's page"));
}

Route LocalRoute(HandleLocal handle) {
  return Route(
      [handle = std::move(handle)](const HttpRequest& request, const Route::Respond& respond) {
        if (auto refused = RefuseForeign(request)) return respond(*std::move(refused));
        handle(request, {request.header("authorization"), request.peer}, respond);
      });
}

Route KnownRoute(observe::Authorizer* authorizer, HandleKnown handle) {
  return LocalRoute([authorizer, handle = std::move(handle)](
                        const HttpRequest& request, const observe::Credentials& credentials,
                        const Route::Respond& respond) {
    authorizer->Authorize(credentials, {},
                          [request, respond, handle](const StatusOr<observe::Access>& access) {
                            if (!access.ok()) return respond(FailureResponse(access.status()));
                            handle(request, respond);
                          });
  });
}

std::vector<std::pair<std::string, std::string>> SecurityHeaders() {
  return {{"Content-Security-Policy",
           "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
           "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
           "require-trusted-types-for 'script'; trusted-types 'none'"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
}

HttpResponse JsonResponse(std::string body) {
  HttpResponse out;
  out.content_type = "application/json";
  out.body = std::move(body);
  out.headers = SecurityHeaders();
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

HttpResponse OnlyReads() {
  HttpResponse out{405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
  out.headers = {{"Allow", "GET, HEAD"}};
  return out;
}

HttpResponse FailureResponse(const Status& status) {
  const Failure failure = FailureOf(status.code());
  const nlohmann::ordered_json body = {{"kind", "Status"},         {"apiVersion", "v1"},
                                       {"status", "Failure"},      {"message", Message(status)},
                                       {"reason", failure.reason}, {"code", failure.code}};
  auto out = JsonResponse(
      body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
  out.code = failure.code;
  if (failure.code == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

}  // namespace traffictap::web
