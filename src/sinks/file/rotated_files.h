// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"

// The files that an output has put aside (tap/rotated_name.h). `current` is the name of the file that
// it writes, in `directory_fd`. What cannot be removed is logged, and stays.
namespace traffictap::sinks {

// Rotated names as they were before compression, oldest first.
using RotationOrder = std::vector<std::string>;

// Whether any form of a rotated file is there.
bool IsThere(int directory_fd, const std::string& rotated);

// Names of the files that are whole, each in one form, oldest first; none where the directory cannot be
// read.
std::vector<std::string> WholeFiles(int directory_fd, const std::string& current);

// Removes what a crash during compression has left: a part, and the uncompressed file of one that is
// compressed already.
void RemoveLeftovers(int directory_fd, const std::string& current);

// Removes all but the newest `keep`. First go names that are in the future of `wall`: the clock was
// ahead when they were given. Then the others by name; last those of `order`, which this process made,
// in their order. Names whose files are gone leave `order`.
void KeepNewest(int directory_fd, const std::string& current, size_t keep, base::Nanos wall,
                RotationOrder* order);

}  // namespace traffictap::sinks
