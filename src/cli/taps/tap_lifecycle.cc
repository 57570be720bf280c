// SPDX-License-Identifier: Apache-2.0

// A tap of the command line must not outlive its command. Four things see to that, each for where
// the one before fails: TapGuard deletes it on every way out, an interrupt included; the duration
// ends it where the process was killed or the API server was away; the next command of the same
// user removes what has ended; and its label lets an administrator find the rest. Deletions name
// the uid, so that a tap of the same name which somebody has made since is never touched.
#include "cli/taps/tap_lifecycle.h"

#include <array>

#include "base/wait.h"
#include "cli/taps/tap_names.h"
#include "cli/taps/targets.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::cli {
namespace {

using kube::Json;
using kube::Object;

constexpr base::Nanos kLookUp = 250 * base::kMillisecond;
constexpr int kDeleteTries = 3;
// A tap goes through some reasons for not being ready yet, and is past each within a moment. One that
// stays this long is worth a person's while.
constexpr base::Nanos kPassing = 5 * base::kSecond;

struct Right {
  const char* verb;
  const char* group;
  const char* resource;
};

std::string Where(const TapRequest& request) {
  return IsClusterWide(request) ? "in all namespaces" : "in namespace " + request.choice.ns;
}

std::string Remedy(const TapRequest& request, const std::string& user) {
  const std::string name = user.empty() ? "USER" : user;
  if (IsClusterWide(request)) {
    return fmt::format(
        "ask for the ClusterRole traffictap-admin (kubectl create clusterrolebinding NAME "
        "--clusterrole=traffictap-admin --user={})",
        name);
  }
  return fmt::format(
      "ask for the ClusterRole traffictap-tapper there (kubectl create rolebinding NAME -n {} "
      "--clusterrole=traffictap-tapper --user={})",
      request.choice.ns, name);
}

StatusOr<bool> IsAllowed(kube::KubeClient& client, const Right& right, const std::string& ns) {
  const Json attributes = {{"verb", right.verb},
                           {"group", right.group},
                           {"resource", right.resource},
                           {"namespace", ns}};
  const Object question(Json{{"apiVersion", "authorization.k8s.io/v1"},
                             {"kind", "SelfSubjectAccessReview"},
                             {"spec", {{"resourceAttributes", attributes}}}});
  const auto answer = client.Create(kube::kSelfSubjectAccessReviews, question, {});
  if (!answer.ok()) return answer.status();
  const Json* allowed = answer->Find("/status/allowed");
  return allowed != nullptr && allowed->is_boolean() && allowed->get<bool>();
}

Status CheckRights(kube::KubeClient& client, const TapRequest& request, const std::string& user) {
  const std::string plural(ResourceOf(request).plural);
  const std::array<Right, 4> rights = {Right{"create", "traffictap.io", plural.c_str()},
                                       Right{"get", "traffictap.io", plural.c_str()},
                                       Right{"delete", "traffictap.io", plural.c_str()},
                                       Right{"watch", "tap.traffictap.io", "pairs"}};
  for (const auto& right : rights) {
    const auto allowed = IsAllowed(client, right, request.choice.ns);
    if (!allowed.ok() || *allowed) continue;
    return absl::PermissionDeniedError(
        fmt::format("{} may not {} {}.{} {}: {}", user.empty() ? "you" : "user " + user, right.verb,
                    right.resource, right.group, Where(request), Remedy(request, user)));
  }
  return absl::OkStatus();
}

bool IsFinal(const std::string& reason) {
  // What passes by itself: a push on its way, a patch that is tried again.
  for (const char* passing : {"Pending", "ApplyFailed", "Scheduled", "AcknowledgementUnknown",
                              "CollectorAbsent", "CollectorPending", "NotInForce", "PlanOnly"}) {
    if (reason == passing) return false;
  }
  return true;
}

std::string Progress(const Object& tap) {
  const TapCondition ready = ConditionOf(tap, "Ready");
  if (ready.status.empty()) return "the operator has not looked at it yet";
  return fmt::format("{}: {}", ready.reason, ready.message);
}

Status TooLate(const Object& tap, base::Nanos timeout) {
  if (ConditionOf(tap, "Ready").status.empty()) {
    return absl::DeadlineExceededError(fmt::format(
        "the operator has not looked at the tap within {}: check that it runs (kubectl -n "
        "traffictap-system get pods)",
        tap::FormatDuration(timeout)));
  }
  return absl::DeadlineExceededError(fmt::format("the tap is not ready after {}: {}",
                                                 tap::FormatDuration(timeout), Progress(tap)));
}

// What is waited for: calm as long as all goes its way, with the reason where one stays.
class WaitingLine {
 public:
  WaitingLine(const Object& tap, const base::Clock* clock)
      : tap_(tap.key().ToString()), clock_(clock), since_(clock->Monotonic()) {}

