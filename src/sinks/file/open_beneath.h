// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

// Files below a directory that is not to be left: neither "..", an absolute path nor a symbolic
// link leads out of it (openat2(2), RESOLVE_BENEATH). Descriptors are the caller's.
namespace traffictap::sinks {

// The directory that `path` (relative; empty: `root_fd` itself) names below `root_fd`, made where
// it is missing. kInvalidArgument: the path leads out.
StatusOr<int> OpenDirectoryBeneath(int root_fd, const std::string& path);

// The regular file `name` of a directory, opened with `flags`. kInvalidArgument: it is a link, a
// directory, a pipe…
StatusOr<int> OpenFileIn(int directory_fd, const std::string& name, int flags);

}  // namespace traffictap::sinks
