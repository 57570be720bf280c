// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "observe/record_filter.h"
#include "traffic/record_reader.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::replay {

struct Record {
  std::string line;  // its JSON, without line ends
  v1::TrafficPair pair;
  base::Nanos start = 0;  // of the request, by the reporter's clock; 0 where the record has none
  bool judged = false;    // wanted for sure; then `pair` is empty
};

// Whether a record is wanted.
using Judge = std::function<observe::Wanted(const traffic::RecordSkim&)>;

// What was read, whatever became of it.
struct ReadCounters {
  uint64_t records = 0;
  uint64_t skimmed = 0;        // of these: not wanted, and so not read further
  uint64_t malformed = 0;      // lines and objects that are no records, cut off or too long
  uint64_t gaps = 0;           // records that a saved live stream says were lost
  std::vector<Status> broken;  // files that ended too early or could not be read on
};

// The records of several files in the order of time: at any time the earliest one of those that
// come next in their files. Each file keeps its own order. Files are opened when their turn comes.
class RecordMerge {
 public:
  // Looks at the first record of each file. kNotFound, kPermissionDenied: of the first file that
  // cannot be opened. What `judge` does not want is passed over, and what it wants for sure is not read
  // further; neither holds for all records, as not every one can be skimmed.
  static StatusOr<std::unique_ptr<RecordMerge>> Open(const std::vector<std::string>& paths,
                                                     Judge judge = nullptr);
  ~RecordMerge();

  // False at the end of all files. The record is the caller's.
  bool Next(Record* out);
  const ReadCounters& counters() const { return counters_; }

 private:
  class File;
  struct Waiting;
  explicit RecordMerge(Judge judge);
  Status Add(const std::string& path);
  void OpenDue();

  const Judge judge_;
  traffic::RecordReader reader_;              // of all files
  std::vector<Waiting> waiting_;              // not open yet, the latest first
  std::vector<std::unique_ptr<File>> files_;  // open, each with its next record
  ReadCounters counters_;
};

// The files that `path` means: itself, or, of a directory, all files in and below it but hidden
// ones and those that are being compressed (".part"). kNotFound: there is none.
StatusOr<std::vector<std::string>> FilesOf(const std::string& path);

}  // namespace traffictap::replay