  std::string Text(const Object& seen) {
    const base::Nanos now = clock_->Monotonic();
    const std::string reason = ConditionOf(seen, "Ready").reason;
    if (reason != reason_) since_ = now;
    reason_ = reason;
    if (now - since_ < kPassing) return fmt::format("waiting for tap {} to start", tap_);
    return fmt::format("waiting for tap {}: {}", tap_, Progress(seen));
  }

 private:
  const std::string tap_;
  const base::Clock* const clock_;
  base::Nanos since_;
  std::string reason_;
};

// Reads the tap until `done` says so.
template <typename Done>
StatusOr<Object> WaitFor(kube::KubeClient& client, const TapRequest& request, const Object& tap,
                         base::Nanos timeout, Session& session, const Done& done) {
  const base::Nanos end = session.clock->Monotonic() + timeout;
  WaitingLine line(tap, session.clock);
  for (Object seen = tap;;) {
    auto now = client.Get(ResourceOf(request), tap.key(), {});
    if (now.ok()) seen = *std::move(now);
    if (absl::IsNotFound(now.status())) {
      return absl::AbortedError(fmt::format("somebody deleted the tap {}", tap.key().ToString()));
    }
    const auto finished = done(seen);
    if (!finished.ok()) return finished.status();
    if (*finished) return seen;
    session.console->SayWaiting(line.Text(seen));
    if (session.clock->Monotonic() >= end) return TooLate(seen, timeout);
    if (!base::WaitOnClock(kLookUp, session.stop)) return absl::CancelledError("interrupted");
  }
}

}  // namespace

StatusOr<std::string> CurrentUser(kube::KubeClient& client) {
  const Object question(
      Json{{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}});
  const auto answer = client.Create(kube::kSelfSubjectReviews, question, {});
  if (answer.ok()) return answer->Text("/status/userInfo/username");
  if (absl::IsUnauthenticated(answer.status())) return ExplainTaps(answer.status());
  if (kube::ApiErrorOf(answer.status())) return "";
  return Status(answer.status().code(),
                fmt::format("the API server does not answer: {}", Message(answer.status())));
}

StatusOr<std::string> CheckTap(kube::KubeClient& client, const TapRequest& request) {
  auto user = CurrentUser(client);
  if (!user.ok()) return user.status();
  TT_RETURN_IF_ERROR(CheckRights(client, request, *user));
  TT_RETURN_IF_ERROR(CheckTargets(client, request.choice));
  return user;
}

StatusOr<Object> CreateTap(kube::KubeClient& client, const TapRequest& request,
                           const Object& object, bool dry_run) {
  auto created = client.Create(ResourceOf(request), object, {.dry_run = dry_run});
  if (created.ok()) return created;
  const Status explained = ExplainTaps(created.status());
  if (!absl::IsPermissionDenied(explained)) return explained;
  return absl::PermissionDeniedError(
      fmt::format("{}; {}", Message(explained), Remedy(request, "")));
}

Status ExplainTaps(const Status& status) {
  const auto error = kube::ApiErrorOf(status);
  if (!error) return status;
  if (error->code == 404 && error->message.find("requested resource") != std::string::npos) {
    return absl::FailedPreconditionError(
        "TrafficTap is not installed in this cluster: it has no kind TrafficTap "
        "(traffictap.io/v1alpha1)");
  }
  if (error->code == 401) {
    return absl::UnauthenticatedError(
        "the API server does not accept the credentials of your kubeconfig: log in again");
  }
  return Status(status.code(), error->message);
}

