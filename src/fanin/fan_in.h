// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "fanin/ask_all.h"
#include "fanin/merged_stream.h"
#include "fanin/pairer_directory.h"
#include "observe/authorizer.h"
#include "web/http_message.h"
#include "web/route_threads.h"

namespace traffictap::fanin {

struct FanInOptions {
  base::Nanos call_timeout = 5 * base::kSecond;  // of one pairer's answer that is no stream
  int readers_max = 32;
  int threads_max = 1024;  // each stream has one for each pairer
  StreamMergeOptions merge;
  base::Nanos retry = base::kSecond;  // StreamCall's
};

// The standalone live API (observe/README.md) of all pairers together. It has no right of its own:
// the header Authorization goes on with each request as it came, and each pairer decides. Pairers may
// be missing: then a stream has lines Partial, and other answers `partial`.
class FanIn {
 public:
  // Both outlive it.
  FanIn(FanInOptions options, const PairerDirectory* pairers, const base::Clock* clock);

  // For this machine alone; valid as long as this. After Close they answer 503.
  std::map<std::string, web::Route> Routes();
  // Ends all streams and waits for what is under way. Before the server goes.
  void Close() { threads_.Close(); }

  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  using Answer = std::function<web::HttpResponse()>;

  void AnswerStream(const web::HttpRequest& request, const observe::Credentials& credentials,
                    const web::Route::Respond& respond);
  Answer TapsAnswer(const kube::HttpRequest& request);
  Answer SummaryAnswer(const kube::HttpRequest& request);
  Answer ExplainAnswer(const kube::HttpRequest& request) const;
  Answer DumpAnswer(const kube::HttpRequest& request);
  // A route that is answered on a thread, since `make` makes an answer that waits for pairers.
  web::Route Waiting(std::function<Answer(const kube::HttpRequest& request)> make);
  Asked Ask(const kube::HttpRequest& request);
  std::shared_ptr<void> Ticket();

  const FanInOptions options_;
  const PairerDirectory* const pairers_;
  const base::Clock* const clock_;
  // Streams may be gone later than this.
  const std::shared_ptr<std::atomic<int>> readers_ = std::make_shared<std::atomic<int>>(0);
  std::atomic<uint64_t> partial_{0};
  web::RouteThreads threads_;
};

}  // namespace traffictap::fanin
