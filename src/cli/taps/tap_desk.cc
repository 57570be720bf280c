// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_desk.h"

#include <optional>
#include <utility>

#include "cli/shell/command.h"
#include "cli/taps/page_tap.h"
#include "cli/taps/tap_lifecycle.h"
#include "cli/taps/tap_names.h"
#include "fmt/format.h"
#include "web/site_guard.h"

namespace traffictap::cli {
namespace {

using kube::Json;
using kube::Object;

constexpr char kJson[] = "application/json";

// What is waited for on behalf of a browser speaks to nobody: its answer says it all.
class SilentConsole final : public Console {
 public:
  Status Write(std::string_view) override { return absl::OkStatus(); }
  void Say(const std::string&) override {}
  void SayWaiting(const std::string&) override {}
  bool output_is_terminal() const override { return false; }
  size_t columns() const override { return 0; }
  std::string Environment(const std::string&) const override { return ""; }
};

web::HttpResponse Answer(const StatusOr<Json>& json) {
  if (!json.ok()) return web::FailureResponse(json.status());
  return web::JsonResponse(Object(*json).Serialize() + "\n");
}

Json TapJson(const Object& tap) {
  const TapCondition ready = ConditionOf(tap, "Ready");
  return {{"tap", tap.key().ToString()},
          {"ready", ready.status},
          {"reason", ready.reason},
          {"message", ready.message},
          {"drains", tap.Text("/status/drains")},
          {"endsAt", tap.Text("/status/endsAt")},
          {"refusal", Message(WhyNeverReady(tap))},
          {"ended", !IsInForce(tap)}};
}

// "shop/errors" of a form that names a tap.
StatusOr<std::string> NamedTap(const std::string& posted) {
  const auto form = Object::Parse(posted);
  if (!form.ok()) return absl::InvalidArgumentError("the body must be a JSON object");
  return form->Text("/tap");
}

}  // namespace

TapDesk::TapDesk(const Cluster* cluster, observe::Authorizer* authorizer, const base::Clock* clock,
                 Console* console, base::Nanos wait)
    : cluster_(cluster), authorizer_(authorizer), clock_(clock), console_(console), wait_(wait) {}

web::Route TapDesk::Guarded(bool posts, Handle handle) {
  auto route = web::KnownRoute(
      authorizer_, [this, posts, handle = std::move(handle)](const web::HttpRequest& request,
                                                             const web::Route::Respond& respond) {
        if (posts && (!request.posted || request.header("content-type") != kJson)) {
          return respond(Answer(
              absl::InvalidArgumentError("must be a POST with the content type application/json")));
        }
        const std::string posted = request.posted.value_or("");
        const Status runs = threads_.Run([handle, posted, respond](const std::stop_token& stop) {
          respond(Answer(handle(posted, stop)));
        });
        if (!runs.ok()) respond(Answer(runs));
      });
  return posts ? std::move(route).TakingBodies() : route;
}

std::map<std::string, web::Route> TapDesk::Routes() {
  const auto list = [this](const std::string&, const std::stop_token&) { return List(); };
  const auto plan = [this](const std::string& posted, const std::stop_token& stop) {
    return Plan(posted, stop);
  };
  const auto start = [this](const std::string& posted, const std::stop_token&) {
    return Start(posted);
  };
  const auto stop = [this](const std::string& posted, const std::stop_token&) {
    return Stop(posted);
  };
  const auto peers = [this](const std::string& posted, const std::stop_token&) {
    return Peers(posted);
  };
  return {{"/api/v1/page/taps", Guarded(/*posts=*/false, list)},
          {"/api/v1/page/plan", Guarded(/*posts=*/true, plan)},
          {"/api/v1/page/start", Guarded(/*posts=*/true, start)},
          {"/api/v1/page/stop", Guarded(/*posts=*/true, stop)},
          {"/api/v1/page/peers", Guarded(/*posts=*/true, peers)}};
}

web::Route TapDesk::Announced(web::Route inner) const {
  const std::string where = cluster_->ns.empty() ? "*" : cluster_->ns;
  return web::Route([inner = std::move(inner), where](const web::HttpRequest& request,
                                                      const web::Route::Respond& respond) {
    inner(request, [respond, where](web::HttpResponse response) {
      response.headers.emplace_back("TrafficTap-Desk", where);
      respond(std::move(response));
    });
  });
}

StatusOr<TapDesk::Asked> TapDesk::Check(const std::string& posted) const {
  auto request = ReadPageTap(posted, cluster_->ns);
  if (!request.ok()) return request.status();
  kube::KubeClient& client = *cluster_->client;
  auto user = CheckTap(client, *request);
  if (absl::IsNotFound(user.status())) return InField("target", user.status());
  if (!user.ok()) return user.status();
  return Asked{*std::move(request), *std::move(user)};
}

StatusOr<Json> TapDesk::Plan(const std::string& posted, std::stop_token stop) const {
  const auto asked = Check(posted);
  if (!asked.ok()) return asked.status();
  kube::KubeClient& client = *cluster_->client;
  const auto tap = CreateTap(client, asked->request, PlanOnlyTap(asked->request, asked->user),
                             /*dry_run=*/false);
  if (!tap.ok()) return tap.status();
  SilentConsole console;
  TapGuard guard(&client, ResourceOf(asked->request), *tap, &console);
  Session session{&console, clock_, std::move(stop)};
  const auto planned = WaitForPlan(client, asked->request, *tap, wait_, session);
  const Status deleted = guard.Delete();
  if (!planned.ok()) return planned.status();
  if (!deleted.ok()) {
    return Status(deleted.code(),
                  fmt::format("tap {}, which was planned only, could not be deleted: {}",
                              tap->key().ToString(), Message(deleted)));
  }
  const Json* status = planned->Find("/status");
  return Json{{"status", status == nullptr ? Json::object() : *status},
              {"refusal", Message(WhyNeverReady(*planned))}};
}

StatusOr<Json> TapDesk::Start(const std::string& posted) {
  const auto asked = Check(posted);
  if (!asked.ok()) return asked.status();
  kube::KubeClient& client = *cluster_->client;
  RemoveEnded(client, asked->request, asked->user);
  auto tap = CreateTap(client, asked->request, TemporaryTap(asked->request, asked->user),
                       /*dry_run=*/false);
  if (!tap.ok()) return tap.status();
  const std::string key = tap->key().ToString();
  absl::MutexLock lock(&mutex_);
  started_.insert_or_assign(key, *std::move(tap));
  return Json{{"tap", key}};
}

StatusOr<Json> TapDesk::Stop(const std::string& posted) {
  const auto key = NamedTap(posted);
  if (!key.ok()) return key.status();
  std::optional<Object> tap;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = started_.find(*key);
    if (found != started_.end()) tap = found->second;
  }
  if (!tap) {
    return absl::NotFoundError(fmt::format(
        "this page did not start a tap \"{}\"; see: kubectl traffictap stop --help", *key));
  }
  SilentConsole console;
  const Status deleted =
      TapGuard(cluster_->client.get(), kube::kTrafficTaps, *tap, &console).Delete();
  if (!deleted.ok()) return ExplainTaps(deleted);
  absl::MutexLock lock(&mutex_);
  started_.erase(*key);
  return Json{{"tap", *key}};
}

