// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::plan {

// Whether the Istio of this version ("1.22.3", "1.31-dev", "1.24.0-distroless"; empty: not known;
// without a number: built from source) is at least MAJOR.MINOR. Not known counts as new enough: what
// it then refuses, it says itself.
bool IsAtLeast(const std::string& version, int major, int minor);

// Whether `version` is of an earlier release than `other`, by its three numbers; what has none is
// newer than all releases.
bool IsOlder(const std::string& version, const std::string& other);

}  // namespace traffictap::plan