TapCondition ConditionOf(const Object& tap, const std::string& type) {
  const Json* conditions = tap.Find("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return {};
  for (const Json& condition : *conditions) {
    const Object read(condition);
    if (read.Text("/type") != type) continue;
    const Json* generation = read.Find("/observedGeneration");
    const bool current = generation == nullptr || !generation->is_number_integer() ||
                         generation->get<int64_t>() >= tap.generation();
    return current ? TapCondition{read.Text("/status"), read.Text("/reason"), read.Text("/message")}
                   : TapCondition{};
  }
  return {};
}

Status WhyNeverReady(const Object& tap) {
  const TapCondition accepted = ConditionOf(tap, "Accepted");
  if (accepted.status == "False") {
    return absl::FailedPreconditionError(
        fmt::format("the tap is refused ({}): {}", accepted.reason, accepted.message));
  }
  const TapCondition programmed = ConditionOf(tap, "Programmed");
  if (programmed.status != "False" || !IsFinal(programmed.reason)) return absl::OkStatus();
  if (programmed.reason == "NoTargets") return absl::NotFoundError(programmed.message);
  return absl::FailedPreconditionError(
      fmt::format("nothing can be tapped ({}): {}", programmed.reason, programmed.message));
}

StatusOr<Object> WaitForReady(kube::KubeClient& client, const TapRequest& request,
                              const Object& tap, base::Nanos timeout, Session& session) {
  bool told = false;
  const auto done = [&](const Object& seen) -> StatusOr<bool> {
    TT_RETURN_IF_ERROR(WhyNeverReady(seen));
    const std::string drains = seen.Text("/status/drains");
    if (!told && !drains.empty()) {
      session.console->Say("when the tap starts, and when it ends, " + drains);
      told = true;
    }
    return ConditionOf(seen, "Ready").status == "True";
  };
  return WaitFor(client, request, tap, timeout, session, done);
}

StatusOr<Object> WaitForPlan(kube::KubeClient& client, const TapRequest& request, const Object& tap,
                             base::Nanos timeout, Session& session) {
  return WaitFor(client, request, tap, timeout, session, [](const Object& seen) -> StatusOr<bool> {
    return !ConditionOf(seen, "Accepted").status.empty() &&
           !ConditionOf(seen, "Programmed").status.empty();
  });
}

bool IsInForce(kube::KubeClient& client, const kube::ObjectKey& key) {
  const auto tap = client.Get(ResourceOf(key), key, {});
  if (!tap.ok()) return !absl::IsNotFound(tap.status());
  return IsInForce(*tap);
}

bool IsInForce(const Object& tap) {
  return !tap.deleting() && ConditionOf(tap, "Completed").status != "True";
}

void RemoveEnded(kube::KubeClient& client, const TapRequest& request, const std::string& user) {
  if (user.empty()) return;
  std::vector<kube::Object> ended;
  kube::ListOptions options;
  options.ns = request.choice.ns;
  options.label_selector = fmt::format("{}=true", kTemporaryLabel);
  (void)client.List(ResourceOf(request), options, [&](kube::Object tap) {
    const bool mine = tap.annotation(kUserAnnotation) == user;
    if (mine && ConditionOf(tap, "Completed").status == "True") ended.push_back(std::move(tap));
  });
  for (const auto& tap : ended) {
    (void)client.Delete(ResourceOf(request), tap.key(), {.uid = tap.uid()});
  }
}

Status TapGuard::Delete() {
  armed_ = false;
  Status done;
  for (int i = 0; i < kDeleteTries; ++i) {
    done =
        client_->Delete(resource_, tap_.key(), {.uid = tap_.uid(), .timeout = 5 * base::kSecond});
    if (done.ok() || absl::IsNotFound(done) || kube::IsConflict(done)) return absl::OkStatus();
    if (!IsRetryable(done)) break;
  }
  console_->Say(fmt::format(
      "warning: tap {} could not be deleted ({}); it ends by its duration, or: kubectl traffictap "
      "stop {}",
      tap_.key().ToString(), Message(done), tap_.key().ToString()));
  return done;
}

}  // namespace traffictap::cli
