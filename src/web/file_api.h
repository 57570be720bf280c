// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "observe/authorizer.h"
#include "web/file_store.h"
#include "web/http_message.h"
#include "web/live_api.h"

namespace traffictap::web {

struct FileApiOptions {
  int calls_max = 8;                        // at once; each has a thread while it lasts
  size_t buffer_bytes = size_t{1} << 20;    // read ahead of a call's reader
  uint64_t answer_bytes_max = 32ull << 20;  // of the file; the reader asks for the rest
  // The same: rights are looked at again for each answer.
  base::Nanos answer_time = 45 * base::kSecond;
};

// The files of taps' File outputs: lists, and parts of files (observe/README.md has the parameters and
// the answers). Who may watch all records of the tap's namespace may copy its files; those of a
// ClusterTrafficTap who may watch all namespaces. The disk is waited for on threads of its own: one
// that hangs keeps calls, not live readers.
class FileApi {
 public:
  // `authorizer` and `clock` outlive the API, the clock also a thread that hangs.
  FileApi(std::shared_ptr<const FileStore> store, observe::Authorizer* authorizer,
          const base::Clock* clock, FileApiOptions options = {});
  ~FileApi() { Stop(); }

  // Responds once, on any thread.
  void Answer(const HttpRequest& request, LiveScope scope, const Route::Respond& respond) const;

  // The standalone path, for this machine alone. Valid as long as this.
  Route Standalone() const;

  // Answers what waits for the disk, and from now on everything, with 503. Waits at most a second for
  // the threads. Before the server goes.
  void Stop();

 private:
  struct Call;
  struct State;
  void Check(const std::shared_ptr<Call>& call, const StatusOr<observe::Access>& access) const;
  void Start(const std::shared_ptr<Call>& call) const;

  const std::shared_ptr<const FileStore> store_;
  observe::Authorizer* const authorizer_;
  const base::Clock* const clock_;
  const FileApiOptions options_;
  const std::shared_ptr<State> state_;
};

}  // namespace traffictap::web
