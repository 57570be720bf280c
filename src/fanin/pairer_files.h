// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "fanin/ask_all.h"
#include "kube/http_transport.h"
#include "web/http_message.h"

namespace traffictap::fanin {

// What a caller wants of the files of pairers, as pairers are asked for it.
struct FilesQuery {
  std::string text;    // of the query
  std::string pairer;  // the address of the one whose file is wanted; empty: lists, of all
};

// A part of a file is asked for with a limit of bytes, since a reader holds it as a whole.
// kInvalidArgument: the query, or a file without its pairer.
StatusOr<FilesQuery> ReadFilesQuery(const std::string& query);

// One list (observe/README.md) of those that pairers answered, with each output once for each of them.
// kFailedPrecondition: pairers have the same name, or one that no folder can have; kInternal: an
// answer is of another kind than pairers give.
StatusOr<std::string> MergeFileLists(const Asked& asked);

// The caller's answer of that of a pairer, which was asked for a part of a file. Where that is not
// whole, it is a failure: an empty answer would say that the file ends. `ticket` is held until the
// caller has taken it all, or is gone.
web::HttpResponse FilePartAnswer(const std::string& pairer, StatusOr<kube::HttpResponse> answer,
                                 std::shared_ptr<void> ticket);

}  // namespace traffictap::fanin
