// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fanin/pairer_directory.h"

namespace CLI {
class App;
}

namespace traffictap::collector {

// Where a reader finds the pairers.
void AddReaderOptions(CLI::App& app, fanin::PairerDirectoryOptions* out);

// Once all is parsed, of a reader: there are pairers to ask, and no option that a process without
// records of its own has no use for. Throws CLI::ValidationError, as a callback of `app` does.
void CompleteReaderOptions(const CLI::App& app, const fanin::PairerDirectoryOptions& pairers);

}  // namespace traffictap::collector
