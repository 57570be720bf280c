// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>

namespace traffictap::fakes {

// While it lives the process can open `left` more descriptors than are open when it is made.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t left) {
    getrlimit(RLIMIT_NOFILE, &former_);
    // The lowest free number; those above it are free but where a test has made a hole.
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    rlimit limit = former_;
    limit.rlim_cur = static_cast<rlim_t>(next) + left;
    if (next < 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      throw std::runtime_error("cannot limit the descriptors");
    }
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &former_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit former_{};
};

}  // namespace traffictap::fakes
