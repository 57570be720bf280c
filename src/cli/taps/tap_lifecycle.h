// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "cli/records/cluster.h"
#include "cli/shell/command.h"
#include "cli/taps/tap_request.h"

namespace traffictap::cli {

// Who the API server takes us for; empty where it does not tell (before Kubernetes 1.28). The first
// call of a command: an API server that is away or knows nobody of us is told here, at once.
StatusOr<std::string> CurrentUser(kube::KubeClient& client);

// What there is to be known before a tap is created, and who we are (CurrentUser).
// kPermissionDenied names the first right that is missing for tapping and for reading, and the role
// that has it; a server that does not answer such questions is no obstacle. Then the targets, as
// CheckTargets has them; kNotFound is of these alone.
StatusOr<std::string> CheckTap(kube::KubeClient& client, const TapRequest& request);

// Creates the object. Errors say what stands in the way and what to do.
StatusOr<kube::Object> CreateTap(kube::KubeClient& client, const TapRequest& request,
                                 const kube::Object& object, bool dry_run);

// A failure of a call on TrafficTaps in the words of what to do about it.
Status ExplainTaps(const Status& status);

struct TapCondition {
  std::string status;  // "True", "False", "Unknown"; empty: not told for this generation
  std::string reason;
  std::string message;
};
TapCondition ConditionOf(const kube::Object& tap, const std::string& type);

// What keeps a tap from ever recording, as the operator sees it: kNotFound (no pod matches),
// kFailedPrecondition (no proxy, no collector, refused, not allowed by the mesh). OK where there is
// nothing of the kind, or nothing is known yet.
Status WhyNeverReady(const kube::Object& tap);

// Waits until the tap records (or is completed), and returns it. Says what connections drain as soon
// as that is known, and what it waits for where a reason stays for seconds. Ends at once where
// WhyNeverReady says something. kDeadlineExceeded says what was missing last. kCancelled:
// interrupted.
StatusOr<kube::Object> WaitForReady(kube::KubeClient& client, const TapRequest& request,
                                    const kube::Object& tap, base::Nanos timeout, Session& session);

// Waits until the operator has said what it makes of a tap that is planned only.
StatusOr<kube::Object> WaitForPlan(kube::KubeClient& client, const TapRequest& request,
                                   const kube::Object& tap, base::Nanos timeout, Session& session);

// Whether the tap is there and no limit has ended it. True where the API server does not answer:
// who cannot know goes on.
bool IsInForce(kube::KubeClient& client, const kube::ObjectKey& key);
bool IsInForce(const kube::Object& tap);

// Deletes what earlier commands of `user` left in the request's namespace because they were killed:
// temporary taps that a limit has ended. What cannot be deleted is left for the next time.
void RemoveEnded(kube::KubeClient& client, const TapRequest& request, const std::string& user);

// Deletes a tap when it goes, unless it is to stay: on every way out of a command.
class TapGuard {
 public:
  TapGuard(kube::KubeClient* client, const kube::Resource& resource, kube::Object tap,
           Console* console)
      : client_(client), resource_(resource), tap_(std::move(tap)), console_(console) {}
  ~TapGuard() {
    if (armed_) (void)Delete();
  }
  TapGuard(const TapGuard&) = delete;
  TapGuard& operator=(const TapGuard&) = delete;

  void Keep() { armed_ = false; }
  // Says so where it could not be deleted.
  Status Delete();

 private:
  kube::KubeClient* const client_;
  const kube::Resource resource_;
  const kube::Object tap_;
  Console* const console_;
  bool armed_ = true;
};

}  // namespace traffictap::cli
