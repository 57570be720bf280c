// SPDX-License-Identifier: Apache-2.0

// The threads that read share `Shared` with the stream and outlive it a little: it stops them, and
// none of them touches it. Until the answer is given Shared holds the stream, so that nobody is
// needed who waits for it; a refusal lets go of it, which stops the threads.
#include "fanin/merged_stream.h"

#include <optional>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/wait.h"
#include "fanin/missing.h"
#include "kube/line_splitter.h"
#include "web/site_guard.h"

namespace traffictap::fanin {
namespace {

constexpr size_t kLineBytesMax = 4 << 20;
constexpr base::Nanos kRoomPause = 50 * base::kMillisecond;

Status Ends() { return absl::UnavailableError("this program is ending"); }

}  // namespace

struct MergedStream::Shared {
  Shared(StreamCall asked, const base::Clock* clock, web::Route::Respond answer)
      : call(std::move(asked)), merge(call.merge, clock), respond(std::move(answer)) {}

  const StreamCall call;
  StreamMerge merge;
  absl::Mutex mutex;
  web::Route::Respond respond ABSL_GUARDED_BY(mutex);  // null: it was called
  std::shared_ptr<MergedStream> stream ABSL_GUARDED_BY(mutex);
  size_t undecided ABSL_GUARDED_BY(mutex) = 0;  // pairers that neither opened nor refused yet
  std::optional<web::HttpResponse> refusal ABSL_GUARDED_BY(mutex);  // the best one so far

  // The first time of a pairer.
  void Opened() {
    web::Route::Respond now;
    web::HttpResponse head = web::JsonResponse({});
    {
      absl::MutexLock lock(&mutex);
      now = std::exchange(respond, nullptr);
      head.stream = std::exchange(stream, nullptr);
    }
    if (!now) return;
    const bool events = call.format == web::StreamFormat::kEvents;
    head.content_type = events ? "text/event-stream" : "application/x-ndjson";
    now(std::move(head));
  }

  // The first time of a pairer.
  void Refused(web::HttpResponse answer) {
    web::Route::Respond now;
    std::shared_ptr<MergedStream> gone;
    {
      absl::MutexLock lock(&mutex);
      if (!respond) return;
      const bool decides = IsForAll(answer.code) || --undecided == 0;
      if (refusal && !SaysMore(answer, *refusal)) answer = *refusal;
      if (!decides) {
        refusal = std::move(answer);
        return;
      }
      now = std::exchange(respond, nullptr);
      gone = std::exchange(stream, nullptr);
    }
    now(std::move(answer));
  }
};

MergedStream::MergedStream(std::shared_ptr<Shared> shared, const PairerDirectory* pairers,
                           web::RouteThreads* threads, const base::Clock* clock)
    : shared_(std::move(shared)),
      pairers_(pairers),
      threads_(threads),
      clock_(clock),
      written_at_(clock->Monotonic()) {}

MergedStream::~MergedStream() { StopAll(); }

void MergedStream::Open(StreamCall call, const PairerDirectory* pairers, web::RouteThreads* threads,
                        const base::Clock* clock, const web::Route::Respond& respond) {
  const KnownPairers known = pairers->known();
  if (known.pairers.empty()) return respond(web::FailureResponse(NoPairers()));
  auto shared = std::make_shared<Shared>(std::move(call), clock, respond);
  const std::shared_ptr<MergedStream> stream(new MergedStream(shared, pairers, threads, clock));
  {
    absl::MutexLock lock(&shared->mutex);
    shared->stream = stream;
    shared->undecided = known.pairers.size();
  }
  stream->Follow(known);
}

void MergedStream::Follow(const KnownPairers& known) {
  version_ = known.version;
  std::map<std::string, Leg> left = std::exchange(legs_, {});
  for (const auto& pairer : known.pairers) {
    const auto former = left.find(pairer.address);
    if (former == left.end()) {
      Start(pairer);
    } else {
      legs_[pairer.address] = former->second;
      left.erase(former);
    }
    shared_->merge.SetName(legs_[pairer.address].number, pairer.name);
  }
  for (auto& [address, leg] : left) {
    leg.stop.request_stop();
    shared_->merge.Remove(leg.number);
  }
  shared_->merge.SetAbsent(known.absent);
}

void MergedStream::Start(const Pairer& pairer) {
  Leg& leg = legs_[pairer.address];
  leg.number = shared_->merge.Add(pairer.address);
  const Status runs = threads_->Run([shared = shared_, number = leg.number, pairer,
                                     stop = leg.stop](std::stop_token server_ends) mutable {
    const std::stop_callback on_end(server_ends, [&stop] { stop.request_stop(); });
    Read(shared.get(), number, pairer, stop.get_token());
  });
  if (runs.ok()) return;
  shared_->merge.Closed(leg.number, Message(runs), false);
  shared_->Refused(web::FailureResponse(runs));
}

// On a thread of its own, until it is stopped or has read all.
void MergedStream::Read(Shared* shared, int number, const Pairer& pairer,
                        const std::stop_token& stop) {
  StreamMerge& merge = shared->merge;
  for (bool first = true;; first = false) {
    kube::LineSplitter lines(kLineBytesMax);
    bool opened = false;
    kube::HttpTransport::StreamHandlers handlers;
    handlers.on_open = [&] {
      opened = true;
      merge.Opened(number);
      shared->Opened();
    };
    handlers.on_bytes = [&](std::string_view bytes) {
      merge.Heard(number);
      return lines.Feed(bytes, [&](const std::string& line) { return merge.Line(number, line); });
    };
    const auto answer = pairer.client->Stream(shared->call.request(merge.PositionOf(number)),
                                              shared->call.silence, handlers, stop);
    if (stop.stop_requested()) {
      if (first && !opened) shared->Refused(web::FailureResponse(Ends()));
      return;
    }
    if (opened && absl::IsResourceExhausted(answer.status())) {
      merge.LetGo(number);
      while (!merge.HasRoom() && !stop.stop_requested()) base::WaitOnClock(kRoomPause, stop);
      continue;
    }
    const bool no_taps = answer.ok() && answer->code == 404;
    const bool again = merge.Closed(number, WhyNot(answer), no_taps);
    if (first && !opened) shared->Refused(RefusalOf(pairer.label(), answer));
    if (!again) return;
    base::WaitOnClock(shared->call.retry, stop);
  }
}

web::BodySource::Next MergedStream::Pull(std::string* out) {
  if (pairers_->version() != version_) Follow(pairers_->known());
  const base::Nanos now = clock_->Monotonic();
  web::StreamWriter writer(shared_->call.format, out);
  const bool more = shared_->merge.Pull(&writer);
  if (!out->empty()) {
    written_at_ = now;
  } else if (now - written_at_ >= shared_->call.heartbeat_interval) {
    written_at_ = now;
    writer.Heartbeat();
  }
  if (!shared_->merge.end().empty()) return Next::kEnd;
  return more ? Next::kNow : Next::kWait;
}

void MergedStream::Ended(web::StreamEnd) { StopAll(); }

void MergedStream::StopAll() {
  for (auto& [address, leg] : legs_) leg.stop.request_stop();
  legs_.clear();
}

}  // namespace traffictap::fanin
