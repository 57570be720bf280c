// SPDX-License-Identifier: Apache-2.0
#include "als/access_log_stream.h"

#include <utility>

namespace traffictap::als {
namespace {

// One for all streams of a thread: an idle stream has none.
DecodeScratch* ThreadScratch() {
  thread_local DecodeScratch scratch;
  return &scratch;
}

}  // namespace

// A pause ends by whoever takes it first: who resumes, or the stream's end. One that is held for
// longer than its stream lives is harmless.
class AccessLogStream::Pause final : public traffic::StreamReader {
 public:
  Pause(StreamCounters* counters, std::function<void()> resume)
      : counters_(counters), resume_(std::move(resume)) {}

  void Begin() {
    ++counters_->paused;
    paused_ = true;
  }
  bool Take() {
    if (!paused_.exchange(false)) return false;
    --counters_->paused;
    return true;
  }
  bool active() const { return paused_; }
  void Resume() override {
    if (Take()) resume_();
  }

 private:
  StreamCounters* const counters_;
  const std::function<void()> resume_;
  std::atomic<bool> paused_{false};
};

StatusOr<std::unique_ptr<StreamHandler>> AccessLogStream::Open(const Shared& shared,
                                                               const Sender& sender,
                                                               std::function<void()> resume) {
  ++shared.counters->opened;
  auto id = shared.gate->Identify(sender);
  if (!id.ok()) {
    ++shared.counters->ended_clean;
    return id.status();
  }
  ++shared.counters->open;
  return std::unique_ptr<StreamHandler>(
      new AccessLogStream(shared, *std::move(id), std::move(resume)));
}

AccessLogStream::AccessLogStream(const Shared& shared, std::optional<SpiffeId> sender,
                                 std::function<void()> resume)
    : shared_(shared),
      sender_(std::move(sender)),
      pause_(std::make_shared<Pause>(shared.counters, std::move(resume))),
      ends_(shared.turnover == nullptr ? INT64_MAX : shared.turnover->NextEnd()) {}

AccessLogStream::~AccessLogStream() = default;

StatusOr<StreamHandler::Next> AccessLogStream::OnMessage(std::string_view message) {
  ++shared_.counters->messages;
  shared_.counters->bytes += message.size();
  DecodeScratch* const scratch = ThreadScratch();
  scratch->node = node_.get();
  DecodeMessage(message, scratch, this);
  if (entries_) entries_->EndOfMessage();
  if (!refused_.ok()) return refused_;
  if (!entries_) return Next::kReadOn;
  pause_->Begin();
  if (entries_->Pause(pause_)) return Next::kPause;
  pause_->Take();
  return Next::kReadOn;
}

Status AccessLogStream::OnUnread() {
  ++shared_.counters->messages_unread;
  // Of a paused stream nobody misses it.
  if (pause_->active()) return absl::OkStatus();
  OnReject(traffic::RejectReason::kQueueFull);
  if (!entries_) {
    // The identifier comes once in a stream's life, and nothing else of it is of use without.
    return absl::UnavailableError(
        "read the identifier: no memory is left for it, open another stream");
  }
  entries_->EndOfMessage();
  return absl::OkStatus();
}

// Envoy sends what it has gathered every now and then, and hears of the end meanwhile: then nothing is on its way.
bool AccessLogStream::Leaves() {
  moves_ = shared_.turnover != nullptr && shared_.turnover->Due(ends_);
  return moves_;
}

void AccessLogStream::OnEnd(StreamEnd how) {
  const bool unread = pause_->Take();
  const bool broken = how == StreamEnd::kBroken && !unread;
  StreamCounters& counters = *shared_.counters;
  ++(moves_   ? counters.ended_moved
     : unread ? counters.ended_unread
     : broken ? counters.ended_broken
              : counters.ended_clean);
  --counters.open;
  if (entries_) entries_->End(!broken);
}

void AccessLogStream::OnIdentifier(std::string_view bytes) {
  // A stream has one sender (als.proto): a second identifier changes nothing.
  if (entries_ || !refused_.ok()) return;
  traffic::Node node = DecodeIdentifier(bytes, shared_.zones);
  refused_ = shared_.gate->Bind(sender_, &node);
  if (!refused_.ok()) return;
  node_ = std::make_shared<const traffic::Node>(std::move(node));
  ThreadScratch()->node = node_.get();  // the entries of this message are its own
  entries_ = shared_.consumer->OpenStream(node_);
}

void AccessLogStream::OnEntry(const traffic::AccessEntry& entry) {
  if (entries_) {
    entries_->Consume(entry);
  } else if (refused_.ok()) {
    shared_.consumer->Reject(traffic::RejectReason::kNoIdentifier, 1);
  }
}

void AccessLogStream::OnReject(traffic::RejectReason reason) {
  if (entries_) {
    entries_->Reject(reason, 1);
  } else if (refused_.ok()) {
    shared_.consumer->Reject(reason, 1);
  }
}

}  // namespace traffictap::als
