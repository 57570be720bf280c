// SPDX-License-Identifier: Apache-2.0

// A call first waits for our own limit of writes, which costs it a part of its own time, and only
// then asks for credentials, so that they are fresh when it is sent. The transport belongs to one
// set of TLS keys: when they change a new one is made, and calls that are under way keep the old
// one. A 401 makes the credentials be read again for the next call; whether to repeat this one is
// for the caller to say.
#include "kube/http_kube_client.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"
#include "fmt/format.h"
#include "kube/impersonation.h"
#include "kube/line_splitter.h"
#include "kube/list_page.h"
#include "kube/wire.h"

namespace traffictap::kube {
namespace {

constexpr char kJsonType[] = "application/json";
// JSON is YAML; the API has no name for an apply in JSON.
constexpr char kApplyType[] = "application/apply-patch+yaml";

bool IsLimited(const Resource& resource) {
  return !(resource == kLeases || resource == kSubjectAccessReviews || resource == kTokenReviews ||
           resource == kSelfSubjectAccessReviews || resource == kSelfSubjectReviews);
}

std::string Name(const Resource& resource, const ObjectKey& key) {
  return resource.Name() + " " + key.ToString();
}

}  // namespace

HttpKubeClient::HttpKubeClient(HttpKubeClientOptions options, const base::Clock* clock)
    : options_(std::move(options)),
      clock_(clock),
      credentials_(options_.access, options_.credentials_period, clock),
      write_limit_(options_.writes_per_second, options_.write_burst, clock) {}

HttpKubeClient::~HttpKubeClient() = default;

StatusOr<std::unique_ptr<HttpKubeClient>> HttpKubeClient::Make(HttpKubeClientOptions options,
                                                               const base::Clock* clock) {
  std::unique_ptr<HttpKubeClient> client(new HttpKubeClient(std::move(options), clock));
  HttpRequest probe;
  auto transport = client->Authenticate(&probe);
  if (!transport.ok()) return transport.status();
  return client;
}

StatusOr<std::shared_ptr<HttpTransport>> HttpKubeClient::Authenticate(HttpRequest* request) {
  auto current = credentials_.Current();
  if (!current.ok()) return current.status();
  request->authorization = current->authorization;
  TT_RETURN_IF_ERROR(AddImpersonation(options_.access.impersonate, request));
  absl::MutexLock lock(&mutex_);
  if (transport_ != nullptr && transport_tls_ == current->tls) return transport_;
  auto transport = HttpTransport::Make({options_.access.server, current->tls, options_.user_agent,
                                        options_.response_bytes_max, options_.access.proxy_url});
  if (!transport.ok() && transport_ != nullptr) {
    // A certificate and its key are two files: read between the two writes they do not fit for a
    // moment.
    log::For("kube").warn("new keys not used, keeping the old ones err={}",
                          Message(transport.status()));
    return transport_;
  }
  if (!transport.ok()) return transport.status();
  transport_ = *std::move(transport);
  transport_tls_ = current->tls;
  return transport_;
}

StatusOr<base::Nanos> HttpKubeClient::WaitForLimit(const Call& call, base::Nanos timeout) {
  const auto wait = write_limit_.Take(call.gives_way ? 0 : timeout);
  if (!wait && call.gives_way) {
    return absl::ResourceExhaustedError(
        fmt::format("{} {}: gives way to the writes that wait", call.verb, call.object));
  }
  if (!wait) {
    return absl::DeadlineExceededError(
        fmt::format("{} {}: our own limit of writes leaves no time", call.verb, call.object));
  }
  if (*wait > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(*wait));
  metrics_.CountWait(*wait);
  return timeout - *wait;
}

StatusOr<std::string> HttpKubeClient::Finish(const Call& call, StatusOr<HttpResponse> response,
                                             base::Nanos started) {
  const int code = response.ok() ? response->code : 0;
  metrics_.Count(call.verb, call.resource, code, clock_->Monotonic() - started);
  if (!response.ok()) {
    return Status(response.status().code(),
                  fmt::format("{} {}: {}", call.verb, call.object, Message(response.status())));
  }
  if (code == 401) credentials_.Forget();
  if (code >= 200 && code < 300) return std::move(response->body);
  return ToStatus(ParseApiError(*response), call.verb, call.object);
}

StatusOr<std::string> HttpKubeClient::Send(const Call& call, HttpRequest request,
                                           base::Nanos timeout) {
  if (options_.request_timeout > 0) timeout = options_.request_timeout;
  if (call.limited) {
    auto left = WaitForLimit(call, timeout);
    if (!left.ok()) return left.status();
    timeout = *left;
  }
  auto transport = Authenticate(&request);
  if (!transport.ok()) return transport.status();
  const base::Nanos started = clock_->Monotonic();
  return Finish(call, (*transport)->Send(request, timeout), started);
}

StatusOr<Object> HttpKubeClient::SendForObject(const Call& call, HttpRequest request,
                                               base::Nanos timeout) {
  auto body = Send(call, std::move(request), timeout);
  if (!body.ok()) return body.status();
  auto object = Object::Parse(*body);
  if (object.ok()) return object;
  return absl::UnavailableError(
      fmt::format("{} {}: {}", call.verb, call.object, Message(object.status())));
}

StatusOr<Object> HttpKubeClient::Get(const Resource& resource, const ObjectKey& key,
                                     const CallOptions& options) {
  return SendForObject({"get", resource.Name(), Name(resource, key)},
                       {.target = resource.ObjectPath(key)}, options.timeout);
}

StatusOr<std::string> HttpKubeClient::List(const Resource& resource, const ListOptions& options,
                                           const std::function<void(Object)>& each) {
  const Call call{"list", resource.Name(), resource.Name()};
  std::string continue_token;
  for (;;) {
    auto body =
        Send(call, {.target = ListTarget(resource, options, continue_token)}, options.timeout);
    if (!body.ok()) return body.status();
    auto page = ParseListPage(*std::move(body), resource, each);
    if (!page.ok()) return page.status();
    if (page->continue_token.empty()) return page->resource_version;
    continue_token = page->continue_token;
  }
}

Status HttpKubeClient::Watch(const Resource& resource, const WatchOptions& options,
                             const std::function<void(WatchEvent)>& on_event,
                             std::stop_token stop) {
  const Call call{"watch", resource.Name(), resource.Name()};
  HttpRequest request{.target = WatchTarget(resource, options)};
  auto transport = Authenticate(&request);
  if (!transport.ok()) return transport.status();
  LineSplitter lines(options_.watch_line_bytes_max);
  // An error that the server told as an event: kept apart from what ends the connection.
  Status told;
  const auto on_line = [&](const std::string& line) -> Status {
    auto event = ParseWatchEvent(line, resource);
    if (event.ok()) {
      on_event(*std::move(event));
    } else if (!absl::IsUnimplemented(event.status())) {
      told = event.status();
    }
    return told;
  };
  const base::Nanos started = clock_->Monotonic();
  auto response =
      (*transport)
          ->Stream(request, options_.watch_silence,
                   {nullptr, [&](std::string_view bytes) { return lines.Feed(bytes, on_line); }},
                   stop);
  if (stop.stop_requested()) return absl::OkStatus();
  if (!told.ok()) {
    const auto error = ApiErrorOf(told);
    metrics_.Count(call.verb, call.resource, error ? error->code : 0,
                   clock_->Monotonic() - started);
    return told;
  }
  const bool silent = absl::IsDeadlineExceeded(response.status());
  auto body = Finish(call, std::move(response), started);
  return silent ? absl::UnavailableError(Message(body.status())) : body.status();
}

StatusOr<Object> HttpKubeClient::SendApply(const Resource& resource, const Object& object,
                                           const ApplyOptions& options,
                                           std::string_view subresource) {
  const std::string path = resource.ObjectPath(object.key(), subresource);
  const std::string verb = subresource.empty() ? "apply" : "apply_status";
  HttpRequest request{.method = "PATCH",
                      .target = WithQuery(path, {{"fieldManager", options.field_manager},
                                                 {"force", options.force ? "true" : "false"},
                                                 {"dryRun", options.dry_run ? "All" : ""}}),
                      .content_type = kApplyType,
                      .body = object.Serialize()};
  return SendForObject(
      {verb, resource.Name(), Name(resource, object.key()), IsLimited(resource), options.gives_way},
      std::move(request), options.timeout);
}

StatusOr<Object> HttpKubeClient::Apply(const Resource& resource, const Object& object,
                                       const ApplyOptions& options) {
  return SendApply(resource, object, options, "");
}

StatusOr<Object> HttpKubeClient::ApplyStatus(const Resource& resource, const Object& object,
                                             const ApplyOptions& options) {
  return SendApply(resource, object, options, "status");
}

StatusOr<Object> HttpKubeClient::Create(const Resource& resource, const Object& object,
                                        const CallOptions& options) {
  const std::string path = resource.CollectionPath(object.ns());
  HttpRequest request{.method = "POST",
                      .target = WithQuery(path, {{"dryRun", options.dry_run ? "All" : ""}}),
                      .content_type = kJsonType,
                      .body = object.Serialize()};
  return SendForObject(
      {"create", resource.Name(), Name(resource, object.key()), IsLimited(resource)},
      std::move(request), options.timeout);
}

StatusOr<Object> HttpKubeClient::Update(const Resource& resource, const Object& object,
                                        const CallOptions& options) {
  HttpRequest request{.method = "PUT",
                      .target = resource.ObjectPath(object.key()),
                      .content_type = kJsonType,
                      .body = object.Serialize()};
  return SendForObject(
      {"update", resource.Name(), Name(resource, object.key()), IsLimited(resource)},
      std::move(request), options.timeout);
}

Status HttpKubeClient::Delete(const Resource& resource, const ObjectKey& key,
                              const DeleteOptions& options) {
  Json preconditions = Json::object();
  if (!options.uid.empty()) preconditions["uid"] = options.uid;
  if (!options.resource_version.empty()) {
    preconditions["resourceVersion"] = options.resource_version;
  }
  const Json body = {{"apiVersion", "v1"},
                     {"kind", "DeleteOptions"},
                     {"propagationPolicy", "Background"},
                     {"preconditions", preconditions}};
  HttpRequest request{.method = "DELETE",
                      .target = resource.ObjectPath(key),
                      .content_type = kJsonType,
                      .body = body.dump()};
  return Send({"delete", resource.Name(), Name(resource, key), IsLimited(resource)},
              std::move(request), options.timeout)
      .status();
}

StatusOr<std::string> HttpKubeClient::GetRaw(const std::string& path, const CallOptions& options) {
  return Send({"get", "raw", path}, {.target = path}, options.timeout);
}

Status HttpKubeClient::Stream(const std::string& path, const StreamOptions& options,
                              const StreamHandlers& handlers, std::stop_token stop) {
  const Call call{"stream", "raw", path.substr(0, path.find('?'))};
  HttpRequest request{.target = path, .accept = options.accept};
  auto transport = Authenticate(&request);
  if (!transport.ok()) return transport.status();
  const base::Nanos started = clock_->Monotonic();
  // What the caller says about bytes is its own, and comes back as it is.
  Status handled;
  HttpTransport::StreamHandlers inner;
  inner.on_open = handlers.on_open;
  inner.on_bytes = [&](std::string_view bytes) { return handled = handlers.on_bytes(bytes); };
  auto response = (*transport)->Stream(request, options.silence, inner, stop);
  if (!handled.ok() && !stop.stop_requested()) return handled;
  const bool silent = absl::IsDeadlineExceeded(response.status());
  const Status done = Finish(call, std::move(response), started).status();
  return silent ? absl::UnavailableError(Message(done)) : done;
}

}  // namespace traffictap::kube
