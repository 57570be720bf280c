// SPDX-License-Identifier: Apache-2.0
#include "als/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "fmt/format.h"

namespace traffictap::als {

StatusOr<std::shared_ptr<Mailbox>> Mailbox::Open() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) {
    return absl::UnavailableError(fmt::format("make an event loop: {}", std::strerror(errno)));
  }
  return std::shared_ptr<Mailbox>(new Mailbox(descriptor));
}

Mailbox::~Mailbox() { close(descriptor_); }

void Mailbox::Post(Task task) {
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (first) eventfd_write(descriptor_, 1);
}

std::vector<Mailbox::Task> Mailbox::TakeAll() {
  // Before the tasks: one that is posted in between wakes the loop again.
  eventfd_t ignored = 0;
  eventfd_read(descriptor_, &ignored);
  absl::MutexLock lock(&mutex_);
  return std::exchange(tasks_, {});
}

}  // namespace traffictap::als
