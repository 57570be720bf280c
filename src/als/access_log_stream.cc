// SPDX-License-Identifier: Apache-2.0
#include "als/access_log_stream.h"

#include <vector>

namespace traffictap::als {
namespace {

std::string_view View(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

// A pause has one end: whoever takes it, of those that resume, cancel and stop, goes on with the stream
// alone. Until then no read is under way, so nobody else can finish it; afterwards the winner's own
// operation keeps it alive. Hence no lock, and a pause that is held longer than its stream is harmless.
class AccessLogStream::Pause final : public traffic::StreamReader, public PausedStream {
 public:
  explicit Pause(AccessLogStream* stream) : stream_(stream), counters_(stream->counters_) {}

  void Begin() {
    ++counters_->paused;
    paused_ = true;
  }
  bool Take() {
    if (!paused_.exchange(false)) return false;
    --counters_->paused;
    return true;
  }
  void Resume() override {
    if (Take()) stream_->ReadOn();
  }
  void EndWell() override {
    if (!Take()) return;
    stream_->unread_ = true;
    stream_->FinishWell();
  }

 private:
  AccessLogStream* const stream_;
  StreamCounters* const counters_;
  std::atomic<bool> paused_{false};
};

AccessLogStream::AccessLogStream(traffic::EntryConsumer* consumer, IdentityGate* gate,
                                 StreamCounters* counters, PausedStreams* paused,
                                 const grpc::ServerContextBase& context, grpc::ByteBuffer* response)
    : consumer_(consumer),
      gate_(gate),
      counters_(counters),
      paused_(paused),
      pause_(std::make_shared<Pause>(this)),
      response_(response) {
  ++counters_->open;
  ++counters_->opened;
  auto sender = gate_->Identify(context);
  if (!sender.ok()) {
    Refuse(sender.status());
    return;
  }
  sender_ = *std::move(sender);
  StartRead(&message_);
}

AccessLogStream::~AccessLogStream() = default;

void AccessLogStream::OnReadDone(bool ok) {
  if (!ok) {
    FinishWell();
    return;
  }
  Decode();
  message_.Clear();
  if (!refused_.ok()) {
    Refuse(refused_);
    return;
  }
  if (!entries_) {
    ReadOn();
    return;
  }
  pause_->Begin();
  if (!entries_->Pause(pause_)) {
    pause_->Resume();
    return;
  }
  // Told after the pause began, so that a cancel or a stop that came between is not overlooked.
  if (cancelled_ || !paused_->Add(pause_)) pause_->EndWell();
}

void AccessLogStream::OnCancel() {
  cancelled_ = true;
  pause_->EndWell();
}

void AccessLogStream::ReadOn() { StartRead(&message_); }

void AccessLogStream::FinishWell() {
  // An empty StreamAccessLogsResponse has no bytes.
  grpc::Slice nothing;
  *response_ = grpc::ByteBuffer(&nothing, 1);
  Finish(grpc::Status::OK);
}

void AccessLogStream::Refuse(const Status& why) {
  Finish(grpc::Status(static_cast<grpc::StatusCode>(why.code()), Message(why)));
}

void AccessLogStream::Decode() {
  ++counters_->messages;
  counters_->bytes += message_.Length();
  grpc::Slice single;
  if (message_.TrySingleSlice(&single).ok()) {
    DecodeMessage(View(single), &scratch_, this);
  } else {
    std::vector<grpc::Slice> slices;
    if (!message_.Dump(&slices).ok()) {
      OnReject(traffic::RejectReason::kMalformedMessage);
    }
    joined_.clear();
    for (const auto& slice : slices) joined_.append(View(slice));
    DecodeMessage(joined_, &scratch_, this);
    // The identifier's 62 kB come once: not kept for the stream's life.
    if (joined_.capacity() > 32 * 1024) joined_ = {};
  }
  if (entries_) entries_->EndOfMessage();
}

void AccessLogStream::OnIdentifier(std::string_view bytes) {
  // A stream has one sender (als.proto): a second identifier changes nothing.
  if (entries_ || !refused_.ok()) return;
  traffic::Node node = DecodeIdentifier(bytes);
  refused_ = gate_->Bind(sender_, &node);
  if (!refused_.ok()) return;
  node_ = std::make_shared<const traffic::Node>(std::move(node));
  scratch_.node = node_.get();
  entries_ = consumer_->OpenStream(node_);
}

void AccessLogStream::OnEntry(const traffic::AccessEntry& entry) {
  if (entries_) {
    entries_->Consume(entry);
  } else if (refused_.ok()) {
    consumer_->Reject(traffic::RejectReason::kNoIdentifier, 1);
  }
}

void AccessLogStream::OnReject(traffic::RejectReason reason) {
  if (entries_) {
    entries_->Reject(reason, 1);
  } else if (refused_.ok()) {
    consumer_->Reject(reason, 1);
  }
}

void AccessLogStream::OnDone() {
  const bool broken = cancelled_ && !unread_;
  ++(unread_ ? counters_->ended_unread : broken ? counters_->ended_broken : counters_->ended_clean);
  --counters_->open;
  paused_->Remove(pause_);
  if (entries_) entries_->End(!broken);
  delete this;
}

}  // namespace traffictap::als
