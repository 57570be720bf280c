// SPDX-License-Identifier: Apache-2.0
#include "web/dump_api.h"

#include <memory>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "observe/live_reader.h"
#include "tap/values.h"
#include "web/live_stream.h"
#include "web/query.h"
#include "web/site_guard.h"

namespace traffictap::web {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kResource[] = "dumps";

Status ReadTime(const char* name, const std::string& value, std::optional<base::Nanos>* to) {
  const auto read = tap::ParseDuration(value);
  if (!read.ok()) {
    return absl::InvalidArgumentError(fmt::format("{}: must be a duration such as 5m", name));
  }
  *to = *read;
  return absl::OkStatus();
}

Status ReadField(const std::string& name, const std::string& value, DumpWish* wish) {
  if (name == "tap") {
    wish->tap = value;
  } else if (name == "trigger") {
    wish->trigger = value;
  } else if (name == "before") {
    return ReadTime("before", value, &wish->before);
  } else if (name == "after") {
    return ReadTime("after", value, &wish->after);
  } else {
    return absl::InvalidArgumentError(
        fmt::format("{}: unknown; known are tap, trigger, before and after", name));
  }
  return absl::OkStatus();
}

Status ReadSpec(const Json& object, DumpWish* wish) {
  const auto spec = object.find("spec");
  if (spec == object.end() || !spec->is_object()) {
    return absl::InvalidArgumentError("spec: a Dump needs it");
  }
  for (const auto& [name, value] : spec->items()) {
    if (!value.is_string()) {
      return absl::InvalidArgumentError(fmt::format("spec.{}: must be text", name));
    }
    TT_RETURN_IF_ERROR(ReadField(name, value.get<std::string>(), wish));
  }
  return absl::OkStatus();
}

// The text of a member; empty where it is none.
std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

HttpResponse Success(int code, const DumpWish& wish) {
  const std::string ns = observe::NamespaceOf(wish.tap);
  Json metadata = {{"name", ns.empty() ? wish.tap : wish.tap.substr(ns.size() + 1)}};
  if (!ns.empty()) metadata["namespace"] = ns;
  Json spec = {{"tap", wish.tap}};
  if (!wish.trigger.empty()) spec["trigger"] = wish.trigger;
  if (wish.before) spec["before"] = tap::FormatDuration(*wish.before);
  if (wish.after) spec["after"] = tap::FormatDuration(*wish.after);
  const Json body = {{"apiVersion", "tap.traffictap.io/v1alpha1"},
                     {"kind", "Dump"},
                     {"metadata", std::move(metadata)},
                     {"spec", std::move(spec)}};
  auto out = JsonResponse(body.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
  out.code = code;
  return out;
}

}  // namespace

struct DumpApi::Call {
  observe::Credentials credentials;
  std::string ns;
  std::string query;
  DumpWish wish;
  bool resolved = false;  // an alert is over: nothing is wanted
  Status read = absl::OkStatus();

  Status Read(const HttpRequest& request, const std::optional<std::string>& limit) {
    if (!request.posted) return absl::InvalidArgumentError("post to this path to ask for a dump");
    const auto parameters = ParseQuery(request.query);
    if (!parameters.ok()) return parameters.status();
    for (const auto& parameter : *parameters) {
      TT_RETURN_IF_ERROR(ReadField(parameter.name, parameter.value, &wish));
    }
    const Json body = Json::parse(*request.posted, nullptr, /*allow_exceptions=*/false);
    if (body.is_object() && TextOf(body, "kind") == "Dump") {
      TT_RETURN_IF_ERROR(ReadSpec(body, &wish));
    } else if (body.is_object() && body.contains("alerts")) {
      resolved = TextOf(body, "status") == "resolved";
    }
    if (wish.tap.empty()) {
      return absl::InvalidArgumentError("tap: say which, such as ?tap=checkout");
    }
    return QualifyTap(limit, &wish.tap);
  }
};

HttpResponse DumpApi::Carry(const Call& call, const observe::Access& access) const {
  if (!call.read.ok()) return FailureResponse(call.read);
  if (call.resolved) return Success(200, call.wish);
  const Status done = dump_(call.wish);
  AuditDump(access, call.credentials, call.wish.tap, call.query, done);
  return done.ok() ? Success(201, call.wish) : FailureResponse(done);
}

// Whether there is such a tap is told to those alone who may ask for its dumps.
void DumpApi::Answer(const HttpRequest& request, observe::Credentials credentials,
                     const std::optional<std::string>& ns, const Route::Respond& respond) const {
  auto call = std::make_shared<Call>();
  call->credentials = std::move(credentials);
  call->ns = ns.value_or("");
  call->query = request.query;
  call->read = call->Read(request, ns);
  const std::string own = ns ? *ns : observe::NamespaceOf(call->wish.tap);
  authorizer_->Authorize(
      call->credentials, own.empty() ? std::set<std::string>() : std::set<std::string>{own},
      [this, call, own, respond](const StatusOr<observe::Access>& access) {
        Status refused = access.status();
        if (access.ok() && !access->MayRead(own)) {
          refused = absl::PermissionDeniedError(
              fmt::format("user \"{}\" may not ask for dumps {}", access->user,
                          own.empty() ? "of a ClusterTrafficTap" : "in namespace " + own));
        }
        if (refused.ok()) return respond(Carry(*call, *access));
        AuditRefusal(call->credentials, kResource, call->ns, call->query, refused);
        respond(FailureResponse(refused));
      });
}

Route DumpApi::Standalone() const {
  return LocalRoute([this](const HttpRequest& request, observe::Credentials credentials,
                           const Route::Respond& respond) {
           Answer(request, std::move(credentials), std::nullopt, respond);
         })
      .TakingBodies();
}

}  // namespace traffictap::web
