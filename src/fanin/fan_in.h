// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "apiserver/discovery.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "fanin/ask_all.h"
#include "fanin/merged_stream.h"
#include "fanin/pairer_directory.h"
#include "observe/authorizer.h"
#include "web/http_message.h"
#include "web/live_backend.h"
#include "web/route_threads.h"

namespace traffictap::fanin {

struct FanInOptions {
  base::Nanos call_timeout = 5 * base::kSecond;  // of one pairer's answer that is no stream
  // The same of lists of files, for which it looks at its disk, and of a part of a file.
  base::Nanos files_timeout = 15 * base::kSecond;
  base::Nanos file_timeout = 50 * base::kSecond;
  // The same of its versions. The API server's own checks ask for them too, and wait for 5 s.
  base::Nanos versions_timeout = 2 * base::kSecond;
  int files_max = 16;  // parts of files at once; each is held as a whole until it is taken
  int readers_max = 32;
  int threads_max = 1024;  // each stream has one for each pairer
  StreamMergeOptions merge;
  base::Nanos retry = base::kSecond;  // StreamCall's
};

// The live API (observe/README.md) of all pairers together, standalone or behind the API server. It
// has no right of its own: the header Authorization goes on with each request as it came, or the user
// for whom the API server vouches does, and each pairer decides. Pairers may be missing: then a stream
// has lines Partial, and other answers `partial`. Files are where they were written: the list says at
// which pairer, and that one is asked for them.
class FanIn final : public web::LiveBackend {
 public:
  // Both outlive it.
  FanIn(FanInOptions options, const PairerDirectory* pairers, const base::Clock* clock);

  // The standalone paths, for this machine alone; valid as long as this. After Stop they answer 503.
  std::map<std::string, web::Route> Routes();

  void AnswerLive(web::LiveResource resource, const web::HttpRequest& request, web::LiveScope scope,
                  const web::Route::Respond& respond) override;
  void AnswerDump(const web::HttpRequest& request, observe::Credentials credentials,
                  const std::optional<std::string>& ns,
                  const web::Route::Respond& respond) override;
  void AnswerFiles(const web::HttpRequest& request, web::LiveScope scope,
                   const web::Route::Respond& respond) override;
  // Behind the API server: the operator's version as the pairers know it, and the collector's, which is
  // that of a pairer that differs from `own`, this reader's. `tell` is called once, on any thread.
  void TellVersions(const std::string& own, const observe::User& user,
                    const apiserver::TellVersions& tell);
  // Ends all streams and waits for what is under way.
  void Stop() override { threads_.Close(); }

  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  using Answer = std::function<web::HttpResponse()>;

  // `follow` is the name of the parameter that asks to go on.
  void AnswerStream(const web::HttpRequest& request, const observe::Credentials& credentials,
                    const std::string& follow, const web::Route::Respond& respond);
  Answer TapsAnswer(const kube::HttpRequest& request);
  Answer SummaryAnswer(const kube::HttpRequest& request);
  Answer ExplainAnswer(const kube::HttpRequest& request) const;
  Answer DumpAnswer(const kube::HttpRequest& request);
  Answer FilesAnswer(const kube::HttpRequest& request);
  void AnswerFilePart(const std::string& pairer, const kube::HttpRequest& request,
                      const web::Route::Respond& respond);
  // A route that is answered on a thread, since `make` makes an answer that waits for pairers.
  web::Route Waiting(std::function<Answer(const kube::HttpRequest& request)> make);
  void Do(const Answer& answer, const web::Route::Respond& respond);
  Asked Ask(const kube::HttpRequest& request, base::Nanos timeout);

  const FanInOptions options_;
  const PairerDirectory* const pairers_;
  const base::Clock* const clock_;
  // Streams may be gone later than this.
  const std::shared_ptr<std::atomic<int>> readers_ = std::make_shared<std::atomic<int>>(0);
  const std::shared_ptr<std::atomic<int>> files_ = std::make_shared<std::atomic<int>>(0);
  std::atomic<uint64_t> partial_{0};
  web::RouteThreads threads_;
};

}  // namespace traffictap::fanin
