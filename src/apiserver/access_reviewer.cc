// SPDX-License-Identifier: Apache-2.0

// A caller is a queue entry with the namespaces that are left to ask for; a thread takes the first
// one, asks one question of it and puts it at the end. So callers share the threads question by
// question. The lock is never held during a question, nor while `done` runs. A caller's deadline
// counts from the beginning, waiting included: past it the answer is kUnavailable rather than late.
#include "apiserver/access_reviewer.h"

#include <algorithm>
#include <exception>

#include "apiserver/discovery.h"
#include "fmt/format.h"

namespace traffictap::apiserver {
namespace {

kube::Object ReviewOf(const observe::User& user, const std::string& ns,
                      const AccessReviewerOptions& options) {
  kube::Json attributes = {
      {"group", kGroup}, {"resource", options.resource}, {"verb", options.verb}};
  if (!ns.empty()) attributes["namespace"] = ns;
  kube::Json spec = {{"user", user.name}, {"groups", user.groups}};
  if (!user.uid.empty()) spec["uid"] = user.uid;
  if (!user.extra.empty()) spec["extra"] = user.extra;
  spec["resourceAttributes"] = std::move(attributes);
  return kube::Object({{"apiVersion", kube::kSubjectAccessReviews.ApiVersion()},
                       {"kind", kube::kSubjectAccessReviews.kind},
                       {"spec", std::move(spec)}});
}

// Whatever keeps us from asking is the same to a reader: nobody can tell.
Status CannotTell(const Status& why) {
  return absl::UnavailableError(
      fmt::format("ask the API server for the user's right: {}", Message(why)));
}

}  // namespace

AccessReviewer::AccessReviewer(kube::KubeClient* kube, const base::Clock* clock,
                               AccessReviewerOptions options)
    : kube_(kube), clock_(clock), options_(options) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
}

AccessReviewer::~AccessReviewer() { Stop(); }

void AccessReviewer::Authorize(const observe::Credentials& credentials,
                               const std::set<std::string>& namespaces, Done done) {
  if (credentials.user.name.empty()) {
    return done(absl::UnauthenticatedError("nobody says who the reader is"));
  }
  {
    absl::MutexLock lock(&mutex_);
    if (!stopped_ && waiting_.size() < options_.waiting_max) {
      Waiting waiting{credentials.user, namespaces, std::move(done),
                      clock_->Monotonic() + options_.review_timeout};
      waiting.left.insert("");
      waiting.access.user = credentials.user.name;
      waiting.access.groups = credentials.user.groups;
      waiting_.push_back(std::move(waiting));
      return;
    }
  }
  done(absl::UnavailableError("too many readers ask for their right: try again later"));
}

void AccessReviewer::Stop() {
  std::deque<Waiting> left;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    left.swap(waiting_);
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  for (const auto& waiting : left) waiting.done(absl::UnavailableError("the collector stops"));
}

void AccessReviewer::Run() {
  for (;;) {
    Waiting next;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &AccessReviewer::HasWorkOrEnds));
      if (stopped_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (auto answer = Step(&next)) {
      next.done(*std::move(answer));
      continue;
    }
    absl::MutexLock lock(&mutex_);
    waiting_.push_back(std::move(next));
  }
}

std::optional<StatusOr<observe::Access>> AccessReviewer::Step(Waiting* waiting) {
  if (clock_->Monotonic() >= waiting->deadline) {
    return CannotTell(absl::DeadlineExceededError("it answers too slowly"));
  }
  const std::string ns = *waiting->left.begin();
  waiting->left.erase(waiting->left.begin());
  const auto allowed = IsAllowed(waiting->user, ns);
  if (!allowed.ok()) return allowed.status();
  if (*allowed && ns.empty()) waiting->access.everything = true;
  if (*allowed && !ns.empty()) waiting->access.namespaces.insert(ns);
  if (!waiting->access.everything && !waiting->left.empty()) return std::nullopt;
  return std::move(waiting->access);
}

StatusOr<bool> AccessReviewer::IsAllowed(const observe::User& user, const std::string& ns) {
  Question question(user, ns);
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return absl::UnavailableError("the collector stops");
    const auto found = answers_.find(question);
    const bool fresh = found != answers_.end() &&
                       clock_->Monotonic() - found->second.time < options_.answer_lifetime;
    if (fresh) return found->second.allowed;
  }
  const auto allowed = AskOrFail(user, ns);
  if (allowed.ok()) Remember(std::move(question), *allowed);
  return allowed;
}

// What the libraries behind the client throw must not end the process: a user's name is any text.
StatusOr<bool> AccessReviewer::AskOrFail(const observe::User& user, const std::string& ns) {
  try {
    return Ask(user, ns);
  } catch (const std::exception& failure) {
    return CannotTell(absl::InternalError(failure.what()));
  }
}

StatusOr<bool> AccessReviewer::Ask(const observe::User& user, const std::string& ns) {
  const auto answer =
      kube_->Create(kube::kSubjectAccessReviews, ReviewOf(user, ns, options_), {options_.timeout});
  if (!answer.ok()) return CannotTell(answer.status());
  const kube::Json* allowed = answer->Find("/status/allowed");
  return allowed != nullptr && allowed->is_boolean() && allowed->get<bool>();
}

void AccessReviewer::Remember(Question question, bool allowed) {
  const base::Nanos now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  if (answers_.size() >= options_.answers_max) {
    std::erase_if(answers_, [&](const auto& answer) {
      return now - answer.second.time >= options_.answer_lifetime;
    });
  }
  // Full of fresh ones: they go, since to forget costs a question and to grow has no end.
  if (answers_.size() >= options_.answers_max) answers_.clear();
  answers_[std::move(question)] = {allowed, now};
}

}  // namespace traffictap::apiserver
