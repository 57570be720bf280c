// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "kube/kube_client.h"
#include "observe/authorizer.h"

namespace traffictap::apiserver {

struct AccessReviewerOptions {
  // What is asked for.
  std::string verb = "watch";
  std::string resource = "pairs";
  base::Nanos answer_lifetime = 5 * base::kSecond;  // for which an answer is used again
  base::Nanos timeout = 5 * base::kSecond;          // of a question
  base::Nanos review_timeout = 10 * base::kSecond;  // of all questions of one caller
  size_t answers_max = 8192;                        // that are remembered
  size_t waiting_max = 256;                         // callers; beyond it new ones are refused
  int threads = 4;
};

// Asks the API server whether a user may `watch` `pairs` of tap.traffictap.io, or what the options
// say: first in all namespaces, where not in each of those that are asked for
// (authorization.k8s.io/v1 SubjectAccessReview). Callers take turns, question by question: one of
// many namespaces delays no other for longer than one of its questions. Takes only the credentials'
// user: the front proxy vouches for it. `done` is called on the reviewer's threads. Errors:
// kUnauthenticated without a user; kUnavailable where the API server does not answer, or too many
// wait.
class AccessReviewer final : public observe::Authorizer {
 public:
  // Both outlive the reviewer.
  AccessReviewer(kube::KubeClient* kube, const base::Clock* clock, AccessReviewerOptions options);
  ~AccessReviewer() override;

  void Authorize(const observe::Credentials& credentials, const std::set<std::string>& namespaces,
                 Done done) override;

  // Answers those who wait with kUnavailable, and from now on everybody. When it returns no `done`
  // runs any more.
  void Stop();

 private:
  // A caller, with what is known so far.
  struct Waiting {
    observe::User user;
    // Namespaces to ask for; "" asks whether all are allowed, and comes first.
    std::set<std::string> left;
    Done done;
    base::Nanos deadline = 0;  // monotonic
    observe::Access access = {};
  };
  struct Answer {
    bool allowed = false;
    base::Nanos time = 0;  // monotonic
  };
  using Question = std::pair<observe::User, std::string>;  // the namespace, empty: all

  void Run();
  // Asks what costs the next question. Empty: there are more.
  std::optional<StatusOr<observe::Access>> Step(Waiting* waiting);
  StatusOr<bool> AskOrFail(const observe::User& user, const std::string& ns);
  StatusOr<bool> IsAllowed(const observe::User& user, const std::string& ns);
  StatusOr<bool> Ask(const observe::User& user, const std::string& ns);
  void Remember(Question question, bool allowed);
  bool HasWorkOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopped_ || !waiting_.empty();
  }

  kube::KubeClient* const kube_;
  const base::Clock* const clock_;
  const AccessReviewerOptions options_;
  absl::Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::map<Question, Answer> answers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace traffictap::apiserver
