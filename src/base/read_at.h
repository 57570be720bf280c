// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace traffictap::base {

// As many bytes of a file from `offset` on as there are, at most `size`. None: it cannot be read, and
// errno says why.
std::optional<std::string> ReadAt(int fd, uint64_t offset, size_t size);

}  // namespace traffictap::base
