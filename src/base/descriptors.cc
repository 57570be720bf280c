// SPDX-License-Identifier: Apache-2.0
#include "base/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace traffictap::base {
namespace {

// Some container runtimes set no bound at all; tables of such a size would cost memory for nothing.
constexpr rlim_t kMost = 1 << 20;

}  // namespace

uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return DescriptorLimit();
  const rlim_t wanted = std::min(limit.rlim_max, kMost);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return DescriptorLimit();
}

uint64_t DescriptorLimit() {
  rlimit limit{};
  // What POSIX promises at least.
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 20;
}

}  // namespace traffictap::base
