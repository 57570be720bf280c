// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "fanin/pairer_directory.h"
#include "fanin/stream_merge.h"
#include "kube/http_transport.h"
#include "web/http_message.h"
#include "web/route_threads.h"
#include "web/stream_writer.h"

namespace traffictap::fanin {

struct StreamCall {
  // What to ask a pairer that is to go on after `after`, which is empty at first.
  std::function<kube::HttpRequest(const std::string& after)> request;
  web::StreamFormat format = web::StreamFormat::kNdjson;
  StreamMergeOptions merge;
  base::Nanos silence = 15 * base::kSecond;  // of a pairer that counts as gone after it
  base::Nanos retry = base::kSecond;         // before a pairer is asked again
  base::Nanos heartbeat_interval = 10 * base::kSecond;
  std::shared_ptr<void> ticket = nullptr;  // held while there is the stream
};

// A live stream as the body of a response, of the streams of all pairers: one thread reads each of
// them, over connections that break, and those that come later are read as well. Used by the
// server's thread, as every body.
class MergedStream final : public web::BodySource {
 public:
  // Asks all pairers and responds once, on any thread: with the stream when the first of them has
  // opened, or with a refusal when one says that the caller is not known, has no right or asks
  // wrongly, or when none of them has opened. All pointers outlive the stream and its threads.
  static void Open(StreamCall call, const PairerDirectory* pairers, web::RouteThreads* threads,
                   const base::Clock* clock, const web::Route::Respond& respond);
  ~MergedStream() override;

  Next Pull(std::string* out) override;
  void Ended(web::StreamEnd end) override;

 private:
  struct Shared;
  struct Leg {
    int number = 0;  // the merge's
    std::stop_source stop;
  };
  MergedStream(std::shared_ptr<Shared> shared, const PairerDirectory* pairers,
               web::RouteThreads* threads, const base::Clock* clock);

  static void Read(Shared* shared, int number, const Pairer& pairer, const std::stop_token& stop);
  void Follow(const KnownPairers& known);
  void Start(const Pairer& pairer);
  void StopAll();

  const std::shared_ptr<Shared> shared_;
  const PairerDirectory* const pairers_;
  web::RouteThreads* const threads_;
  const base::Clock* const clock_;
  uint64_t version_ = 0;  // of the pairers that are read
  std::map<std::string, Leg> legs_;
  base::Nanos written_at_ = 0;
};

}  // namespace traffictap::fanin
