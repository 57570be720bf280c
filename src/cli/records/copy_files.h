// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "cli/records/copy_target.h"
#include "cli/shell/command.h"

namespace traffictap::cli {

struct CopyFilesOptions {
  bool follow = false;                    // goes on with what comes, until it is stopped
  bool one_output = false;                // the target takes the files of one output alone
  base::Nanos pause = 2 * base::kSecond;  // between two looks, and before another try
  // In a row in which nothing came. They last longer than a reader keeps in mind a pairer that is
  // gone for good.
  int tries_max = 20;
};

// Copies a tap's files: all that there are now, with those that are rotated while it copies. Tries
// again where the collector is away for a while or does not know the tap yet, and where a file was
// rotated under it. Of several collectors those that are there are copied first; kUnavailable says
// then who did not come back, and `follow` goes on without it and says so. kCancelled: it was
// stopped.
Status CopyFiles(const FileSource& source, const CopyFilesOptions& options, CopyTarget* target,
                 Session& session);

}  // namespace traffictap::cli
