// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/records/cluster.h"
#include "tap/output_file.h"

namespace traffictap::cli {

// A File output of a tap, with its files: oldest first. Where several collectors share the work, it is
// there once for each of them, with other files.
struct RemoteOutput {
  std::string name;
  std::vector<tap::OutputFile> files = {};
  std::string collector = {};  // the name of that one; empty: there is one alone
  std::string pairer = {};     // its address for now, by which the reader knows it
};

// What a tap has written.
struct RemoteFiles {
  std::vector<RemoteOutput> outputs;
  std::string answer;  // as it came, for who says whose files are missing
};

// How much of a file was copied, and its last bytes, by which it is known again.
struct Copied {
  uint64_t bytes = 0;
  std::string tail;

  void Add(std::string_view more);
};

// The files of one tap, as its collector serves them, or the reader of several. Failures come in the words of what to do;
// kAborted: a file is another one by now, or gone.
class FileSource {
 public:
  using Take = std::function<Status(std::string_view bytes)>;

  // `tap` as FindTaps has it, `output` empty for all of its outputs. The cluster outlives the source.
  FileSource(const Cluster* cluster, std::string tap, std::string output, std::stop_token stop)
      : cluster_(cluster),
        tap_(std::move(tap)),
        output_(std::move(output)),
        stop_(std::move(stop)) {}

  // No name of an output, a collector or a file leads out of a directory.
  StatusOr<RemoteFiles> List() const;

  // Gives the file from `copied` on to `take`, answer by answer, until `size` bytes are copied or
  // there are no more. `plain`: what is in a compressed file; that counts in `copied` too. After an
  // error `copied` says how far it came; that of `take` is the result.
  Status Read(const RemoteOutput& output, const std::string& file, bool plain, uint64_t size,
              Copied* copied, const Take& take) const;

 private:
  Status ReadAnswer(const std::string& path, Copied* copied, const Take& take) const;

  const Cluster* const cluster_;
  const std::string tap_;
  const std::string output_;
  const std::stop_token stop_;
};

}  // namespace traffictap::cli
