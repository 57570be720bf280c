// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

namespace traffictap::kube {

// The whole file without the white space at its end. kNotFound: there is none; kInvalidArgument:
// larger than `bytes_max` or no regular file; kPermissionDenied.
StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max);

}  // namespace traffictap::kube
