// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap {

// The checkout that the tests were built from.
std::string SourceDir();

}  // namespace traffictap
