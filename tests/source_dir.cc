// SPDX-License-Identifier: Apache-2.0
#include "source_dir.h"

namespace traffictap {

std::string SourceDir() { return TRAFFICTAP_SOURCE_DIR; }

}  // namespace traffictap
