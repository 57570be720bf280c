// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/status.h"

namespace traffictap::als {

// What other threads ask of an event loop. May outlive the loop: then nobody does it. Thread-safe.
class Mailbox {
 public:
  using Task = std::function<void()>;

  static StatusOr<std::shared_ptr<Mailbox>> Open();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Never runs `task` itself, nor waits for it.
  void Post(Task task);
  // All that was posted, in its order.
  std::vector<Task> TakeAll();
  // An eventfd: readable while there is something to take.
  int descriptor() const { return descriptor_; }

 private:
  explicit Mailbox(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
  absl::Mutex mutex_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::als