StatusOr<Json> TapDesk::Peers(const std::string& posted) const {
  const auto key = NamedTap(posted);
  if (!key.ok()) return key.status();
  const kube::ObjectKey at = KeyOf(*key);
  if (at.name.empty()) return absl::InvalidArgumentError("tap: must name a tap");
  const auto tap = cluster_->client->Get(ResourceOf(at), at, {});
  if (!tap.ok()) return ExplainTaps(tap.status());
  Json peers = Json::array();
  const Json* told = tap->Find("/status/peers");
  if (told != nullptr && told->is_array()) peers = *told;
  return Json{{"peers", std::move(peers)},
              {"createdAt", tap->Text("/metadata/creationTimestamp")},
              {"endsAt", tap->Text("/status/endsAt")},
              {"user", tap->annotation(kUserAnnotation)}};
}

StatusOr<Json> TapDesk::List() {
  std::map<std::string, Object> started;
  {
    absl::MutexLock lock(&mutex_);
    started = started_;
  }
  Json taps = Json::array();
  for (const auto& [key, tap] : started) {
    const auto seen = cluster_->client->Get(kube::kTrafficTaps, tap.key(), {});
    const bool another = seen.ok() && seen->uid() != tap.uid();
    if (absl::IsNotFound(seen.status()) || another) {
      absl::MutexLock lock(&mutex_);
      started_.erase(key);
      continue;
    }
    if (!seen.ok()) return ExplainTaps(seen.status());
    taps.push_back(TapJson(*seen));
  }
  return Json{{"taps", std::move(taps)}};
}

void TapDesk::Close() {
  threads_.Close();
  std::map<std::string, Object> started;
  {
    absl::MutexLock lock(&mutex_);
    started.swap(started_);
  }
  for (const auto& [key, tap] : started) {
    (void)TapGuard(cluster_->client.get(), kube::kTrafficTaps, tap, console_).Delete();
  }
}

}  // namespace traffictap::cli
