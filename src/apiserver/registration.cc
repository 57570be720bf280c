// SPDX-License-Identifier: Apache-2.0
#include "apiserver/registration.h"

#include <algorithm>
#include <utility>

#include "apiserver/ca_bundle.h"
#include "apiserver/discovery.h"
#include "base/log.h"
#include "fmt/format.h"
#include "kube/base64.h"

namespace traffictap::apiserver {
namespace {

constexpr char kFieldManager[] = "traffictap-collector";
constexpr base::Nanos kTimeout = 5 * base::kSecond;
// At the end there is no time for more: the outputs need it.
constexpr base::Nanos kRemoveTimeout = base::kSecond;
// The API server writes the status at any time.
constexpr int kRemoveTries = 3;
constexpr int kPort = 443;
constexpr kube::Resource kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles",
                                       "ClusterRole", false};
const kube::ObjectKey kKey{"", kApiService};

std::string BundleOf(const kube::Object& service) {
  return kube::DecodeBase64(service.Text("/spec/caBundle")).value_or(std::string());
}

}  // namespace

Registration::Registration(RegistrationOptions options, kube::KubeClient* kube,
                           const base::Clock* clock)
    : options_(std::move(options)), kube_(kube), clock_(clock) {}

Status Registration::Refresh(const std::string& certificate) {
  const auto found = kube_->Get(kube::kApiServices, kKey, {kTimeout});
  if (kube::IsNotFound(found.status()) && !options_.owner.empty()) return Make(certificate);
  if (!found.ok()) return found.status();
  gone_since_ = 0;
  const std::string bundle = BundleOf(*found);
  const bool known = bundle.find(certificate) != std::string::npos;
  // The first time all of it is written: it may be left from another collector, and its owner gone.
  if (known && (options_.owner.empty() || !published_.empty())) {
    published_ = certificate;
    return absl::OkStatus();
  }
  TT_RETURN_IF_ERROR(Write(found->resource_version(),
                           known ? bundle : MergeCaBundle(bundle, certificate, clock_->Wall())));
  published_ = certificate;
  return absl::OkStatus();
}

Status Registration::Make(const std::string& certificate) {
  const base::Nanos now = clock_->Monotonic();
  if (gone_since_ == 0) {
    gone_since_ = now;
    const bool stood = made_at_ == 0 || now - made_at_ >= kStands;
    wait_ = stood ? 0 : std::clamp(2 * wait_, kWaitMin, kWaitMax);
  }
  if (now - gone_since_ < wait_) {
    return absl::UnavailableError(
        fmt::format("the APIService {} was deleted soon after it was created; it is created again "
                    "after {} s: does the API server reach the collector?",
                    kApiService, wait_ / base::kSecond));
  }
  TT_RETURN_IF_ERROR(Write("", certificate));
  published_ = certificate;
  made_at_ = now;
  gone_since_ = 0;
  log::For("apiserver").info("created the APIService name={}", kApiService);
  return absl::OkStatus();
}

StatusOr<kube::Json> Registration::OwnerReference() const {
  const auto owner = kube_->Get(kClusterRoles, {"", options_.owner}, {kTimeout});
  if (!owner.ok()) {
    return Status(owner.status().code(),
                  fmt::format("--api-owner {}: {}", options_.owner, Message(owner.status())));
  }
  return kube::Json{{"apiVersion", kClusterRoles.ApiVersion()},
                    {"kind", kClusterRoles.kind},
                    {"name", options_.owner},
                    {"uid", owner->uid()}};
}

// By server-side apply: what is left out here that an earlier call wrote is taken away.
Status Registration::Write(const std::string& resource_version, const std::string& bundle) {
  kube::Json object = {{"apiVersion", kube::kApiServices.ApiVersion()},
                       {"kind", kube::kApiServices.kind},
                       {"metadata", {{"name", kApiService}}},
                       {"spec", {{"caBundle", kube::EncodeBase64(bundle)}}}};
  if (!resource_version.empty()) object["metadata"]["resourceVersion"] = resource_version;
  if (!options_.owner.empty()) {
    auto owner = OwnerReference();
    if (!owner.ok()) return owner.status();
    const size_t dot = options_.service.find('.');
    object["metadata"]["labels"] = {{"app.kubernetes.io/managed-by", "traffictap"}};
    object["metadata"]["ownerReferences"] = kube::Json::array({*std::move(owner)});
    object["spec"].update(kube::Json{{"group", kGroup},
                                     {"version", kVersion},
                                     {"groupPriorityMinimum", 1000},
                                     {"versionPriority", 15},
                                     {"service",
                                      {{"name", options_.service.substr(0, dot)},
                                       {"namespace", options_.service.substr(dot + 1)},
                                       {"port", kPort}}}});
  }
  // No other manager has the fields: who sets them gives the collector its certificate as files.
  return kube_
      ->Apply(kube::kApiServices, kube::Object(std::move(object)),
              {.field_manager = kFieldManager, .force = true, .timeout = kTimeout})
      .status();
}

void Registration::Remove() {
  if (options_.owner.empty() || published_.empty()) return;
  Status removed;
  for (int i = 0; i < kRemoveTries; ++i) {
    const auto found = kube_->Get(kube::kApiServices, kKey, {kRemoveTimeout});
    removed = found.status();
    if (!found.ok()) break;
    // Another collector's certificate comes first: it has taken over.
    if (!BundleOf(*found).starts_with(published_)) return;
    removed = kube_->Delete(kube::kApiServices, kKey,
                            {found->uid(), found->resource_version(), kRemoveTimeout});
    if (!kube::IsConflict(removed)) break;
  }
  if (removed.ok()) {
    log::For("apiserver").info("deleted the APIService name={}", kApiService);
  } else if (!kube::IsNotFound(removed)) {
    log::For("apiserver")
        .warn(
            "cannot delete the APIService, and until somebody does no namespace can be deleted "
            "name={} err=\"{}\"",
            kApiService, Message(removed));
  }
}

}  // namespace traffictap::apiserver
